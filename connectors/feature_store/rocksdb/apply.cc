// One batch into the store (feature-store-sink.md §6, §9).

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <limits>

#include "connectors/feature_store/rocksdb/meta_keys.h"
#include "connectors/feature_store/rocksdb/rocks_store.h"
#include "connectors/support/crash_point.h"

namespace millrace::feature_store {
namespace {

constexpr size_t kNotRead = std::numeric_limits<size_t>::max();
constexpr size_t kTableBytes = sizeof(uint32_t);

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

/// Key of `data` in two parts.
struct DataKey {
  DataKey(uint32_t table, std::string_view key) {
    for (size_t i = 0; i < kTableBytes; ++i) {
      prefix[i] = static_cast<char>((table >> (8 * (kTableBytes - 1 - i))) & 0xFF);
    }
    parts = {rocksdb::Slice(prefix.data(), prefix.size()), slice(key)};
  }
  DataKey(const DataKey&) = delete;
  DataKey& operator=(const DataKey&) = delete;
  rocksdb::SliceParts all() const { return {parts.data(), static_cast<int>(parts.size())}; }

  std::array<char, kTableBytes> prefix;
  std::array<rocksdb::Slice, 2> parts;
};

StoredValue value_of(const RowChange& change, uint16_t partition) {
  return {.is_marker = change.is_delete,
          .has_event_time = change.has_event_time,
          .schema_id = change.plan->schema_id(),
          .event_time_us = change.has_event_time ? change.event_time_us : 0,
          .kafka_ms = change.kafka_ms,
          .partition = partition,
          .offset = change.offset,
          .expiry_us = change.is_delete ? 0 : change.expiry_us,
          .row = change.is_delete ? std::string_view() : change.row};
}

}  // namespace

bool RocksStore::apply(ApplyBatch& batch) {
  const auto by_time = [](const RowChange& change) { return change.if_newer; };
  const bool compares = std::any_of(batch.changes.begin(), batch.changes.end(), by_time);
  const int64_t now_us = db_.engine.now_us();
  prepare_missing(batch.changes);
  Positions::Claim claim(db_.positions, cluster_, batch.expected, batch.next);
  const Stripes::Guard guard(db_.stripes, batch.changes, compares);
  find_targets(batch.changes);
  order(batch.changes);
  if (compares) read_current(batch.changes);
  write_.Clear();
  for (const Ordered& one : order_) {
    const size_t i = one.change;
    StoredValue current;
    bool counts = false;
    if (compares && place_[i] != kNotRead && statuses_[place_[i]].ok()) {
      if (!read_value(found_[place_[i]].ToStringView(), current)) {
        db_.engine.fail_damaged("a row's value has an unknown format");
      }
      counts = !is_gone(current, now_us, db_.engine.enforce_ttl());
    }
    put(batch.changes[i], targets_[i], counts ? &current : nullptr, now_us);
  }
  claim.put(write_);
  if (!batch.counted.empty()) db_.ingestions.put(tally(batch), write_);
  crash_point("store.write.before");
  db_.engine.write(write_, "applying rows");
  crash_point("store.write.after");
  claim.publish();
  db_.was_applied.store(true, std::memory_order_relaxed);
  return true;
}

void RocksStore::prepare_missing(std::span<const RowChange> changes) {
  const RowPlan* last = nullptr;
  for (const RowChange& change : changes) {
    if (change.plan == last) continue;
    last = change.plan;
    const StoredTablePtr table = db_.tables.find(last->group().project_id, last->group().id);
    if (!table || table->plan(last->schema_id()) == nullptr) prepare(*last);
  }
}

void RocksStore::find_targets(std::span<const RowChange> changes) {
  targets_.resize(changes.size());
  Target target;
  const RowPlan* plan = nullptr;
  const TopicPartition* partition = nullptr;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].plan != plan) {
      plan = changes[i].plan;
      const StoredTablePtr table = db_.tables.find(plan->group().project_id, plan->group().id);
      if (!table) {
        throw RetriableException("applying rows of feature group " + std::to_string(plan->group().id) +
                                 ": its table was dropped meanwhile");
      }
      target.table = table->id;
    }
    if (changes[i].partition != partition) {
      partition = changes[i].partition;
      target.partition = partition == nullptr ? PartitionRefs::kNone : db_.partitions.ref(*partition);
    }
    targets_[i] = target;
  }
}

// The memtable takes neighbours at less than half the cost, and MultiGet wants them sorted.
void RocksStore::order(std::span<const RowChange> changes) {
  order_.clear();
  for (size_t i = 0; i < changes.size(); ++i) {
    std::array<char, sizeof(uint64_t)> bytes{};
    changes[i].key.copy(bytes.data(), bytes.size());
    order_.push_back({__builtin_bswap64(std::bit_cast<uint64_t>(bytes)), targets_[i].table,
                      static_cast<uint32_t>(i)});
  }
  std::sort(order_.begin(), order_.end(), [changes](const Ordered& a, const Ordered& b) {
    if (a.table != b.table) return a.table < b.table;
    if (a.first_bytes != b.first_bytes) return a.first_bytes < b.first_bytes;
    return changes[a.change].key < changes[b.change].key;
  });
}

void RocksStore::read_current(std::span<const RowChange> changes) {
  size_t bytes = 0;
  for (const RowChange& change : changes) bytes += kTableBytes + change.key.size();
  keys_.clear();
  keys_.reserve(bytes);  // slices point into it
  slices_.clear();
  place_.assign(changes.size(), kNotRead);
  for (const Ordered& one : order_) {
    const size_t i = one.change;
    if (!changes[i].if_newer) continue;
    const size_t begin = keys_.size();
    append_big_endian(keys_, targets_[i].table);
    keys_ += changes[i].key;
    place_[i] = slices_.size();
    slices_.emplace_back(keys_.data() + begin, keys_.size() - begin);
  }
  if (found_.size() < slices_.size()) {
    found_ = std::vector<rocksdb::PinnableSlice>(slices_.size());
    statuses_.resize(slices_.size());
  }
  for (size_t i = 0; i < slices_.size(); ++i) found_[i].Reset();
  db_.engine.db().MultiGet(rocksdb::ReadOptions(), db_.engine.data(), slices_.size(), slices_.data(),
                           found_.data(), statuses_.data(), true);
  for (size_t i = 0; i < slices_.size(); ++i) {
    if (!statuses_[i].IsNotFound()) db_.engine.check(statuses_[i], "reading rows to compare");
  }
}

bool RocksStore::is_newer(const StoredValue& value, const StoredValue& current) const {
  if (value.has_event_time != current.has_event_time) return value.has_event_time;
  if (value.event_time_us != current.event_time_us) return value.event_time_us > current.event_time_us;
  if (value.kafka_ms != current.kafka_ms) return value.kafka_ms > current.kafka_ms;
  const int order = db_.partitions.compare(value.partition, current.partition);
  if (order != 0) return order > 0;
  return value.offset > current.offset;
}

void RocksStore::put(RowChange& change, const Target& target, const StoredValue* current, int64_t now_us) {
  StoredValue value = value_of(change, target.partition);
  change.status = RowStatus::Ignored;
  // A delete without an event time of its own comes when it comes; all else must be newer than what is there.
  const bool in_order = change.in_order || (change.is_delete && !change.has_event_time);
  if (current != nullptr && !in_order && !is_newer(value, *current)) return;
  if (!change.is_delete) {
    if (is_gone(value, now_us, db_.engine.enforce_ttl())) return;
    change.status = RowStatus::Upserted;
    put_value(change, target, value);
    return;
  }
  change.status = RowStatus::Deleted;
  if (!change.if_newer || db_.engine.marker_retention_us() <= 0) {
    const DataKey key(target.table, change.key);
    write_.Delete(db_.engine.data(), key.all());
    return;
  }
  // Older rows that come late stay away.
  if (in_order && current != nullptr && current->has_event_time &&
      (!value.has_event_time || current->event_time_us > value.event_time_us)) {
    value.has_event_time = true;
    value.event_time_us = current->event_time_us;
  }
  value.expiry_us = now_us + db_.engine.marker_retention_us();
  put_value(change, target, value);
}

void RocksStore::put_value(const RowChange& change, const Target& target, const StoredValue& value) {
  const DataKey key(target.table, change.key);
  std::array<char, kMaxValueHead> head;
  const std::array<rocksdb::Slice, 2> parts = {
      rocksdb::Slice(head.data(), write_head(head.data(), value)), slice(value.row)};
  write_.Put(db_.engine.data(), key.all(), {parts.data(), static_cast<int>(parts.size())});
}

}  // namespace millrace::feature_store
