#include "runtime/storage/config_records.h"

#include <utility>

#include "millrace/base64.h"
#include "runtime/storage/json_members.h"

namespace millrace::config_record {
namespace {

constexpr std::string_view kTarget = "target-state-";
constexpr std::string_view kConnector = "connector-";
constexpr std::string_view kTask = "task-";
constexpr std::string_view kCommit = "commit-";
constexpr std::string_view kTaskCount = "tasks-fencing-";
constexpr std::string_view kRestart = "restart-connector-";
constexpr std::string_view kSession = "session-key";
constexpr std::string_view kLogger = "logger-cluster-";

std::string joined(std::string_view prefix, const std::string& rest) {
  return std::string(prefix) + rest;
}

}  // namespace

Key parse_key(std::string_view key) {
  const auto rest = [key](std::string_view prefix) {
    return std::string(key.substr(prefix.size()));
  };
  if (key.starts_with(kTarget)) return Target{rest(kTarget)};
  if (key.starts_with(kConnector)) return ConnectorConfig{rest(kConnector)};
  if (key.starts_with(kTask)) {
    if (auto id = parse_task_id(key.substr(kTask.size()))) return TaskConfig{*std::move(id)};
    return Unknown{};
  }
  if (key.starts_with(kCommit)) return Commit{rest(kCommit)};
  if (key.starts_with(kRestart)) return Restart{rest(kRestart)};
  if (key.starts_with(kTaskCount)) return TaskCount{rest(kTaskCount)};
  if (key == kSession) return Session{};
  if (key.starts_with(kLogger)) return LoggerLevel{rest(kLogger)};
  return Unknown{};
}

std::string target_key(const std::string& connector) { return joined(kTarget, connector); }
std::string connector_key(const std::string& connector) { return joined(kConnector, connector); }
std::string task_key(const ConnectorTaskId& id) { return joined(kTask, id.to_string()); }
std::string commit_key(const std::string& connector) { return joined(kCommit, connector); }
std::string restart_key(const std::string& connector) { return joined(kRestart, connector); }
std::string task_count_key(const std::string& connector) { return joined(kTaskCount, connector); }
std::string session_key() { return std::string(kSession); }
std::string logger_key(const std::string& name_space) { return joined(kLogger, name_space); }

std::string target_value(TargetState state) {
  // Workers before 3.5 know no STOPPED and read `state` only.
  const TargetState old = state == TargetState::Stopped ? TargetState::Paused : state;
  std::string out = "{";
  append_json_member(out, "state", target_state_name(old));
  out += ',';
  append_json_member(out, "state.v2", target_state_name(state));
  return out + '}';
}

std::string properties_value(const Properties& properties) {
  std::string out = "{\"properties\":{";
  bool first = true;
  for (const auto& [key, value] : properties) {
    if (!std::exchange(first, false)) out += ',';
    append_json_member(out, key, value);
  }
  return out + "}}";
}

std::string commit_value(size_t tasks) { return "{\"tasks\":" + std::to_string(tasks) + "}"; }

std::string restart_value(bool include_tasks, bool only_failed) {
  const auto text = [](bool value) { return value ? "true" : "false"; };
  return std::string("{\"include-tasks\":") + text(include_tasks) +
         ",\"only-failed\":" + text(only_failed) + "}";
}

std::string task_count_value(int32_t tasks) {
  return "{\"task-count\":" + std::to_string(tasks) + "}";
}

std::string session_value(const SessionKey& key) {
  std::string base64;
  append_base64(base64, {reinterpret_cast<const uint8_t*>(key.key.data()), key.key.size()});
  std::string out = "{";
  append_json_member(out, "key", base64);
  out += ',';
  append_json_member(out, "algorithm", key.algorithm);
  return out + ",\"creation-timestamp\":" + std::to_string(key.created_ms) + "}";
}

std::string logger_value(const std::string& level) {
  std::string out = "{";
  append_json_member(out, "level", level);
  return out + '}';
}

}  // namespace millrace::config_record
