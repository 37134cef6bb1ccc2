#pragma once
// Java settings by name, trimmed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/properties.h"
#include "runtime/security/secret.h"

namespace millrace::security {

std::string to_upper(std::string text);

class SettingsReader {
 public:
  explicit SettingsReader(const Properties& java) : java_(java) {}

  /// Empty when it is not set.
  std::string text(std::string_view key) const;
  std::string text_or(std::string_view key, std::string_view fallback) const;
  std::optional<std::string> maybe(std::string_view key) const;
  /// Not set when it is empty.
  std::optional<SecretText> secret(std::string_view key) const;
  /// Throws ConfigException, worded as Java does, when the value is no integer.
  int64_t number_or(std::string_view key, int64_t fallback) const;

 private:
  const Properties& java_;
};

}  // namespace millrace::security
