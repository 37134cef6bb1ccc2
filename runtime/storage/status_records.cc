#include "runtime/storage/status_records.h"

#include "runtime/storage/json_members.h"

namespace millrace::status_record {
namespace {

constexpr std::string_view kTask = "status-task-";
constexpr std::string_view kConnector = "status-connector-";
constexpr std::string_view kTopic = "status-topic-";
constexpr std::string_view kTopicSeparator = ":connector-";

void append_nullable(std::string& out, std::string_view name, const std::string& text) {
  if (text.empty()) {
    append_json_string(out, name);
    out += ":null";
  } else {
    append_json_member(out, name, text);
  }
}

std::optional<State> parse_state(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(State::Stopped); ++i) {
    if (name == state_name(static_cast<State>(i))) return static_cast<State>(i);
  }
  return std::nullopt;
}

}  // namespace

Key parse_key(std::string_view key) {
  if (key.starts_with(kConnector)) return OfConnector{std::string(key.substr(kConnector.size()))};
  if (key.starts_with(kTask)) {
    if (auto id = parse_task_id(key.substr(kTask.size()))) return OfTask{*std::move(id)};
    return Unknown{};
  }
  if (key.starts_with(kTopic)) {
    // Topics have no colon.
    const size_t colon = key.find(':');
    if (colon == std::string_view::npos || !key.substr(colon).starts_with(kTopicSeparator)) {
      return Unknown{};
    }
    return OfTopic{std::string(key.substr(kTopic.size(), colon - kTopic.size())),
                   std::string(key.substr(colon + kTopicSeparator.size()))};
  }
  return Unknown{};
}

std::string connector_key(const std::string& connector) {
  return std::string(kConnector) + connector;
}
std::string task_key(const ConnectorTaskId& id) { return std::string(kTask) + id.to_string(); }
std::string topic_key(const std::string& topic, const std::string& connector) {
  return std::string(kTopic) + topic + std::string(kTopicSeparator) + connector;
}

std::string status_value(const Status& status) {
  std::string out = "{";
  append_json_member(out, "state", state_name(status.state));
  out += ',';
  append_nullable(out, "trace", status.trace);
  out += ',';
  append_json_member(out, "worker_id", status.worker_id);
  out += ",\"generation\":" + std::to_string(status.generation) + ',';
  append_nullable(out, "version", status.version);
  return out + '}';
}

std::string topic_value(const TopicStatus& status) {
  std::string out = "{\"topic\":{";
  append_json_member(out, "name", status.topic);
  out += ',';
  append_json_member(out, "connector", status.connector);
  return out + ",\"task\":" + std::to_string(status.task) +
         ",\"discoverTimestamp\":" + std::to_string(status.discovered_ms) + "}}";
}

std::optional<Status> parse_status(std::string_view value) {
  Arena arena;
  Value json;
  if (!parse_json(value, arena, json).empty()) return std::nullopt;
  const auto state_text = json_text(json_member(&json, "state"));
  const auto state = state_text ? parse_state(*state_text) : std::nullopt;
  const auto worker = json_text(json_member(&json, "worker_id"));
  const auto generation = json_int32(json_member(&json, "generation"));
  if (!state || !worker || !generation) return std::nullopt;
  return Status{*state, *worker, json_text(json_member(&json, "trace")).value_or(""),
                json_text(json_member(&json, "version")).value_or(""), *generation};
}

std::optional<TopicStatus> parse_topic(std::string_view value) {
  Arena arena;
  Value json;
  if (!parse_json(value, arena, json).empty()) return std::nullopt;
  const Value* inner = json_member(&json, "topic");
  const auto topic = json_text(json_member(inner, "name"));
  const auto connector = json_text(json_member(inner, "connector"));
  const auto task = json_int32(json_member(inner, "task"));
  const auto discovered = json_integer(json_member(inner, "discoverTimestamp"));
  if (!topic || !connector || !task || !discovered) return std::nullopt;
  return TopicStatus{*topic, *connector, *task, *discovered};
}

}  // namespace millrace::status_record
