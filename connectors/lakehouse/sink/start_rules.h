#pragma once
// Where a task begins to read (iceberg-sink.md §1).

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/lakehouse/commit/positions.h"
#include "millrace/connector.h"

namespace millrace::lakehouse {

enum class StartPolicy : uint8_t { Earliest, Latest };
/// Of a stored offset that the log does not have (any more).
enum class OutOfRange : uint8_t { Fail, Earliest, Latest };

struct StartRules {
  StartPolicy policy = StartPolicy::Earliest;
  std::map<std::string, StartPolicy> of_topic = {};
  std::map<std::string, int64_t> topic_offsets = {};  // of all partitions
  std::map<TopicPartition, int64_t> partition_offsets = {};
  OutOfRange out_of_range = OutOfRange::Fail;
};

/// `earliest` or `latest`; throws ConfigException.
StartPolicy parse_start_policy(const std::string& text);
/// `topic:policy` entries.
std::map<std::string, StartPolicy> parse_start_policies(const std::vector<std::string>& entries);
/// `topic:offset` or `topic:partition:offset` entries, into `rules`.
void parse_start_offsets(const std::vector<std::string>& entries, StartRules& rules);

struct Start {
  int64_t offset = 0;
  /// The table does not say so yet, or says something else: it must before the first record is read.
  bool must_pin = false;
  /// What the table says now; OffsetStep::kUnknown without.
  int64_t stored = -1;
};

/// First what the table has; then, if it has the topic, the beginning; then the configured offset, or the
/// nearest that the log has; then the policy. Of topics that the table does not know the answer has
/// all partitions: pinned one by one, all but the first would count as added later. Throws
/// ConnectException for a stored offset the log does not have, when the rules say so, RetriableException
/// when the log cannot tell.
std::map<TopicPartition, Start> resolve_starts(const Positions& positions, const std::string& cluster,
                                               std::span<const TopicPartition> partitions,
                                               const StartRules& rules, RecordLog& log);

}  // namespace millrace::lakehouse
