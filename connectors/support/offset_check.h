#pragma once
// Whether records are those that are next in their partitions.

#include <cstdint>
#include <map>
#include <span>

#include "millrace/record.h"
#include "millrace/connector.h"

namespace millrace {

/// What compaction and transactions leave out is skipped by consumers, but so is what the log has lost, or
/// a topic that was made anew: they begin where the log does, and say nothing. Used by one thread.
class OffsetCheck {
 public:
  /// The next record of the partition has this offset, or a later one.
  void expect(const TopicPartition& partition, int64_t offset) { next_[partition] = offset; }
  void forget(const TopicPartition& partition) { next_.erase(partition); }
  /// How many rows come before the first one that cannot be what is next. Asks `log` where partitions begin
  /// that have a hole.
  uint32_t rows_that_follow(const RecordBatch& batch, RecordLog& log);

 private:
  std::map<TopicPartition, int64_t> next_;
};

}  // namespace millrace
