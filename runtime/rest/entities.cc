#include "runtime/rest/entities.h"

namespace millrace::rest {
namespace {

void write_task_id(JsonWriter& json, const ConnectorTaskId& id) {
  json.begin_object().key("connector").string(id.connector).key("task").number(id.task);
  json.end_object();
}

/// Fields connectors and tasks share; `trace` and `version` only when there is one.
void write_state_fields(JsonWriter& json, const Status& status) {
  json.key("state").string(state_name(status.state));
  json.key("worker_id").string(status.worker_id);
  if (!status.version.empty()) json.key("version").string(status.version);
  if (!status.trace.empty()) json.key("trace").string(status.trace);
}

/// A secret's default is hidden as its value is.
std::optional<std::string> shown_default(const ConfigKey& key) {
  if (!key.default_text || key.type != ConfigType::Password) return key.default_text;
  return std::string(Password::kHidden);
}

void write_value(JsonWriter& json, const ConfigKeyResult& result) {
  json.begin_object().key("name").string(result.name);
  json.key("value").string_or_null(config_value_text(result.value));
  json.key("recommended_values");
  write(json, result.recommended);
  json.key("errors");
  write(json, result.errors);
  json.key("visible").boolean(result.visible).end_object();
}

void write_config_info(JsonWriter& json, const ConfigInfo& info) {
  json.begin_object().key("definition");
  if (info.definition) {
    write(json, *info.definition);
  } else {
    json.null();
  }
  json.key("value");
  if (info.value) {
    write_value(json, *info.value);
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

void write(JsonWriter& json, const Properties& config) {
  json.begin_object();
  for (const auto& [key, value] : config) json.key(key).string(value);
  json.end_object();
}

void write(JsonWriter& json, const std::vector<std::string>& strings) {
  json.begin_array();
  for (const auto& text : strings) json.string(text);
  json.end_array();
}

void write(JsonWriter& json, const ConnectorInfo& info) {
  json.begin_object().key("name").string(info.name).key("config");
  write(json, info.config);
  json.key("tasks").begin_array();
  for (const auto& id : info.tasks) write_task_id(json, id);
  json.end_array().key("type").string(connector_type_name(info.type)).end_object();
}

void write_task_status(JsonWriter& json, int32_t task, const Status& status) {
  json.begin_object().key("id").number(task);
  write_state_fields(json, status);
  json.end_object();
}

void write(JsonWriter& json, const ConnectorStateInfo& info) {
  json.begin_object().key("name").string(info.name).key("connector").begin_object();
  write_state_fields(json, info.connector);
  json.end_object().key("tasks").begin_array();
  for (const auto& [task, status] : info.tasks) write_task_status(json, task, status);
  json.end_array().key("type").string(connector_type_name(info.type)).end_object();
}

void write(JsonWriter& json, const TaskInfo& info) {
  json.begin_object().key("id");
  write_task_id(json, info.id);
  json.key("config");
  write(json, info.config);
  json.end_object();
}

void write(JsonWriter& json, const std::vector<TaskInfo>& infos) {
  json.begin_array();
  for (const auto& info : infos) write(json, info);
  json.end_array();
}

void write(JsonWriter& json, const ConfigKey& key) {
  json.begin_object().key("name").string(key.name);
  json.key("type").string(config_type_name(key.type)).key("required").boolean(key.required);
  json.key("default_value").string_or_null(shown_default(key));
  json.key("importance").string(importance_name(key.importance));
  json.key("documentation").string(key.doc).key("group").string_or_null(key.group);
  json.key("width").string(width_name(key.width));
  json.key("display_name").string(key.display_name.value_or(key.name)).key("dependents");
  write(json, key.dependents);
  json.key("order").number(key.order).end_object();
}

void write(JsonWriter& json, const std::vector<ConfigKey>& keys) {
  json.begin_array();
  for (const auto& key : keys) {
    if (!key.internal) write(json, key);
  }
  json.end_array();
}

void write(JsonWriter& json, const ConfigInfos& infos) {
  json.begin_object().key("name").string(infos.name);
  json.key("error_count").number(infos.error_count).key("groups");
  write(json, infos.groups);
  json.key("configs").begin_array();
  for (const auto& info : infos.configs) write_config_info(json, info);
  json.end_array().end_object();
}

void write(JsonWriter& json, const std::vector<PluginInfo>& plugins) {
  json.begin_array();
  for (const auto& plugin : plugins) {
    json.begin_object().key("class").string(plugin.class_name);
    json.key("type").string(plugin_kind_name(plugin.kind));
    if (!plugin.version.empty()) json.key("version").string(plugin.version);
    json.end_object();
  }
  json.end_array();
}

void write(JsonWriter& json, const ServerInfo& info) {
  json.begin_object().key("version").string(info.version).key("commit").string(info.commit);
  json.key("kafka_cluster_id").string(info.cluster_id).end_object();
}

void write(JsonWriter& json, const std::vector<JsonPartitionOffset>& offsets) {
  json.begin_object().key("offsets").begin_array();
  for (const auto& entry : offsets) {
    json.begin_object().key("partition").raw(entry.partition).key("offset");
    json.raw(entry.offset ? std::string_view(*entry.offset) : "null").end_object();
  }
  json.end_array().end_object();
}

void write(JsonWriter& json, const logging::LevelInfo& level) {
  json.begin_object().key("level").string(level.level).key("last_modified");
  if (level.last_modified) {
    json.number(*level.last_modified);
  } else {
    json.null();
  }
  json.end_object();
}

void write(JsonWriter& json, const std::map<std::string, logging::LevelInfo>& levels) {
  json.begin_object();
  for (const auto& [name, level] : levels) {
    json.key(name);
    write(json, level);
  }
  json.end_object();
}

}  // namespace millrace::rest
