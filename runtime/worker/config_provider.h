#pragma once
// Variables `${provider:path:key}` in configurations (connect-configs.md §6, connect-data.md §5).

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/properties.h"

namespace millrace {

class ConfigProvider {
 public:
  virtual ~ConfigProvider() = default;
  /// Values of those of `keys` that exist under `path`. Throws ConfigException.
  virtual Properties get(const std::string& path, const std::vector<std::string>& keys) = 0;
};

/// Resolves variables; text that cannot be resolved stays as it is. Not recursive. Thread-safe
/// after construction, as the providers are.
class ConfigTransformer {
 public:
  /// Providers as `config.providers` and `config.providers.<name>.*` of a worker file name them.
  /// Throws ConfigException for unknown classes and bad parameters.
  explicit ConfigTransformer(const Properties& worker);
  ConfigTransformer() = default;
  Properties resolve(const Properties& config) const;

 private:
  std::map<std::string, std::unique_ptr<ConfigProvider>> providers_;
};

/// FileConfigProvider, DirectoryConfigProvider or EnvVarConfigProvider by class name or alias.
std::unique_ptr<ConfigProvider> make_config_provider(const std::string& class_name,
                                                     const Properties& params);

}  // namespace millrace
