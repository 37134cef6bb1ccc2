#include "runtime/herder/connector_config.h"

#include <algorithm>
#include <tuple>

#include "millrace/errors.h"
#include "runtime/plugins/plugin_version.h"

namespace millrace {
namespace {

/// Transformations or predicates of a connector.
struct ChainPart {
  PluginKind kind;
  std::string list_key;  // transforms, predicates
  std::string group;     // Transforms, Predicates
  std::string what;      // Transformation, Predicate
};

const std::vector<ChainPart>& chain_parts() {
  static const std::vector<ChainPart> parts = {
      {PluginKind::Transformation, "transforms", "Transforms", "Transformation"},
      {PluginKind::Predicate, "predicates", "Predicates", "Predicate"}};
  return parts;
}

std::vector<std::string> distinct_aliases(const Properties& config, const std::string& key) {
  std::vector<std::string> aliases;
  for (std::string& alias : split_list(find(config, key))) {
    if (std::find(aliases.begin(), aliases.end(), alias) == aliases.end()) {
      aliases.push_back(std::move(alias));
    }
  }
  return aliases;
}

ConfigKey type_key(const PluginCatalog& catalog, const ChainPart& part, const std::string& alias) {
  ConfigKey key;
  key.name = part.list_key + "." + alias + ".type";
  key.type = ConfigType::Class;
  key.required = true;
  key.importance = Importance::High;
  key.doc = "Class of the " + part.what + " with the alias " + alias + ".";
  key.group = part.group + ": " + alias;
  key.order = 0;
  key.width = Width::Long;
  key.display_name = part.what + " type for " + alias;
  key.recommender = [names = class_names(catalog, part.kind)] { return names; };
  return key;
}

ConfigKey version_key(const ChainPart& part, const std::string& alias, const PluginClass* plugin) {
  ConfigKey key;
  key.name = part.list_key + "." + alias + ".plugin.version";
  key.importance = Importance::High;
  key.doc = "Version of that class, or a range of versions.";
  key.group = part.group + ": " + alias;
  key.order = 1;
  key.width = Width::Long;
  key.display_name = part.what + " version for " + alias;
  if (plugin != nullptr && !plugin->version.empty()) key.default_text = plugin->version;
  return key;
}

/// Keys every transformation has beside its own; they hide its own of the same name.
std::vector<ConfigKey> implicit_keys(const ChainPart& part) {
  if (part.kind != PluginKind::Transformation) return {};
  ConfigKey predicate;
  predicate.name = "predicate";
  predicate.doc = "Alias of the predicate that decides which records are changed.";
  ConfigKey negate;
  negate.name = "negate";
  negate.type = ConfigType::Boolean;
  negate.default_text = "false";
  negate.doc = "Whether the records that do not match the predicate are changed instead.";
  return {predicate, negate};
}

/// Order in which Kafka embeds the keys of a plugin: by group, place, importance and name.
void sort_as_documented(std::vector<ConfigKey>& keys, const std::vector<std::string>& groups) {
  const auto rank = [&groups](const ConfigKey& key) {
    const auto group =
        key.group ? std::find(groups.begin(), groups.end(), *key.group) + 1 : groups.begin();
    return std::make_tuple(group - groups.begin(), key.order, !key.required, key.importance,
                           std::string_view(key.name));
  };
  std::sort(keys.begin(), keys.end(),
            [&rank](const ConfigKey& a, const ConfigKey& b) { return rank(a) < rank(b); });
}

void add_plugin_keys(ConfigDefinition& definition, const ChainPart& part, const std::string& alias,
                     const PluginClass& plugin) {
  ConfigDefinition all;
  for (const ConfigKey& key : implicit_keys(part)) all.add(key);
  all.add_missing(plugin.config);
  std::vector<ConfigKey> keys = all.keys();
  sort_as_documented(keys, all.groups());
  int32_t order = 2;  // after type and version
  for (ConfigKey& key : keys) {
    const std::string prefix = part.list_key + "." + alias + ".";
    if (!key.display_name) key.display_name = key.name;
    key.name = prefix + key.name;
    key.group = part.group + ": " + alias + (key.group ? ": " + *key.group : "");
    key.order = order++;
    for (std::string& dependent : key.dependents) dependent = prefix + dependent;
    if (definition.find(key.name) == nullptr) definition.add(std::move(key));
  }
}

void add_chain_keys(ConfigDefinition& definition, const PluginCatalog& catalog,
                    const ChainPart& part, const Properties& config) {
  for (const std::string& alias : distinct_aliases(config, part.list_key)) {
    const ConfigKey type = type_key(catalog, part, alias);
    const std::string* name = find(config, type.name);
    const PluginClass* plugin = name == nullptr ? nullptr : catalog.find(part.kind, *name);
    definition.add(type);
    definition.add(version_key(part, alias, plugin));
    if (plugin != nullptr) add_plugin_keys(definition, part, alias, *plugin);
  }
}

}  // namespace

std::vector<std::string> class_names(const PluginCatalog& catalog, PluginKind kind) {
  std::vector<std::string> names;
  for (const PluginClass* plugin : catalog.all()) {
    if (plugin->kind == kind) names.push_back(plugin->class_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<ClassKey> class_keys(const Properties& config) {
  std::vector<ClassKey> keys = {{"key.converter", PluginKind::Converter},
                                {"value.converter", PluginKind::Converter},
                                {"header.converter", PluginKind::HeaderConverter}};
  for (const ChainPart& part : chain_parts()) {
    for (const std::string& alias : distinct_aliases(config, part.list_key)) {
      keys.push_back({part.list_key + "." + alias + ".type", part.kind});
    }
  }
  return keys;
}

namespace {

constexpr std::string_view kVersionSuffix = ".plugin.version";

/// A converter key defaults to the worker's class, its version to that of the class in use.
void add_converter_default(ConfigKey& key, const PluginCatalog& catalog, const Properties& config,
                           const Properties& worker) {
  std::string base = key.name;
  const bool is_version = base.ends_with(kVersionSuffix);
  if (is_version) base.resize(base.size() - kVersionSuffix.size());
  if (!base.ends_with(".converter")) return;
  const bool is_header = base == "header.converter";
  const std::string* name = is_version ? find(config, base) : nullptr;
  if (name == nullptr) name = find(worker, base);
  const std::string fallback = "org.apache.kafka.connect.storage.SimpleHeaderConverter";
  if (name == nullptr && is_header && !worker.empty()) name = &fallback;
  if (name == nullptr) return;
  const PluginClass* plugin =
      catalog.find(is_header ? PluginKind::HeaderConverter : PluginKind::Converter, *name);
  if (plugin == nullptr) return;
  if (!is_version) key.default_text = plugin->class_name;
  else if (!plugin->version.empty()) key.default_text = plugin->version;
}

}  // namespace

ConfigDefinition enriched_connector_def(const PluginCatalog& catalog, const PluginClass& plugin,
                                        const Properties& config, const Properties& worker) {
  ConfigDefinition definition;
  const bool is_source = plugin.kind == PluginKind::Source;
  for (ConfigKey key : (is_source ? source_connector_def() : sink_connector_def()).keys()) {
    if (key.name == "connector.plugin.version" && !plugin.version.empty()) {
      key.default_text = plugin.version;
    }
    add_converter_default(key, catalog, config, worker);
    definition.add(std::move(key));
  }
  for (const ChainPart& part : chain_parts()) add_chain_keys(definition, catalog, part, config);
  return definition;
}

bool satisfies_version(std::string_view requirement, std::string_view version) {
  if (requirement.empty() || requirement == "latest") return true;
  const char open = requirement.front();
  if (open != '[' && open != '(') return compare_versions(requirement, version) == 0;
  const char close = requirement.back();
  const size_t comma = requirement.find(',');
  if (requirement.size() < 3 || (close != ']' && close != ')')) {
    throw ConfigException("Unbounded range: " + std::string(requirement));
  }
  const std::string_view body = requirement.substr(1, requirement.size() - 2);
  if (comma == std::string_view::npos) return compare_versions(body, version) == 0;
  const std::string_view low = body.substr(0, comma - 1);
  const std::string_view high = body.substr(comma);
  const int above = low.empty() ? 1 : compare_versions(version, low);
  const int below = high.empty() ? -1 : compare_versions(version, high);
  return (above > 0 || (above == 0 && open == '[')) && (below < 0 || (below == 0 && close == ']'));
}

}  // namespace millrace
