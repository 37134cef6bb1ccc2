#pragma once
// Records of the status topic as bytes (connect-cluster.md §1.6; Kafka 4.1 adds `version`).

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "millrace/ids.h"
#include "runtime/storage/status.h"

namespace millrace {

/// A topic a connector was seen to use.
struct TopicStatus {
  std::string topic;
  std::string connector;
  int32_t task = 0;  // that saw it first
  int64_t discovered_ms = 0;

  bool operator==(const TopicStatus&) const = default;
};

namespace status_record {

struct Unknown {};
struct OfConnector { std::string connector; };
struct OfTask { ConnectorTaskId id; };
struct OfTopic { std::string topic; std::string connector; };
using Key = std::variant<Unknown, OfConnector, OfTask, OfTopic>;

Key parse_key(std::string_view key);
std::string connector_key(const std::string& connector);
std::string task_key(const ConnectorTaskId& id);
std::string topic_key(const std::string& topic, const std::string& connector);

std::string status_value(const Status& status);
std::string topic_value(const TopicStatus& status);
/// Nothing for a record that cannot be read.
std::optional<Status> parse_status(std::string_view value);
std::optional<TopicStatus> parse_topic(std::string_view value);

}  // namespace status_record
}  // namespace millrace
