// What REST shows about plugins.

#include "millrace/errors.h"
#include "runtime/herder/herder_steps.h"

namespace millrace {
namespace {

std::vector<ConfigKey> shown(const ConfigDefinition& definition) {
  std::vector<ConfigKey> keys = definition.keys();
  std::erase_if(keys, [](const ConfigKey& key) { return key.internal; });
  return keys;
}

}  // namespace

std::vector<PluginInfo> HerderSteps::plugins(bool connectors_only) const {
  std::vector<PluginInfo> infos;
  for (const PluginClass* plugin : services_.plugins.all()) {
    const bool is_connector =
        plugin->kind == PluginKind::Sink || plugin->kind == PluginKind::Source;
    if (connectors_only && !is_connector) continue;
    infos.push_back({plugin->class_name, plugin->kind, plugin->version});
  }
  return infos;
}

std::vector<ConfigKey> HerderSteps::plugin_config(const std::string& name) const {
  if (const PluginClass* plugin = services_.plugins.find_connector(name)) {
    // The plugin's own keys win over the framework's.
    ConfigDefinition definition = plugin->config;
    definition.add_missing(plugin->kind == PluginKind::Source ? source_connector_def()
                                                              : sink_connector_def());
    return shown(definition);
  }
  for (const PluginKind kind : {PluginKind::Converter, PluginKind::HeaderConverter,
                                PluginKind::Transformation, PluginKind::Predicate}) {
    if (const PluginClass* plugin = services_.plugins.find(kind, name)) {
      return shown(plugin->config);
    }
  }
  throw NotFoundException("Unknown plugin " + name + ".");
}

}  // namespace millrace
