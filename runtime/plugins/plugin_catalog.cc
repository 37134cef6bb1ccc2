#include "runtime/plugins/plugin_catalog.h"

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr size_t kSuggestions = 3;

std::string did_you_mean(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "; did you mean " : " or ") + name;
  return text.empty() ? text : text + "?";
}

}  // namespace

const PluginClass& require_plugin(const PluginCatalog& catalog, PluginKind kind,
                                  std::string_view name) {
  if (const PluginClass* found = catalog.find(kind, name)) return *found;
  throw ConfigException("Class " + std::string(name) + " could not be found" +
                        did_you_mean(catalog.nearest(kind, name, kSuggestions)) + ".");
}

const PluginClass& require_connector(const PluginCatalog& catalog, std::string_view name) {
  if (const PluginClass* found = catalog.find_connector(name)) return *found;
  std::string available;
  for (const PluginClass* plugin : catalog.all()) {
    if (plugin->kind != PluginKind::Sink && plugin->kind != PluginKind::Source) continue;
    if (!available.empty()) available += ", ";
    available += "PluginDesc{class=class " + plugin->class_name + ", version='" + plugin->version +
                 "', type=" + std::string(plugin_kind_name(plugin->kind)) + "}";
  }
  std::vector<std::string> near = catalog.nearest(PluginKind::Source, name, kSuggestions);
  for (std::string& sink : catalog.nearest(PluginKind::Sink, name, kSuggestions)) {
    near.push_back(std::move(sink));
  }
  throw ConnectException("Failed to find any class that implements Connector and which name matches " +
                         std::string(name) + ", available connectors are: " + available +
                         did_you_mean(near));
}

}  // namespace millrace
