#pragma once
// Records whose rows the store has, while nobody may have been told of them (feature-store-sink.md §14).

#include <cstdint>
#include <map>

#include "millrace/ids.h"
#include "millrace/record.h"

namespace millrace::feature_store {

/// The group's offsets are committed when notifications are durable, those of the store with its rows: after a
/// crash, what lies between is read again, and told again, without being applied. Task thread only.
class Retelling {
 public:
  void clear() noexcept { until_.clear(); }
  void forget(const TopicPartition& partition) { until_.erase(partition); }
  /// Records before `until` are told alone.
  void expect(const TopicPartition& partition, Offset until) { until_[partition] = until; }
  /// The rows from `begin` on that are told alone, or, without one, that are not: where they end, at most `end`.
  uint32_t end_of_run(const RecordBatch& batch, uint32_t begin, uint32_t end) const;
  bool has(const Record& record) const;
  /// After a run was told, or applied: partitions that are at their end are done.
  void passed(const OffsetMap& next);
  /// Without the partitions where records are left to tell.
  OffsetMap of_done(OffsetMap offsets) const;

 private:
  OffsetMap until_;
};

}  // namespace millrace::feature_store
