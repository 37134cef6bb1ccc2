#include "runtime/rest/entities.h"

#include "millrace/json.h"

namespace millrace::rest {
namespace {

/// Writes one JSON object or array, member by member.
class JsonText {
 public:
  explicit JsonText(char open) { text_ += open; }
  JsonText& member(std::string_view name, std::string_view raw) {
    comma();
    append_json_string(text_, name, false);
    text_ += ':';
    text_ += raw;
    return *this;
  }
  JsonText& element(std::string_view raw) {
    comma();
    text_ += raw;
    return *this;
  }
  std::string close(char close) {
    text_ += close;
    return std::move(text_);
  }

 private:
  void comma() {
    if (text_.size() > 1) text_ += ',';
  }
  std::string text_;
};

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text, false);
  return out;
}

std::string quoted_or_null(const std::optional<std::string>& text) {
  return text ? quoted(*text) : "null";
}

template <class Range>
std::string string_array(const Range& texts) {
  JsonText array('[');
  for (const auto& text : texts) array.element(quoted(std::string_view(text)));
  return array.close(']');
}

std::string task_id(const ConnectorTaskId& id) {
  return JsonText('{')
      .member("connector", quoted(std::string_view(id.connector)))
      .member("task", std::to_string(id.task))
      .close('}');
}

void add_status(JsonText& object, const Status& status) {
  object.member("state", quoted(state_name(status.state)));
  object.member("worker_id", quoted(std::string_view(status.worker_id)));
  if (!status.version.empty()) object.member("version", quoted(std::string_view(status.version)));
  if (!status.trace.empty()) object.member("trace", quoted(std::string_view(status.trace)));
}

std::string key_json(const ConfigKey& key) {
  return JsonText('{')
      .member("name", quoted(std::string_view(key.name)))
      .member("type", quoted(config_type_name(key.type)))
      .member("required", key.required ? "true" : "false")
      .member("default_value", key.type == ConfigType::Password && key.default_text
                                   ? quoted(Password::kHidden)
                                   : quoted_or_null(key.required ? std::nullopt : key.default_text))
      .member("importance", quoted(importance_name(key.importance)))
      .member("documentation", quoted(std::string_view(key.doc)))
      .member("group", quoted_or_null(key.group))
      .member("width", quoted(width_name(key.width)))
      .member("display_name", quoted(std::string_view(key.display_name.value_or(key.name))))
      .member("dependents", string_array(key.dependents))
      .member("order", std::to_string(key.order))
      .close('}');
}

std::string value_json(const ConfigKeyResult& value) {
  return JsonText('{')
      .member("name", quoted(std::string_view(value.name)))
      .member("value", quoted_or_null(config_value_text(value.value)))
      .member("recommended_values", string_array(value.recommended))
      .member("errors", string_array(value.errors))
      .member("visible", value.visible ? "true" : "false")
      .close('}');
}

}  // namespace

std::string quoted(const std::string& text) { return quoted(std::string_view(text)); }

std::string to_json(const ServerInfo& info) {
  return JsonText('{')
      .member("version", quoted(info.version))
      .member("commit", quoted(info.commit))
      .member("kafka_cluster_id", quoted(info.cluster_id))
      .close('}');
}

std::string to_json(const Properties& config) {
  JsonText object('{');
  for (const auto& [key, value] : config) object.member(key, quoted(value));
  return object.close('}');
}

std::string to_json(const std::vector<std::string>& names) { return string_array(names); }

std::string to_json(const ConnectorInfo& info) {
  JsonText tasks('[');
  for (const ConnectorTaskId& id : info.tasks) tasks.element(task_id(id));
  return JsonText('{')
      .member("name", quoted(info.name))
      .member("config", to_json(info.config))
      .member("tasks", tasks.close(']'))
      .member("type", quoted(connector_type_name(info.type)))
      .close('}');
}

std::string task_status_json(int32_t number, const Status& status) {
  JsonText object('{');
  object.member("id", std::to_string(number));
  add_status(object, status);
  return object.close('}');
}

std::string to_json(const ConnectorStateInfo& info) {
  JsonText connector('{');
  add_status(connector, info.connector);
  JsonText tasks('[');
  for (const auto& [number, status] : info.tasks) tasks.element(task_status_json(number, status));
  return JsonText('{')
      .member("name", quoted(info.name))
      .member("connector", connector.close('}'))
      .member("tasks", tasks.close(']'))
      .member("type", quoted(connector_type_name(info.type)))
      .close('}');
}

std::string to_json(const std::vector<TaskInfo>& tasks) {
  JsonText array('[');
  for (const TaskInfo& task : tasks) {
    array.element(JsonText('{')
                      .member("id", task_id(task.id))
                      .member("config", to_json(task.config))
                      .close('}'));
  }
  return array.close(']');
}

std::string to_json(const ConfigInfos& infos) {
  JsonText configs('[');
  for (const ConfigInfo& info : infos.configs) {
    configs.element(JsonText('{')
                        .member("definition", info.definition ? key_json(*info.definition) : "null")
                        .member("value", info.value ? value_json(*info.value) : "null")
                        .close('}'));
  }
  return JsonText('{')
      .member("name", quoted(infos.name))
      .member("error_count", std::to_string(infos.error_count))
      .member("groups", string_array(infos.groups))
      .member("configs", configs.close(']'))
      .close('}');
}

std::string to_json(const std::vector<ConfigKey>& keys) {
  JsonText array('[');
  for (const ConfigKey& key : keys) {
    if (!key.internal) array.element(key_json(key));
  }
  return array.close(']');
}

std::string to_json(const std::vector<PluginInfo>& plugins) {
  JsonText array('[');
  for (const PluginInfo& plugin : plugins) {
    JsonText object('{');
    object.member("class", quoted(plugin.class_name));
    object.member("type", quoted(plugin_kind_name(plugin.kind)));
    if (!plugin.version.empty()) object.member("version", quoted(plugin.version));
    array.element(object.close('}'));
  }
  return array.close(']');
}

std::string to_json(const std::vector<JsonPartitionOffset>& offsets) {
  JsonText array('[');
  for (const JsonPartitionOffset& entry : offsets) {
    array.element(JsonText('{')
                      .member("partition", entry.partition)
                      .member("offset", entry.offset.value_or("null"))
                      .close('}'));
  }
  return JsonText('{').member("offsets", array.close(']')).close('}');
}

std::string to_json(const logging::LevelInfo& level) {
  return JsonText('{')
      .member("level", quoted(level.level))
      .member("last_modified", level.last_modified ? std::to_string(*level.last_modified) : "null")
      .close('}');
}

std::string to_json(const std::map<std::string, logging::LevelInfo>& levels) {
  JsonText object('{');
  for (const auto& [name, level] : levels) object.member(name, to_json(level));
  return object.close('}');
}

std::string message_json(const std::string& message) {
  return JsonText('{').member("message", quoted(message)).close('}');
}

std::string topics_json(const std::string& connector, const std::vector<std::string>& topics) {
  return JsonText('{')
      .member(connector, JsonText('{').member("topics", string_array(topics)).close('}'))
      .close('}');
}

namespace {

constexpr int kBadRequest = 400;

std::string text_of(const Value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

JsonPartitionOffset parse_entry(const Value& entry) {
  if (entry.type() != Type::Map) {
    throw ConnectException("Cannot construct instance of "
                           "`org.apache.kafka.connect.runtime.rest.entities.ConnectorOffset`: no "
                           "object found");
  }
  JsonPartitionOffset parsed{"null", std::nullopt};
  for (const MapEntry& member : entry.as_map()) {
    const std::string_view name = member.key.as_string();
    if (name != "partition" && name != "offset") {
      throw ConnectException(
          "Unrecognized field \"" + std::string(name) +
          "\" (class org.apache.kafka.connect.runtime.rest.entities.ConnectorOffset), not marked "
          "as ignorable (2 known properties: \"offset\", \"partition\"])");
    }
    if (!member.value.is_null() && member.value.type() != Type::Map) {
      throw ConnectException("Cannot deserialize value of type "
                             "`java.util.LinkedHashMap<java.lang.String,java.lang.Object>`");
    }
    if (name == "partition") parsed.partition = text_of(member.value);
    if (name == "offset" && !member.value.is_null()) parsed.offset = text_of(member.value);
  }
  return parsed;
}

}  // namespace

std::vector<JsonPartitionOffset> parse_offsets(const std::string& body) {
  Arena arena;
  std::vector<JsonMember> members;
  std::string error;
  if (!parse_json_object(body, arena, members, error)) throw ConnectException(error);
  std::vector<JsonPartitionOffset> offsets;
  for (const JsonMember& member : members) {
    if (member.name != "offsets") {
      throw ConnectException(
          "Unrecognized field \"" + std::string(member.name) +
          "\" (class org.apache.kafka.connect.runtime.rest.entities.ConnectorOffsets), not marked "
          "as ignorable (one known property: \"offsets\"])");
    }
    const Value& list = member.scalar.value;
    if (!list.is_null() && list.type() != Type::Array) {
      throw ConnectException("Cannot deserialize value of type `java.util.ArrayList`");
    }
    offsets.clear();
    if (list.is_null()) continue;
    for (const Value& entry : list.as_array()) offsets.push_back(parse_entry(entry));
  }
  if (offsets.empty()) {
    throw RequestException(kBadRequest,
                           "Partitions / offsets need to be provided for an alter offsets request");
  }
  return offsets;
}

}  // namespace millrace::rest
