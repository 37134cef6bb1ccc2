#include "connectors/feature_store/sink/batch_collector.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <tuple>

#include "connectors/support/record_place.h"

namespace millrace::feature_store {
namespace {

constexpr uint32_t kFree = 0;

uint64_t hash_of(int64_t group_id, std::string_view key) noexcept {
  return std::hash<std::string_view>{}(key) ^ (static_cast<uint64_t>(group_id) * 0x9E3779B97F4A7C15ULL);
}

/// What decides in event-time mode.
auto order_of(const RowChange& change) {
  return std::make_tuple(change.has_event_time, change.has_event_time ? change.event_time_us : 0, change.kafka_ms,
                         std::string_view(change.partition->topic), change.partition->partition, change.offset);
}

}  // namespace

uint32_t BatchCollector::collect(const RecordBatch& records, uint32_t begin, uint32_t end, int64_t now_us) {
  refused_.clear();
  begin_ = begin;
  end_ = end;
  now_us_ = now_us;
  run(records);
  return end_;
}

void BatchCollector::collect_without_failed(const RecordBatch& records) {
  for (RowChange& change : changes_) {
    if (change.status != RowStatus::Failed) continue;
    const char* reason = change.failure.reason == nullptr ? "" : change.failure.reason;
    refused_.push_back({change.record, change.failure,
                        change.failure_text.empty() ? reason : std::move(change.failure_text)});
  }
  run(records);
}

void BatchCollector::run(const RecordBatch& records) {
  changes_.clear();
  places_.clear();
  keys_.clear();
  counted_.clear();
  failed_.clear();
  next_.clear();
  last_place_ = next_.end();
  ignored_.clear();
  collapsed_ = 0;
  unknown_fields_ = 0;
  plain_.begin();
  slots_.assign(std::bit_ceil(size_t{2} * (end_ - begin_) + 1), kFree);
  for (uint32_t row = begin_; row < end_; ++row) {
    find_place(records[row]);
    if (records[row].state == RowState::Live && !add(records, row)) {
      end_ = row;
      break;
    }
    last_place_->second = Offset{records[row].offset + 1};
    unknown_fields_ = plain_.unknown_fields();
  }
  // Keys have stopped moving.
  for (size_t i = 0; i < changes_.size(); ++i) {
    changes_[i].key = std::string_view(keys_).substr(places_[i].begin, places_[i].size);
  }
}

void BatchCollector::find_place(const Record& record) {
  last_place_ = find_partition(next_, last_place_, record);
  if (last_place_ == next_.end()) last_place_ = next_.emplace(partition_of(record), Offset{record.offset}).first;
}

// False: the row is not taken yet.
bool BatchCollector::add(const RecordBatch& records, uint32_t row) {
  const Record& record = records[row];
  const RecordHeaders headers = read_headers(record);
  if (headers.error != nullptr) {
    return fail(row, headers, {FailureType::Metadata, headers.error, -1}, headers.error);
  }
  if (headers.storage == StorageMark::Offline && options_.honour_storage) return ignore(headers);
  const bool is_plain = headers.feature_group_id == kNoId && headers.subject_id == kNoId;
  if (is_plain && plain_.group_of(record.original_topic) != kNoId) return add_plain(records, row, headers);
  if (headers.feature_group_id == kNoId || headers.subject_id == kNoId) {
    const char* why = headers.feature_group_id == kNoId ? "header featureGroupId is missing"
                                                        : "header subjectId is missing";
    return fail(row, headers, {FailureType::Metadata, why, -1}, why);
  }
  const PlanEntry& entry = plans_.find(headers.project_id, headers.feature_group_id, headers.subject_id,
                                       record.original_topic);
  if (is_settled(row, headers, entry)) return true;
  if (record.value_wire.is_null()) {
    const char* why = "the value is null: a delete has the primary key in its value and operation=delete";
    return fail(row, headers, {FailureType::RowCreation, why, -1}, why);
  }
  RowChange change;
  change.record = row;
  change.row = record.value_wire.text();
  change.is_delete = headers.operation == Operation::Delete;
  return add_row(record, std::move(change), headers, entry);
}

bool BatchCollector::add_plain(const RecordBatch& records, uint32_t row, const RecordHeaders& given) {
  const Record& record = records[row];
  RecordHeaders headers = given;
  headers.feature_group_id = plain_.group_of(record.original_topic);
  const PlanEntry& entry = plans_.find_plain(headers.feature_group_id, record.original_topic);
  if (is_settled(row, headers, entry)) return true;
  PlainRows::Row plain;
  if (const Failure failure = plain_.read(entry.plan, record, plain)) {
    return fail_row(row, headers, entry, failure);
  }
  RowChange change;
  change.record = row;
  change.row = plain.bytes;
  change.is_delete = plain.is_delete || headers.operation == Operation::Delete;
  return add_row(record, std::move(change), headers, entry);
}

bool BatchCollector::is_settled(uint32_t row, const RecordHeaders& headers, const PlanEntry& entry) {
  if (entry.is_offline) return ignore(headers);
  if (!entry.plan) return fail(row, headers, entry.failure, entry.text);
  const FailedRecord* refusal = refusal_of(row);
  return refusal != nullptr && fail(row, headers, refusal->failure, refusal->text);
}

bool BatchCollector::fail_row(uint32_t row, const RecordHeaders& headers, const PlanEntry& entry,
                              const Failure& failure) {
  std::string text = failure.reason;
  if (failure.field >= 0) {
    text = "field " + entry.plan->fields()[static_cast<size_t>(failure.field)].name + ": " + text;
  }
  return fail(row, headers, failure, std::move(text));
}

bool BatchCollector::add_row(const Record& record, RowChange change, const RecordHeaders& headers,
                             const PlanEntry& entry) {
  change.plan = entry.plan.get();
  const size_t key_begin = keys_.size();
  ScannedRow scanned;
  if (const Failure failure = entry.plan->scan(change.row, change.is_delete, keys_, scanned)) {
    return fail_row(change.record, headers, entry, failure);
  }
  change.has_event_time = scanned.has_event_time;
  change.event_time_us = scanned.event_time_us;
  change.in_order = change.is_delete && !scanned.has_event_time;
  if (entry.ttl_us > 0 && scanned.has_event_time && !change.is_delete) {
    if (__builtin_add_overflow(scanned.event_time_us, entry.ttl_us, &change.expiry_us)) change.expiry_us = 0;
    if (options_.enforce_ttl && change.expiry_us != 0 && change.expiry_us <= now_us_) {
      keys_.resize(key_begin);
      return ignore(headers);
    }
  }
  change.if_newer = options_.mode == UpsertMode::EventTime ||
                    (options_.mode == UpsertMode::Header && headers.upsert_if_newer);
  change.kafka_ms = record.timestamp;
  change.partition = &last_place_->first;
  change.offset = record.offset;
  change.record_key = record.key_wire.text();
  return add_change(std::move(change), headers, key_begin);
}

// The slot of a key stays where its first record was; the winner is in it.
bool BatchCollector::add_change(RowChange change, const RecordHeaders& headers, size_t key_begin) {
  const std::string_view key = std::string_view(keys_).substr(key_begin);
  uint32_t* slot = slot_of(change.plan->group().id, key);
  if (*slot == kFree) {
    *slot = static_cast<uint32_t>(changes_.size()) + 1;
    places_.push_back({static_cast<uint32_t>(key_begin), static_cast<uint32_t>(key.size())});
    changes_.push_back(std::move(change));
    count(headers, static_cast<int32_t>(*slot - 1), RowStatus::Upserted);
    return true;
  }
  keys_.resize(key_begin);
  RowChange& held = changes_[*slot - 1];
  // What a delete leaves behind depends on the row that the store has.
  if (change.if_newer != held.if_newer || (change.if_newer && held.in_order && !change.in_order)) return false;
  ++collapsed_;
  if (!change.if_newer || change.in_order || order_of(change) > order_of(held)) {
    if (change.in_order && held.has_event_time) {
      change.has_event_time = true;
      change.event_time_us = held.event_time_us;
    }
    held = std::move(change);
  }
  count(headers, static_cast<int32_t>(*slot - 1), RowStatus::Upserted);
  return true;
}

uint32_t* BatchCollector::slot_of(int64_t group_id, std::string_view key) {
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash_of(group_id, key) & mask;; at = (at + 1) & mask) {
    uint32_t& slot = slots_[at];
    if (slot == kFree) return &slot;
    const KeyPlace place = places_[slot - 1];
    const bool same = changes_[slot - 1].plan->group().id == group_id &&
                      std::string_view(keys_).substr(place.begin, place.size) == key;
    if (same) return &slot;
  }
}

bool BatchCollector::fail(uint32_t row, const RecordHeaders& headers, Failure failure, std::string text) {
  failed_.push_back({row, failure, std::move(text), headers.feature_group_id, headers.ingestion_id});
  count(headers, -1, RowStatus::Failed);
  return true;
}

bool BatchCollector::ignore(const RecordHeaders& headers) {
  ignored_.push_back(headers.feature_group_id);
  count(headers, -1, RowStatus::Ignored);
  return true;
}

void BatchCollector::count(const RecordHeaders& headers, int32_t winner, RowStatus status) {
  if (headers.ingestion_id == kNoId || headers.feature_group_id == kNoId) return;
  counted_.push_back({headers.feature_group_id, headers.ingestion_id, winner, status});
}

const FailedRecord* BatchCollector::refusal_of(uint32_t row) const noexcept {
  const auto at = std::find_if(refused_.begin(), refused_.end(),
                               [row](const FailedRecord& one) { return one.row == row; });
  return at == refused_.end() ? nullptr : &*at;
}

}  // namespace millrace::feature_store
