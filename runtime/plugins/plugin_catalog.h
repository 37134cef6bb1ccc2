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
  /// The class of `kind` with this class name or alias; null when there is none, or several have
  /// this alias.
  virtual const PluginClass* find(PluginKind kind, std::string_view name) const = 0;
  /// A source or sink by class name or alias; null when there is none. Throws ConnectException in
  /// Kafka's words when several have this alias.
  virtual const PluginClass* find_connector(std::string_view name) const = 0;
  /// All classes, in the order of GET /connector-plugins.
  virtual std::vector<const PluginClass*> all() const = 0;
  /// Class names of `kind` most like `name`, best first, at most `limit`.
  virtual std::vector<std::string> nearest(PluginKind kind, std::string_view name,
                                           size_t limit) const = 0;
};

/// The last part of a class name: `Value` of `org.x.HoistField$Value`.
std::string simple_name(std::string_view class_name);
/// Java's interface of the kind without its package, `Connector` for sources and sinks; an alias may
/// drop it from the end of a simple class name. Static storage.
std::string_view interface_name(PluginKind kind) noexcept;
/// simple_name() without the suffix of its kind: `FileStreamSink` of `...FileStreamSinkConnector`
/// (PluginUtils.prunedName).
std::string pruned_name(PluginKind kind, std::string_view class_name);
/// As Java prints a PluginDesc, without the location.
std::string plugin_desc_text(const PluginClass& plugin);

/// find(), or ConfigException `Class NAME could not be found.` with the nearest names.
const PluginClass& require_plugin(const PluginCatalog& catalog, PluginKind kind,
                                  std::string_view name);
/// find_connector(), or ConnectException in Kafka's words with the available connectors and the
/// nearest names.
const PluginClass& require_connector(const PluginCatalog& catalog, std::string_view name);

}  // namespace millrace
