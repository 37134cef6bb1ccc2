#pragma once
// Which source offsets may be committed (connect-tasks.md §2.2): per source partition, the offset of
// the last record of the acknowledged prefix. One unacknowledged record holds back its own
// partition only; dropped records advance nothing.

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "millrace/arena.h"
#include "millrace/value.h"
#include "runtime/storage/offset_store.h"
#include "runtime/worker/in_flight_batch.h"

namespace millrace {

/// Task thread only. Bounded by the batch pool.
class SubmittedRecords {
 public:
  explicit SubmittedRecords(std::string connector) : connector_(std::move(connector)) {}

  /// Notes the live rows among the first `row_count` of `batch` as pending, in order. With
  /// `dead_letters` rejected ones count as acknowledged: offsets may move past them, as soon as the
  /// caller knows that their letters are durable. Otherwise they advance nothing, as in Java.
  void submit(InFlightBatch& batch, uint32_t row_count, bool dead_letters = false);
  /// Marks one pending row. Cheap: offsets move in collect().
  static void acknowledge(InFlightBatch& batch, uint32_t row) noexcept {
    batch.progress[row] = RowProgress::Acknowledged;
    --batch.pending_rows;
  }
  /// Pops acknowledged prefixes and remembers their last offsets. Batches it lets go of may then
  /// be finished().
  void collect();
  /// Offsets that became committable since the last call, serialised.
  OffsetEntries take_committable();

 private:
  // Rows [begin, end) of one batch that belong to one partition; the first and the last were noted.
  struct Run {
    InFlightBatch* batch;
    uint32_t begin;
    uint32_t end;
  };
  struct Partition {
    Arena arena;  // owns the key value
    Value key;
    std::string store_key;
    std::deque<Run> runs;
  };
  struct HashValue {
    size_t operator()(const Value& value) const noexcept { return hash_value(value); }
  };

  Partition& partition_of(const Value& key);
  void collect(Partition& partition);

  std::string connector_;
  std::unordered_map<Value, std::unique_ptr<Partition>, HashValue> partitions_;
  OffsetEntries committable_;
};

}  // namespace millrace
