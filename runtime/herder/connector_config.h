#pragma once
// The framework's keys of connector configurations (connect-configs.md §9.1-§9.4).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"
#include "runtime/plugins/plugin_catalog.h"

namespace millrace {

/// A configuration as REST receives it: nullopt is a JSON null.
using NullableConfig = std::map<std::string, std::optional<std::string>>;

/// Keys every source or sink connector has, in Kafka's order.
const ConfigDefinition& source_connector_def();
const ConfigDefinition& sink_connector_def();

/// The framework's keys for a connector of class `plugin`, with those of the transformations and
/// predicates that `config` (variables resolved) names. Converters default to those of the
/// worker's settings.
ConfigDefinition enriched_connector_def(const PluginCatalog& catalog, const PluginClass& plugin,
                                        const Properties& config, const Properties& worker);

/// A key whose value names a plugin class.
struct ClassKey {
  std::string name;
  PluginKind kind = PluginKind::Converter;
};
/// Those keys of an enriched definition, in its order.
std::vector<ClassKey> class_keys(const Properties& config);

/// Class names of `kind`, sorted.
std::vector<std::string> class_names(const PluginCatalog& catalog, PluginKind kind);

/// Whether `version` is what a `*.plugin.version` asks for: `latest`, an exact version, or a Maven
/// range such as `[1.0,2.0)`.
bool satisfies_version(std::string_view requirement, std::string_view version);

}  // namespace millrace
