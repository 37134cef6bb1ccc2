#pragma once
// JSON bodies of the REST API (connect-rest-api.md §3).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/herder/herder.h"
#include "runtime/metrics/log.h"

namespace millrace::rest {

std::string to_json(const ServerInfo& info);
std::string to_json(const ConnectorInfo& info);
std::string to_json(const ConnectorStateInfo& info);
std::string to_json(const std::vector<TaskInfo>& tasks);
std::string to_json(const ConfigInfos& infos);
std::string to_json(const std::vector<ConfigKey>& keys);
std::string to_json(const std::vector<PluginInfo>& plugins);
std::string to_json(const Properties& config);
std::string to_json(const std::vector<std::string>& names);
std::string to_json(const std::vector<JsonPartitionOffset>& offsets);
std::string to_json(const logging::LevelInfo& level);
std::string to_json(const std::map<std::string, logging::LevelInfo>& levels);
std::string task_status_json(int32_t number, const Status& status);
std::string message_json(const std::string& message);
std::string topics_json(const std::string& connector, const std::vector<std::string>& topics);
std::string quoted(const std::string& text);

/// Body of PATCH offsets; throws ConnectException (500) or RequestException 400 as Kafka does.
std::vector<JsonPartitionOffset> parse_offsets(const std::string& body);

}  // namespace millrace::rest
