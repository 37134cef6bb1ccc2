// Validation of a connector configuration, in the stages of connect-rest-api.md §3.10.

#include <algorithm>
#include <regex>

#include "runtime/herder/connector_config.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;

class Validation {
 public:
  Validation(const ValidationContext& context,
             const std::map<std::string, std::optional<std::string>>& config)
      : context_(context) {
    for (const auto& [key, value] : config) {
      if (value) config_.emplace(key, *value);
      else null_keys_.push_back(key);
    }
  }

  ConfigInfos run() {
    const PluginClass& plugin = connector_class();
    const bool is_sink = plugin.kind == PluginKind::Sink;
    ConfigDefinition definition = is_sink ? sink_connector_config() : source_connector_config();
    add_stages(definition, "transforms", PluginKind::Transformation);
    add_stages(definition, "predicates", PluginKind::Predicate);
    const auto connector = plugin.connector();
    definition.add_missing(connector->config_def());
    results_ = definition.validate(config_);
    check_stages();
    check_converters();
    if (is_sink) check_sink();
    check_connector(*connector);
    for (const std::string& key : null_keys_) {
      result(key).errors.emplace_back(
          "Null value can not be supplied as the configuration value.");
    }
    collect(definition);
    add_overrides(is_sink);
    add_converter_configs();
    infos_.name = config_.at("connector.class");
    return std::move(infos_);
  }

 private:
  const PluginClass& connector_class() const {
    const std::string* name = find(config_, "connector.class");
    if (name == nullptr || name->empty()) {
      std::string shown;
      for (const auto& [key, value] : config_) shown += (shown.empty() ? "" : ", ") + key + "=" + value;
      throw RequestException(kBadRequest,
                             "Connector config {" + shown + "} contains no connector type");
    }
    try {
      return require_connector(context_.plugins, *name);
    } catch (const Error& error) {
      throw RequestException(kBadRequest, error.what());  // 500 before 4.1
    }
  }

  ConfigKeyResult& result(const std::string& name) {
    for (ConfigKeyResult& known : results_) {
      if (known.name == name) return known;
    }
    results_.push_back({name, {}, {}, {}, true});
    return results_.back();
  }
  void error(const std::string& key, std::string message) {
    result(key).errors.push_back(std::move(message));
  }

  std::vector<std::string> class_names(PluginKind kind) const {
    std::vector<std::string> names;
    for (const PluginClass* plugin : context_.plugins.all()) {
      if (plugin->kind == kind) names.push_back(plugin->class_name);
    }
    return names;
  }

  // `transforms.A.type` and what the named class defines, for each alias.
  void add_stages(ConfigDefinition& definition, const std::string& list, PluginKind kind) {
    const bool transforms = kind == PluginKind::Transformation;
    for (const std::string& alias : split_list(find(config_, list))) {
      if (alias.empty()) continue;
      const std::string prefix = list + "." + alias + ".";
      if (definition.find(prefix + "type") != nullptr) continue;  // a repeated alias
      const std::string group = (transforms ? "Transforms: " : "Predicates: ") + alias;
      int32_t order = 0;
      const auto add = [&](ConfigKey key) {
        key.name = prefix + key.name;
        key.group = group;
        key.order = order++;
        definition.add(std::move(key));
      };
      ConfigKey type;
      type.name = "type";
      type.type = ConfigType::Class;
      type.required = true;
      type.importance = Importance::High;
      type.width = Width::Long;
      type.doc = std::string("Class of the ") + (transforms ? "transformation." : "predicate.");
      type.display_name = (transforms ? "Transformation type for " : "Predicate type for ") + alias;
      type.recommender = [names = class_names(kind)] { return names; };
      add(std::move(type));
      if (transforms) add_stage_keys(add);
      const std::string* name = find(config_, prefix + "type");
      const PluginClass* plugin = name != nullptr ? context_.plugins.find(kind, *name) : nullptr;
      stages_.push_back({prefix, kind});
      if (plugin == nullptr) continue;
      for (ConfigKey key : plugin->config.keys()) {
        if (definition.find(prefix + key.name) == nullptr) add(std::move(key));
      }
    }
  }

  template <class Add>
  static void add_stage_keys(const Add& add) {
    ConfigKey predicate;
    predicate.name = "predicate";
    predicate.doc = "Alias of the predicate that decides whether the transformation applies.";
    predicate.default_text = std::nullopt;
    add(std::move(predicate));
    ConfigKey negate;
    negate.name = "negate";
    negate.type = ConfigType::Boolean;
    negate.default_text = "false";
    negate.doc = "Whether the transformation applies where the predicate does not.";
    add(std::move(negate));
  }

  void check_stages() {
    for (const auto& [prefix, kind] : stages_) {
      const std::string key = prefix + "type";
      const std::string* name = find(config_, key);
      if (name != nullptr && context_.plugins.find(kind, *name) == nullptr) {
        const auto near = context_.plugins.nearest(kind, *name, 1);
        error(key, "Invalid value " + *name + " for configuration " + key + ": Class " + *name +
                       " could not be found." +
                       (near.empty() ? "" : " Did you mean " + near.front() + "?"));
      }
      if (kind == PluginKind::Transformation && find(config_, prefix + "negate") != nullptr &&
          find(config_, prefix + "predicate") == nullptr) {
        error(prefix + "negate", "Config '" + prefix + "negate' was provided but there is no config '" +
                                     prefix + "predicate' defining a predicate to be negated.");
      }
    }
  }

  void check_converters() {
    for (const auto& [key, kind] : converter_keys()) {
      const std::string* name = find(config_, key);
      if (name == nullptr || context_.plugins.find(kind, *name) != nullptr) continue;
      const auto near = context_.plugins.nearest(kind, *name, 1);
      error(key, "Invalid value " + *name + " for configuration " + key + ": Class " + *name +
                     " could not be found." +
                     (near.empty() ? "" : " Did you mean " + near.front() + "?"));
    }
  }

  static std::vector<std::pair<std::string, PluginKind>> converter_keys() {
    return {{"header.converter", PluginKind::HeaderConverter},
            {"key.converter", PluginKind::Converter},
            {"value.converter", PluginKind::Converter}};
  }

  void check_sink() {
    std::vector<std::string> topics = split_list(find(config_, "topics"));
    std::erase_if(topics, [](const std::string& topic) { return topic.empty(); });
    const std::string* regex = find(config_, "topics.regex");
    const bool has_regex = regex != nullptr && !regex->empty();
    if (!topics.empty() && has_regex) {
      both("topics and topics.regex are mutually exclusive options, but both are set.");
    } else if (topics.empty() && !has_regex) {
      both("Must configure one of topics or topics.regex");
    }
    const std::string* dead_letters = find(config_, "errors.deadletterqueue.topic.name");
    if (dead_letters == nullptr || dead_letters->empty()) return;
    if (std::find(topics.begin(), topics.end(), *dead_letters) != topics.end()) {
      std::string list;
      for (const std::string& topic : topics) list += (list.empty() ? "" : ", ") + topic;
      error("topics", "The DLQ topic '" + *dead_letters +
                          "' may not be included in the list of topics ('topics=[" + list +
                          "]') consumed by the connector");
    }
    if (has_regex && result("topics.regex").errors.empty() &&
        std::regex_match(*dead_letters, std::regex(*regex, std::regex::ECMAScript))) {
      error("topics.regex", "The DLQ topic '" + *dead_letters +
                                "' may not be matched by the regex for the topics ('topics.regex=" +
                                *regex + "') consumed by the connector");
    }
  }
  void both(const std::string& message) {
    error("topics", message);
    error("topics.regex", message);
  }

  void check_connector(const Connector& connector) {
    ConfigErrors errors;
    connector.validate(config_, errors);
    for (const auto& [key, message] : errors.entries()) error(key, message);
  }

  // Values without definition first, then the definitions in order.
  void collect(const ConfigDefinition& definition) {
    infos_.groups = definition.groups();
    for (const ConfigKeyResult& value : results_) {
      if (definition.find(value.name) == nullptr) infos_.configs.push_back({std::nullopt, value});
    }
    for (const ConfigKey& key : definition.keys()) {
      if (key.internal) continue;
      infos_.configs.push_back({key, result(key.name)});
    }
    for (const ConfigKeyResult& value : results_) {
      infos_.error_count += static_cast<int32_t>(value.errors.size());
    }
  }

  // Overrides and converter settings count one error per key, however many messages.
  void add_overrides(bool is_sink) {
    if (!context_.check_overrides) return;
    for (const auto& [key, message] : context_.check_overrides(config_, is_sink)) {
      ConfigKey definition;
      definition.name = key;
      ConfigKeyResult value{key, config_.at(key), {}, {message}, true};
      infos_.configs.push_back({std::move(definition), std::move(value)});
      ++infos_.error_count;
    }
  }

  void add_converter_configs() {
    for (const auto& [key, kind] : converter_keys()) {
      const std::string* name = find(config_, key);
      const PluginClass* plugin = name != nullptr ? context_.plugins.find(kind, *name) : nullptr;
      if (plugin == nullptr) continue;
      const Properties own = with_prefix(config_, key + ".");
      const auto values = plugin->config.validate(own);
      for (size_t i = 0; i < values.size(); ++i) {
        ConfigKey definition = plugin->config.keys()[i];
        ConfigKeyResult value = values[i];
        definition.name = value.name = key + "." + definition.name;
        infos_.error_count += value.errors.empty() ? 0 : 1;
        infos_.configs.push_back({std::move(definition), std::move(value)});
      }
    }
  }

  const ValidationContext& context_;
  Properties config_;
  std::vector<std::string> null_keys_;
  std::vector<ConfigKeyResult> results_;
  std::vector<std::pair<std::string, PluginKind>> stages_;
  ConfigInfos infos_;
};

}  // namespace

ConfigInfos validate_connector(const ValidationContext& context,
                               const std::map<std::string, std::optional<std::string>>& config) {
  return Validation(context, config).run();
}

std::string invalid_config_message(const ConfigInfos& infos) {
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
