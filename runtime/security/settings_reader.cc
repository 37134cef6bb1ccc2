#include "runtime/security/settings_reader.h"

#include <charconv>

#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::security {

std::string to_upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::optional<std::string> SettingsReader::maybe(std::string_view key) const {
  const std::string* value = find(java_, key);
  if (value == nullptr) return std::nullopt;
  return std::string(java_trim(*value));
}

std::string SettingsReader::text(std::string_view key) const { return maybe(key).value_or(""); }

std::string SettingsReader::text_or(std::string_view key, std::string_view fallback) const {
  std::string value = text(key);
  return value.empty() ? std::string(fallback) : value;
}

std::optional<SecretText> SettingsReader::secret(std::string_view key) const {
  std::string value = text(key);
  if (value.empty()) return std::nullopt;
  return SecretText(std::move(value));
}

int64_t SettingsReader::number_or(std::string_view key, int64_t fallback) const {
  const std::string value = text(key);
  if (value.empty()) return fallback;
  int64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stop != end) {
    throw ConfigException("Invalid value " + value + " for configuration " + std::string(key) +
                          ": Not a number of type LONG");
  }
  return number;
}

}  // namespace millrace::security
