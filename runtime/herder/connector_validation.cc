#include "runtime/herder/connector_validation.h"

#include <algorithm>
#include <memory>

#include "millrace/errors.h"
#include "millrace/java_regex.h"
#include "millrace/text.h"
#include "runtime/broker/client_layers.h"
#include "runtime/herder/config_results.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;
constexpr size_t kSuggestions = 3;

bool is_blank(const std::string* text) {
  return text == nullptr || text->find_first_not_of(" \t\r\n\f") == std::string::npos;
}

std::string print(const NullableConfig& config) {
  std::string text = "{";
  for (const auto& [key, value] : config) {
    text += (text.size() == 1 ? "" : ", ") + key + "=" + value.value_or("null");
  }
  return text + "}";
}

/// Resolved values; nulls stay.
NullableConfig resolve(const ConfigTransformer& transformer, const NullableConfig& config) {
  NullableConfig resolved = config;
  for (auto& [key, value] : transformer.resolve(without_nulls(config))) resolved[key] = value;
  return resolved;
}

// Classes of converters, transformations and predicates.

/// The class under any other kind.
const PluginClass* find_other(const PluginCatalog& catalog, const std::string& name) {
  for (const PluginClass* plugin : catalog.all()) {
    if (plugin->class_name == name) return plugin;
  }
  return nullptr;
}

/// Nested classes `NAME$...` of an abstract class, such as HoistField$Key and HoistField$Value.
std::vector<std::string> nested_classes(const PluginCatalog& catalog, PluginKind kind,
                                        const std::string& name) {
  std::vector<std::string> nested;
  for (std::string& candidate : class_names(catalog, kind)) {
    if (candidate.starts_with(name + "$")) nested.push_back(std::move(candidate));
  }
  return nested;
}

void check_class(ConfigKeyResult& result, PluginKind kind, const PluginCatalog& catalog) {
  const auto* given = std::get_if<std::string>(&result.value);
  if (given == nullptr) return;
  const std::string name = *given;
  if (const PluginClass* plugin = catalog.find(kind, name)) {
    result.value = plugin->class_name;
  } else if (const auto nested = nested_classes(catalog, kind, name); !nested.empty()) {
    result.errors.push_back("This class is abstract and cannot be created. Did you mean " +
                            join(nested, ", ") + "?");
  } else if (find_other(catalog, name) != nullptr) {
    result.errors.push_back("Class class " + name + " does not implement the " +
                            std::string(interface_name(kind)) + " interface");
  } else {
    result.value = std::monostate{};
    const auto near = catalog.nearest(kind, name, kSuggestions);
    result.errors.push_back("Invalid value " + name + " for configuration " + result.name +
                            ": Class " + name + " could not be found." +
                            (near.empty() ? "" : " Did you mean " + join(near, ", ") + "?"));
  }
}

void check_negations(ConfigResults& results, const Properties& config) {
  for (const ClassKey& key : class_keys(config)) {
    if (key.kind != PluginKind::Transformation) continue;
    const std::string prefix = key.name.substr(0, key.name.size() - std::string("type").size());
    ConfigKeyResult* type = results.find(key.name);
    if (type == nullptr || !type->errors.empty()) continue;
    if (!config.contains(prefix + "negate") || config.contains(prefix + "predicate")) continue;
    type->errors.push_back("Config '" + prefix + "negate' was provided but there is no config '" +
                           prefix + "predicate' defining a predicate to be negated.");
  }
}

// Versions (KIP-891). One version of each class is loaded.

void check_version(ConfigResults& results, const std::string& class_key,
                   const std::string& version_key, const PluginClass* plugin,
                   const Properties& config) {
  const std::string* wanted = find(config, version_key);
  if (plugin == nullptr || wanted == nullptr || is_blank(wanted)) return;
  try {
    if (satisfies_version(*wanted, plugin->version)) return;
    const std::string message = "Plugin " + plugin->class_name +
                                " not found that matches the version range " + *wanted +
                                ", available versions: [" + plugin->version + "]";
    for (const std::string& key : {class_key, version_key}) {
      results.add_error(key, *wanted, message);
    }
    results.find(version_key)->recommended = {plugin->version};
  } catch (const ConfigException& error) {
    results.add_error(version_key, *wanted, error.what());
  }
}

// Topics of a sink.

void check_topics(ConfigResults& results, const Properties& config) {
  const std::string* topics = find(config, "topics");
  const std::string* pattern = find(config, "topics.regex");
  const auto both = [&](const std::string& message) {
    for (const char* key : {"topics", "topics.regex"}) results.add_error(key, {}, message);
  };
  if (!is_blank(topics) && !is_blank(pattern)) {
    both("topics and topics.regex are mutually exclusive options, but both are set.");
  } else if (is_blank(topics) && is_blank(pattern)) {
    both("Must configure one of topics or topics.regex");
  }
  const ConfigKeyResult* queue = results.find("errors.deadletterqueue.topic.name");
  const std::string name = config_value_text(queue->value).value_or("");
  if (name.empty()) return;
  std::vector<std::string> names = split_list(topics);
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    results.add_error("topics", {},
                      "The DLQ topic '" + name + "' may not be included in the list of topics " +
                          "('topics=[" + join(names, ", ") + "]') consumed by the connector");
  }
  if (is_blank(pattern) || !results.find("topics.regex")->errors.empty()) return;
  if (JavaRegex(*pattern).matches(name)) {
    results.add_error("topics.regex", {},
                      "The DLQ topic '" + name + "' may not be matched by the regex for the " +
                          "topics ('topics.regex=" + *pattern + "') consumed by the connector");
  }
}

// One run.

class Run {
 public:
  Run(const ConnectorValidator& validator, const PluginClass& plugin, const NullableConfig& config)
      : validator_(validator),
        plugin_(plugin),
        config_(config),
        set_(without_nulls(config)),
        connector_(make_connector()),
        resolved_(resolve()),
        definition_(enriched_connector_def(validator.plugins, plugin, set_, defaults())),
        framework_(definition_, config) {}

  ConfigInfos run() {
    check_framework_keys();
    ConfigInfos infos = check_connector_keys();
    append(infos, check_client_overrides());
    append(infos, check_converter("header.converter", PluginKind::HeaderConverter, "header"));
    append(infos, check_converter("key.converter", PluginKind::Converter, "key"));
    append(infos, check_converter("value.converter", PluginKind::Converter, "value"));
    return infos;
  }

 private:
  bool is_source() const noexcept { return plugin_.kind == PluginKind::Source; }

  void check_framework_keys() {
    for (const ClassKey& key : class_keys(set_)) {
      if (ConfigKeyResult* result = framework_.find(key.name)) {
        check_class(*result, key.kind, validator_.plugins);
      }
    }
    check_negations(framework_, set_);
    check_versions();
    if (!is_source() && resolve_error_.empty()) check_topics(framework_, resolved_);
  }

  void check_versions() {
    check_version(framework_, "connector.class", "connector.plugin.version", &plugin_, set_);
    for (const ClassKey& key : class_keys(set_)) {
      const std::string* name = find(set_, key.name);
      const bool in_chain = key.name.ends_with(".type");
      const std::string version_key =
          (in_chain ? key.name.substr(0, key.name.size() - std::string("type").size())
                    : key.name + ".") +
          "plugin.version";
      if (ConfigKeyResult* version = framework_.find(version_key); version != nullptr && !in_chain)
        version->visible = name != nullptr;
      if (name == nullptr) continue;
      check_version(framework_, key.name, version_key, validator_.plugins.find(key.kind, *name),
                    set_);
    }
  }

  ConfigInfos check_connector_keys() {
    const ConfigDefinition& own_definition = connector_->config_def();
    ConfigResults own(own_definition, config_);
    ConfigErrors errors;
    connector_->validate(set_, errors);
    // As a rule validation has said it of the key itself.
    if (!resolve_error_.empty() && errors.empty()) errors.add("connector.class", resolve_error_);
    for (const auto& [key, message] : errors.entries()) add(own, key, message);
    for (const auto& [key, value] : config_) {
      if (!value) add(own, key, std::string(kNullValue));
    }
    MergedKeys keys;
    for (const ConfigKey& key : definition_.keys()) keys.put(key);
    for (const ConfigKey& key : own_definition.keys()) keys.put(key);
    std::vector<ConfigKeyResult> values = framework_.all();
    values.insert(values.end(), own.all().begin(), own.all().end());
    ConfigInfos groups;
    append(groups, {{}, 0, definition_.groups(), {}});
    append(groups, {{}, 0, own_definition.groups(), {}});
    return to_config_infos(*find(set_, "connector.class"), keys, values, groups.groups);
  }

  /// To the connector's value of the key if it has one, which is the one shown.
  void add(ConfigResults& own, const std::string& key, const std::string& message) {
    const std::string* value = find(set_, key);
    ConfigResults& results =
        own.find(key) == nullptr && framework_.find(key) != nullptr ? framework_ : own;
    results.add_error(key, value == nullptr ? std::nullopt : std::optional(*value), message);
  }

  std::unique_ptr<Connector> make_connector() const {
    try {
      return plugin_.connector();
    } catch (const std::exception& error) {
      throw RequestException(kBadRequest, "Failed to create a connector of class " +
                                              plugin_.class_name + ": " + error.what());
    }
  }

  /// Of a sink: what the worker goes by. Without it when the connector cannot tell.
  Properties resolve() {
    const auto* sink = dynamic_cast<const SinkConnector*>(connector_.get());
    if (sink == nullptr) return set_;
    try {
      return sink->resolved(set_);
    } catch (const ConfigException& error) {
      resolve_error_ = error.what();
      return set_;
    }
  }

  /// The worker's settings, with the converters that the connector would have in place of the worker's.
  Properties defaults() const {
    Properties defaults = validator_.worker;
    for (const char* key : {"key.converter", "value.converter", "header.converter"}) {
      const std::string* own = find(resolved_, key);
      if (own != nullptr && !set_.contains(key)) defaults.insert_or_assign(key, *own);
    }
    return defaults;
  }

  ConfigInfos check_converter(const std::string& key, PluginKind kind, const std::string& type) {
    const std::string* name = find(set_, key);
    const ConfigKeyResult* result = framework_.find(key);
    if (name == nullptr || result == nullptr || !result->errors.empty()) return {};
    const PluginClass* converter = validator_.plugins.find(kind, *name);
    if (converter == nullptr) return {};
    NullableConfig own;
    for (const auto& [own_key, value] : with_prefix(set_, key + ".")) own[own_key] = value;
    own.emplace("converter.type", type);
    return to_prefixed_infos(converter->config, ConfigResults(converter->config, own).all(),
                             key + ".");
  }

  /// Which clients this connector makes; overrides for others are never looked at.
  OverrideUse used_clients() const {
    const bool has_queue = !is_blank(find(resolved_, "errors.deadletterqueue.topic.name"));
    const bool creates_topics = !with_prefix(resolved_, "topic.creation.").empty();
    if (is_source()) return {.producer = true, .consumer = false, .admin = creates_topics};
    return {.producer = has_queue, .consumer = true, .admin = has_queue};
  }

  ConfigInfos check_client_overrides() const {
    const OverrideUse use = used_clients();
    const auto refused = check_overrides(validator_.override_policy, resolved_, use);
    ConfigInfos infos;
    const auto add_client = [&](bool used, const std::string& prefix) {
      if (!used) return;
      std::vector<ConfigKeyResult> values;
      for (const auto& [key, value] : with_prefix(resolved_, prefix)) {
        ConfigKeyResult result;
        result.name = key;
        for (const auto& [full_key, message] : refused) {
          if (full_key == prefix + key) result.errors.push_back(message);
        }
        // What the connector has derived may be secret, and is nobody's input.
        const bool given = set_.contains(prefix + key);
        if (given) result.value = value;
        if (given || !result.errors.empty()) values.push_back(std::move(result));
      }
      append(infos, to_prefixed_infos({}, values, prefix));
    };
    add_client(use.producer, "producer.override.");
    add_client(use.consumer, "consumer.override.");
    add_client(use.admin, "admin.override.");
    return infos;
  }

  const ConnectorValidator& validator_;
  const PluginClass& plugin_;
  const NullableConfig& config_;
  const Properties set_;
  const std::unique_ptr<Connector> connector_;
  std::string resolve_error_;
  const Properties resolved_;
  const ConfigDefinition definition_;
  ConfigResults framework_;
};

const PluginClass& find_connector_class(const PluginCatalog& catalog, const std::string& name) {
  try {
    return require_connector(catalog, name);
  } catch (const Error& error) {
    throw RequestException(kBadRequest, error.what());
  }
}

}  // namespace

ConfigInfos ConnectorValidator::validate(const NullableConfig& config) const {
  const NullableConfig resolved = resolve(transformer, config);
  const auto type = resolved.find("connector.class");
  if (type == resolved.end() || !type->second) {
    // The text shows what the user sent, never what variables stand for.
    throw RequestException(kBadRequest,
                           "Connector config " + print(config) + " contains no connector type");
  }
  return Run(*this, find_connector_class(plugins, *type->second), resolved).run();
}

std::optional<std::string> validation_failure(const ConfigInfos& infos) {
  if (infos.error_count == 0) return std::nullopt;
  std::string text = "Connector configuration is invalid and contains the following " +
                     std::to_string(infos.error_count) + " error(s):";
  for (const ConfigInfo& info : infos.configs) {
    if (!info.value) continue;
    for (const std::string& message : info.value->errors) text += "\n" + message;
  }
  return text +
         "\nYou can also find the above list of errors at the endpoint "
         "`/connector-plugins/{connectorType}/config/validate`";
}

}  // namespace millrace
