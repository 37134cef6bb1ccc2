#pragma once
// Records of the config topic as bytes (connect-cluster.md §1.3): keys, and values as Kafka's
// JsonConverter writes them without schemas.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/storage/config_snapshot.h"

namespace millrace {

namespace config_record {

// What a key is about.
struct Target { std::string connector; };
struct ConnectorConfig { std::string connector; };
struct TaskConfig { ConnectorTaskId id; };
struct Commit { std::string connector; };
struct Restart { std::string connector; };
struct TaskCount { std::string connector; };
struct Session {};
struct LoggerLevel { std::string name_space; };
struct Unknown {};

using Key = std::variant<Unknown, Target, ConnectorConfig, TaskConfig, Commit, Restart, TaskCount,
                         Session, LoggerLevel>;
/// In the order Kafka tests prefixes. A task key without a number is Unknown.
Key parse_key(std::string_view key);

std::string target_key(const std::string& connector);
std::string connector_key(const std::string& connector);
std::string task_key(const ConnectorTaskId& id);
std::string commit_key(const std::string& connector);
std::string restart_key(const std::string& connector);
std::string task_count_key(const std::string& connector);
std::string session_key();
std::string logger_key(const std::string& name_space);

std::string target_value(TargetState state);
std::string properties_value(const Properties& properties);
std::string commit_value(size_t tasks);
std::string restart_value(bool include_tasks, bool only_failed);
std::string task_count_value(int32_t tasks);
std::string session_value(const SessionKey& key);
std::string logger_value(const std::string& level);

}  // namespace config_record
}  // namespace millrace
