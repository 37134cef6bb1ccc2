#include "runtime/cli/describe.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "millrace/errors.h"
#include "runtime/broker/embedded/embedded_options.h"
#include "runtime/cli/distributed_config.h"
#include "runtime/cli/exit_codes.h"
#include "runtime/cli/shipped_plugins.h"
#include "runtime/cli/standalone_config.h"
#include "runtime/plugins/registry.h"

namespace millrace {
namespace {

using Json = nlohmann::ordered_json;

struct Request {
  std::string plugin_path;
  std::string name;
  bool json = false;
};

std::optional<Request> parse_arguments(const std::vector<std::string>& arguments) {
  Request request;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--json") {
      request.json = true;
    } else if (arguments[i] == "--plugin-path" && i + 1 < arguments.size()) {
      request.plugin_path = arguments[++i];
    } else if (!arguments[i].starts_with("-") && request.name.empty()) {
      request.name = arguments[i];
    } else {
      return std::nullopt;
    }
  }
  return request;
}

Json to_json(const ConfigDefinition& definition) {
  Json keys = Json::array();
  for (const ConfigKey& key : definition.keys()) {
    if (key.internal) continue;
    Json row{{"name", key.name},
             {"type", config_type_name(key.type)},
             {"required", key.required},
             {"default_value", nullptr},
             {"importance", importance_name(key.importance)},
             {"documentation", key.doc}};
    if (key.default_text) row["default_value"] = *key.default_text;
    if (key.validator) row["valid"] = key.validator->description;
    keys.push_back(std::move(row));
  }
  return keys;
}

void print(const Json& json) { std::printf("%s\n", json.dump(2).c_str()); }
void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void list_plugins(const PluginRegistry& registry, bool json) {
  Json rows = Json::array();
  std::string table = "| Class | Type | Version |\n|---|---|---|\n";
  for (const PluginClass* plugin : registry.all()) {
    const std::string kind(plugin_kind_name(plugin->kind));
    rows.push_back({{"class", plugin->class_name}, {"type", kind}, {"version", plugin->version}});
    table += "| `" + plugin->class_name + "` | " + kind + " | " + plugin->version + " |\n";
  }
  if (json) return print(rows);
  print(table);
}

const ConfigDefinition& worker_definition() {
  static const ConfigDefinition all = [] {
    ConfigDefinition definition = StandaloneConfig::definition();
    definition.add_missing(DistributedConfig::definition());
    return definition.add_missing(embedded::EmbeddedOptions::def().definition());
  }();
  return all;
}

const PluginClass* find_class(const PluginRegistry& registry, const std::string& name) {
  if (const PluginClass* connector = registry.find_connector(name)) return connector;
  for (const PluginKind kind : {PluginKind::Converter, PluginKind::HeaderConverter,
                                PluginKind::Transformation, PluginKind::Predicate}) {
    if (const PluginClass* found = registry.find(kind, name)) return found;
  }
  return nullptr;
}

void describe_worker(bool json) {
  if (json) return print(to_json(worker_definition()));
  print("# Worker configuration\n\n" + config_markdown(worker_definition()));
}

bool describe_class(const PluginRegistry& registry, const Request& request) {
  const PluginClass* plugin = find_class(registry, request.name);
  if (plugin == nullptr) {
    std::fprintf(stderr, "describing %s: no such class; `millrace describe` lists them\n",
                 request.name.c_str());
    return false;
  }
  if (request.json) {
    print(to_json(plugin->config));
    return true;
  }
  std::string text = "# " + plugin->class_name.substr(plugin->class_name.rfind('.') + 1) + "\n\n`" +
                     plugin->class_name + "`, " + std::string(plugin_kind_name(plugin->kind));
  if (!plugin->version.empty()) text += ", version " + plugin->version;
  text += "\n\n";
  text += plugin->config.keys().empty() ? "No settings of its own.\n"
                                        : config_markdown(plugin->config);
  print(text);
  return true;
}

}  // namespace

int run_describe(const std::vector<std::string>& arguments) {
  const auto request = parse_arguments(arguments);
  if (!request) {
    std::fprintf(stderr, "Usage: millrace %s\n", kDescribeUsage);
    return kExitUsage;
  }
  if (request->name == "worker") {
    describe_worker(request->json);
    return 0;
  }
  PluginRegistry registry;
  registry.load_path(shipped_plugins());
  if (!request->plugin_path.empty()) registry.load_path(request->plugin_path);
  for (const auto& [file, reason] : registry.refused()) {
    std::fprintf(stderr, "loading %s: %s\n", file.c_str(), reason.c_str());
  }
  if (request->name.empty()) {
    list_plugins(registry, request->json);
    return 0;
  }
  return describe_class(registry, *request) ? 0 : kExitUsage;
}

}  // namespace millrace
