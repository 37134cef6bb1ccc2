#pragma once
// Strong identifiers. A task number is never mistaken for a partition, nor an offset for a count.

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace millrace {

/// Identifies a task: connector name and task number (0-based). Printed `name-0`.
struct ConnectorTaskId {
  std::string connector;
  int32_t task = 0;

  auto operator<=>(const ConnectorTaskId&) const = default;
  std::string to_string() const { return connector + "-" + std::to_string(task); }
};

/// A partition of a topic. Printed `topic-0`.
struct TopicPartition {
  std::string topic;
  int32_t partition = 0;

  auto operator<=>(const TopicPartition&) const = default;
  std::string to_string() const { return topic + "-" + std::to_string(partition); }
};

/// Position in a partition: the offset of the next record to read, as Kafka commits it.
enum class Offset : int64_t {};
constexpr int64_t raw(Offset offset) noexcept {
  return static_cast<int64_t>(offset);
}

/// Next-to-read offsets by partition; ordered, so that logs and tests are stable.
using OffsetMap = std::map<TopicPartition, Offset>;

}  // namespace millrace

template <>
struct std::hash<millrace::TopicPartition> {
  size_t operator()(const millrace::TopicPartition& tp) const noexcept {
    return std::hash<std::string>{}(tp.topic) * 31U + static_cast<size_t>(tp.partition);
  }
};
