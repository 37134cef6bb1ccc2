#pragma once
// What every target of the sink does: rows, offsets and counters in one atomic step
// (feature-store-sink.md §6, §9, §12, §14).

#include <array>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "connectors/feature_store/wire/row_plan.h"
#include "millrace/errors.h"
#include "millrace/ids.h"

namespace millrace::feature_store {

/// Statuses of `online_ingestion` (§14).
enum class RowStatus : uint8_t { Upserted, Deleted, Ignored, Failed };
inline constexpr size_t kRowStatuses = 4;
std::string_view row_status_name(RowStatus status) noexcept;  // UPSERTED, ...

/// The row that won among those of its key in one batch. What it points into outlives apply().
struct RowChange {
  const RowPlan* plan = nullptr;  // its group is the table
  std::string_view key;           // KeySchema bytes
  std::string_view row;           // Avro, as the record had it; of a delete, too
  bool is_delete = false;
  bool if_newer = false;  // event-time mode; else arrival
  /// A delete without an event time of its own: in event-time mode it applies when it comes, and the event time
  /// is the last one that was seen of its row, if any.
  bool in_order = false;
  bool has_event_time = false;
  int64_t event_time_us = 0;
  int64_t expiry_us = 0;  // 0: never
  int64_t kafka_ms = 0;
  const TopicPartition* partition = nullptr;  // null: a push, which has no place in a log
  int64_t offset = -1;
  uint32_t record = 0;  // row in the batch of records
  std::string_view record_key = {};  // of the record, for stores that name rows by it; empty: of no use

  // Filled by apply().
  RowStatus status = RowStatus::Upserted;
  Failure failure = {};         // of Failed
  std::string failure_text = {};  // what a database said
};

/// A record that carries an ingestion id. Adds 1 to one status: that of its winner, or a fixed one.
struct CountedRecord {
  int64_t group_id = 0;
  int64_t ingestion_id = 0;
  int32_t winner = -1;  // index of a change
  RowStatus status = RowStatus::Ignored;  // without a winner
};

struct ApplyBatch {
  std::span<RowChange> changes;  // at most one for each key, in order of their offsets
  std::span<const CountedRecord> counted;
  OffsetMap next;                // where each partition of the batch goes on
  /// The offsets that `next` takes the place of; a partition that had none is left out. Stores that others
  /// can write to refuse the batch when theirs are different.
  OffsetMap expected;
};

/// Rows by (group, ingestion, status).
using CounterSteps = std::map<std::tuple<int64_t, int64_t, RowStatus>, int64_t>;
CounterSteps tally(const ApplyBatch& batch);

struct Ingestion {
  int64_t id = 0;
  std::optional<int64_t> entries = {};
  std::array<int64_t, kRowStatuses> rows = {};  // by RowStatus
};

/// Another owner has moved the offsets: what this one has read is stale. The task reads them again.
class FencedException : public Error {
 public:
  explicit FencedException(const std::string& message) : Error(ErrorKind::Connect, message) {}
};

/// One task's view of a store. Used by one thread; several may be open on one store.
class OnlineStore {
 public:
  virtual ~OnlineStore() = default;

  /// Where these partitions of the cluster go on, as far as the store knows.
  virtual OffsetMap positions(std::span<const TopicPartition> partitions) = 0;
  /// Makes the table of a plan's group, or fits it to the plan's fields; remembers the schema. Called before
  /// the first change with that plan. Throws DataException when the table cannot take such rows (another
  /// primary key), RetriableException for what may pass.
  virtual void prepare(const RowPlan& plan) = 0;
  /// All of it or nothing. When rows fail by themselves nothing is applied: false, their `status` is Failed, and
  /// the caller reports them, counts them without a winner, and calls again without them. Throws
  /// RetriableException for what may pass, FencedException, and other errors.
  virtual bool apply(ApplyBatch& batch) = 0;
  /// Makes what was applied durable; before offsets are committed to the group.
  virtual void flush() = 0;
  /// The same without waiting, where that can be: what is applied meanwhile may or may not be part of it. The store
  /// outlives the answer, which throws as flush() does.
  virtual std::future<void> flush_soon() {
    std::promise<void> done;
    flush();
    done.set_value();
    return done.get_future();
  }
  /// Moves stored offsets on an operator's demand; nullopt forgets one.
  virtual void set_positions(const std::map<TopicPartition, std::optional<Offset>>& positions) = 0;
  /// The schema the store keeps under an id; null: none.
  virtual avro::SchemaPtr schema(int64_t schema_id) { static_cast<void>(schema_id); return nullptr; }
  /// Drops the table of a group that is gone, and what else it has of it.
  virtual void drop_group(int64_t project_id, int64_t group_id) = 0;

  /// Ingestions (§14). Ids count from 1 in each group.
  virtual Ingestion begin_ingestion(int64_t group_id, std::optional<int64_t> entries) = 0;
  /// The newest `limit` ones, newest first.
  virtual std::vector<Ingestion> ingestions(int64_t group_id, size_t limit) = 0;
  virtual std::optional<Ingestion> ingestion(int64_t group_id, int64_t id) = 0;
};

}  // namespace millrace::feature_store
