#pragma once
// Records to the rows that are to be stored (feature-store-sink.md §6, steps 1 to 7).

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/sink/plain_rows.h"
#include "connectors/feature_store/sink/plan_cache.h"
#include "connectors/feature_store/wire/headers.h"
#include "millrace/record.h"

namespace millrace::feature_store {

enum class UpsertMode : uint8_t { Header, Arrival, EventTime };

struct CollectorOptions {
  UpsertMode mode = UpsertMode::Header;
  bool honour_storage = true;
  bool enforce_ttl = true;
  TopicGroups group_of_topic = {};  // of records without headers
};

/// A record that cannot be stored.
struct FailedRecord {
  uint32_t row = 0;  // in the batch of records
  Failure failure = {};
  std::string text = {};
  int64_t group_id = kNoId;
  int64_t ingestion_id = kNoId;
};

/// Of one batch; what it holds points into the records and lives until the next collect(). Task thread only;
/// memory is kept and reused.
class BatchCollector {
 public:
  BatchCollector(PlanCache& plans, CollectorOptions options)
      : plans_(plans), plain_(plans, options.group_of_topic), options_(std::move(options)) {}

  /// Takes rows [begin, end) that are live, and gives where it ended: before `end` when a row's fate depends on
  /// what the store makes of an earlier one of its key. Throws RetriableException when a source of metadata does
  /// not answer; then there is nothing.
  uint32_t collect(const RecordBatch& records, uint32_t begin, uint32_t end, int64_t now_us);

  /// Winners, one for each key.
  std::vector<RowChange>& changes() noexcept { return changes_; }
  std::vector<CountedRecord>& counted() noexcept { return counted_; }
  std::vector<FailedRecord>& failed() noexcept { return failed_; }
  /// Next offsets, by partition.
  const OffsetMap& next() const noexcept { return next_; }
  /// Groups of the records that were passed over without a failure: offline-only, expired.
  const std::vector<int64_t>& ignored_groups() const noexcept { return ignored_; }
  /// Records that lost against another of the same key in the batch.
  uint32_t collapsed() const noexcept { return collapsed_; }
  /// Fields of records without headers that are no column of their group.
  uint64_t unknown_fields() const noexcept { return unknown_fields_; }
  /// The same rows again without those whose changes the store has refused: what they had won against counts.
  void collect_without_failed(const RecordBatch& records);

 private:
  void run(const RecordBatch& records);
  const FailedRecord* refusal_of(uint32_t row) const noexcept;
  bool add(const RecordBatch& records, uint32_t row);
  bool add_plain(const RecordBatch& records, uint32_t row, const RecordHeaders& headers);
  bool add_row(const Record& record, RowChange change, const RecordHeaders& headers, const PlanEntry& entry);
  /// Nothing is to be stored of this record, whatever its row is.
  bool is_settled(uint32_t row, const RecordHeaders& headers, const PlanEntry& entry);
  bool fail_row(uint32_t row, const RecordHeaders& headers, const PlanEntry& entry, const Failure& failure);
  bool add_change(RowChange change, const RecordHeaders& headers, size_t key_begin);
  bool fail(uint32_t row, const RecordHeaders& headers, Failure failure, std::string text);
  bool ignore(const RecordHeaders& headers);
  void count(const RecordHeaders& headers, int32_t winner, RowStatus status);
  uint32_t* slot_of(int64_t group_id, std::string_view key);
  void find_place(const Record& record);

  struct KeyPlace {
    uint32_t begin;
    uint32_t size;
  };

  PlanCache& plans_;
  PlainRows plain_;
  const CollectorOptions options_;
  std::vector<RowChange> changes_;
  std::vector<KeyPlace> places_;  // of keys, by change
  std::string keys_;
  std::vector<uint32_t> slots_;  // hash table: index of a change + 1
  std::vector<CountedRecord> counted_;
  std::vector<FailedRecord> failed_;
  OffsetMap next_;
  OffsetMap::iterator last_place_ = next_.end();
  std::vector<FailedRecord> refused_;  // by the store
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  int64_t now_us_ = 0;
  std::vector<int64_t> ignored_;
  uint32_t collapsed_ = 0;
  uint64_t unknown_fields_ = 0;
};

}  // namespace millrace::feature_store
