#pragma once
// Replaces `${provider:path:key}` in configuration values (connect-configs.md §6).

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "millrace/properties.h"
#include "runtime/storage/config_provider.h"

namespace millrace {

/// True when `value` has the form of a variable somewhere, whether or not its provider exists.
bool has_variable(std::string_view value) noexcept;

/// Immutable once made; any thread. Replacement text is not looked at again; variables of unknown
/// providers and of missing keys stay as they are.
class ConfigTransformer {
 public:
  /// How the names of `config.providers` are read: the pass over the worker's own file splits
  /// without trimming, the one over connector configurations reads a LIST (connect-configs.md §6).
  enum class Names { Verbatim, Trimmed };
  using Providers = std::map<std::string, std::shared_ptr<const ConfigProvider>, std::less<>>;

  ConfigTransformer() = default;
  explicit ConfigTransformer(Providers providers) : providers_(std::move(providers)) {}
  /// Providers of `config.providers`. Throws ConfigException for an unknown class or bad
  /// parameters; a name without class is passed over.
  static ConfigTransformer of(const Properties& worker, Names names = Names::Trimmed);

  /// `config` with its variables replaced. May read files. Throws ConfigException when a provider
  /// fails.
  Properties resolve(const Properties& config) const;

 private:
  Providers providers_;
};

/// The worker's properties with their variables replaced (the verbatim pass).
Properties resolve_worker_config(const Properties& worker);

}  // namespace millrace
