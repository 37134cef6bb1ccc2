#include "runtime/plugins/plugin_catalog.h"

#include <algorithm>

#include "millrace/errors.h"
#include "millrace/nearest.h"

namespace millrace {
namespace {

constexpr size_t kSuggestions = 3;

/// `PREFIX A or B?`; empty without names.
std::string question(std::string_view prefix, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? std::string(prefix) + " " : " or ") + name;
  }
  return text.empty() ? text : text + "?";
}

std::vector<std::string> nearest_connectors(const PluginCatalog& catalog, std::string_view name) {
  std::vector<std::pair<size_t, std::string>> found;
  for (const PluginKind kind : {PluginKind::Source, PluginKind::Sink}) {
    for (std::string& near : catalog.nearest(kind, name, kSuggestions)) {
      const std::string wanted = simple_name(name);
      const size_t distance = std::min(edit_distance(wanted, simple_name(near)),
                                       edit_distance(wanted, pruned_name(kind, near)));
      found.emplace_back(distance, std::move(near));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& [distance, near] : found) names.push_back(std::move(near));
  names.resize(std::min(names.size(), kSuggestions));
  return names;
}

}  // namespace

std::string_view interface_name(PluginKind kind) noexcept {
  switch (kind) {
    case PluginKind::Sink:
    case PluginKind::Source:
      return "Connector";
    case PluginKind::Converter:
      return "Converter";
    case PluginKind::HeaderConverter:
      return "HeaderConverter";
    case PluginKind::Transformation:
      return "Transformation";
    case PluginKind::Predicate:
      return "Predicate";
  }
  return {};
}

std::string simple_name(std::string_view class_name) {
  return std::string(class_name.substr(class_name.find_last_of(".$") + 1));
}

std::string pruned_name(PluginKind kind, std::string_view class_name) {
  std::string name = simple_name(class_name);
  size_t at = name.rfind(interface_name(kind));
  // Json, String, ... are header converters too, under the converter's alias.
  if (at == std::string::npos && kind == PluginKind::HeaderConverter) at = name.rfind("Converter");
  if (at != std::string::npos && at > 0) name.resize(at);
  return name;
}

std::string plugin_desc_text(const PluginClass& plugin) {
  const std::string version = plugin.version.empty() ? "undefined" : plugin.version;
  const std::string kind(plugin_kind_name(plugin.kind));
  return "PluginDesc{klass=class " + plugin.class_name + ", name='" + plugin.class_name +
         "', version='" + version + "', encodedVersion=" + version + ", type=" + kind +
         ", typeName='" + kind + "'}";
}

const PluginClass& require_plugin(const PluginCatalog& catalog, PluginKind kind,
                                  std::string_view name) {
  if (const PluginClass* found = catalog.find(kind, name)) return *found;
  throw ConfigException("Class " + std::string(name) + " could not be found." +
                        question(" Did you mean", catalog.nearest(kind, name, kSuggestions)));
}

const PluginClass& require_connector(const PluginCatalog& catalog, std::string_view name) {
  if (const PluginClass* found = catalog.find_connector(name)) return *found;
  std::string available;
  for (const PluginClass* plugin : catalog.all()) {
    if (plugin->kind != PluginKind::Sink && plugin->kind != PluginKind::Source) continue;
    available += (available.empty() ? "" : ", ") + plugin_desc_text(*plugin);
  }
  throw ConnectException(
      "Failed to find any class that implements Connector and which name matches " +
      std::string(name) + ", available connectors are: " + available +
      question("; did you mean", nearest_connectors(catalog, name)));
}

}  // namespace millrace
