#pragma once
// Where a task begins whose tables come with the records: the consumer group's offsets count (design:
// "Tables by a field's value").

#include <span>

#include "connectors/lakehouse/sink/start_rules.h"

namespace millrace::lakehouse {

struct GroupStart {
  OffsetMap begin;      // of the partitions that were asked for
  OffsetMap to_commit;  // of them, before the first record is read
  /// Partitions of others that must have an offset before the rest of what was asked for can begin: commit,
  /// and ask again.
  std::vector<TopicPartition> waits_for;
};

/// What the group has committed; then, if it has the topic's partition 0, the beginning, since the partition
/// was added later; then the configured offset, or the policy. Where that would be another place after a
/// crash, the owner of partition 0 is the last to begin: its offset says that the others have theirs. Throws
/// as resolve_starts() does.
GroupStart find_group_start(const OffsetMap& committed, std::span<const TopicPartition> partitions,
                            const StartRules& rules, RecordLog& log);

}  // namespace millrace::lakehouse
