#pragma once
// The classes a worker can instantiate, by the names users write (connect-configs.md §8).

#include <string>
#include <string_view>
#include <vector>

#include "millrace/plugin.h"

namespace millrace {

/// Thread-safe after start-up.
class PluginCatalog {
 public:
  virtual ~PluginCatalog() = default;
  /// The class of `kind` with this class name or alias; null when there is none.
  virtual const PluginClass* find(PluginKind kind, std::string_view name) const = 0;
  /// A source or sink by class name or alias; null when there is none.
  virtual const PluginClass* find_connector(std::string_view name) const = 0;
  /// All classes, in the order of GET /connector-plugins.
  virtual std::vector<const PluginClass*> all() const = 0;
  /// Class names of `kind` most like `name`, best first, at most `limit`.
  virtual std::vector<std::string> nearest(PluginKind kind, std::string_view name,
                                           size_t limit) const = 0;
};

/// find(), or ConfigException `Class NAME could not be found.` with the nearest names.
const PluginClass& require_plugin(const PluginCatalog& catalog, PluginKind kind,
                                  std::string_view name);
/// find_connector(), or ConnectException in Kafka's words with the available connectors.
const PluginClass& require_connector(const PluginCatalog& catalog, std::string_view name);

}  // namespace millrace
