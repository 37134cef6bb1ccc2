#pragma once
// JSON of the answers (connect-rest-api.md §3): compact, nulls written, text verbatim.

#include <map>
#include <string>
#include <vector>

#include "runtime/herder/herder.h"
#include "runtime/metrics/log.h"
#include "runtime/rest/json_writer.h"

namespace millrace::rest {

void write(JsonWriter& json, const Properties& config);
void write(JsonWriter& json, const std::vector<std::string>& strings);
void write(JsonWriter& json, const ConnectorInfo& info);
void write(JsonWriter& json, const ConnectorStateInfo& info);
void write(JsonWriter& json, const TaskInfo& info);
void write(JsonWriter& json, const std::vector<TaskInfo>& infos);
void write(JsonWriter& json, const ConfigKey& key);
void write(JsonWriter& json, const std::vector<ConfigKey>& keys);  // internal ones left out
void write(JsonWriter& json, const ConfigInfos& infos);
void write(JsonWriter& json, const std::vector<PluginInfo>& plugins);
void write(JsonWriter& json, const ServerInfo& info);
void write(JsonWriter& json, const std::vector<JsonPartitionOffset>& offsets);
void write(JsonWriter& json, const logging::LevelInfo& level);
void write(JsonWriter& json, const std::map<std::string, logging::LevelInfo>& levels);
void write_task_status(JsonWriter& json, int32_t task, const Status& status);

template <class Entity>
std::string to_json(const Entity& entity) {
  JsonWriter json;
  write(json, entity);
  return json.take();
}

}  // namespace millrace::rest
