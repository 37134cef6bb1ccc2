#pragma once
// Where the values of `${provider:path:key}` come from (connect-data.md §5).

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "millrace/properties.h"

namespace millrace {

/// Immutable once made; any thread.
class ConfigProvider {
 public:
  virtual ~ConfigProvider() = default;
  /// Values of those of `keys` that exist at `path`. Throws ConfigException when they cannot be
  /// read.
  virtual Properties get(const std::string& path, const std::set<std::string>& keys) const = 0;
};

/// The provider of a Java class name or alias (File, Directory, EnvVar), configured with `params`;
/// null for a class this worker does not have. Throws ConfigException for bad parameters.
std::unique_ptr<ConfigProvider> make_config_provider(std::string_view class_name,
                                                     const Properties& params);

/// EnvVarConfigProvider over given variables. `params`: allowlist.pattern.
std::unique_ptr<ConfigProvider> make_env_var_provider(const Properties& params,
                                                      Properties environment);

}  // namespace millrace
