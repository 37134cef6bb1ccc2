// Lookups and scans. What has expired by the request's `now` is not there.

#include <fmt/format.h>

#include <optional>

#include "connectors/feature_store/rocksdb/database_impl.h"
#include "connectors/feature_store/rocksdb/meta_keys.h"
#include "connectors/feature_store/rocksdb/stored_value.h"

namespace millrace::feature_store {

struct Lookup::Pin {
  std::shared_ptr<rocksdb::Cache> cache;  // what is pinned may be a block of it; outlives `value`
  rocksdb::PinnableSlice value;
};

Lookup::Lookup() = default;
Lookup::~Lookup() = default;
Lookup::Lookup(Lookup&&) noexcept = default;
Lookup& Lookup::operator=(Lookup&&) noexcept = default;

namespace {

/// What stored bytes say, into `row`. Tables that have got a schema meanwhile are looked up again.
Found show(const RocksDatabase::Impl& db, std::string_view bytes, int64_t now_us, Lookup& row) {
  StoredValue value;
  if (!read_value(bytes, value)) db.engine.fail_damaged("a row's value has an unknown format");
  if (value.is_marker) return Found::Absent;
  if (is_gone(value, now_us, db.engine.enforce_ttl())) {
    db.ttl_filtered.fetch_add(1, std::memory_order_relaxed);
    return Found::Expired;
  }
  row.plan = row.table->plan(value.schema_id);
  if (row.plan == nullptr) {
    const StoredTablePtr current =
        db.tables.find(row.table->group->project_id, row.table->group->id);
    if (current && current->id == row.table->id) row.plan = current->plan(value.schema_id);
    if (row.plan == nullptr) {
      if (!current) return Found::Absent;  // dropped meanwhile
      db.engine.fail_damaged(fmt::format("a row of table {} has the schema {}, which is not there",
                                         row.table->group->table(), value.schema_id));
    }
    row.table = current;
  }
  row.row = value.row;
  row.has_event_time = value.has_event_time;
  row.event_time_us = value.event_time_us;
  row.kafka_ms = value.kafka_ms;
  row.offset = value.offset;
  return Found::Row;
}

void reset(Lookup& lookup) {
  lookup.found = Found::Absent;
  lookup.plan = nullptr;
  lookup.row = {};
  lookup.has_event_time = false;
  lookup.event_time_us = 0;
  lookup.kafka_ms = 0;
  lookup.offset = -1;
}

void append_data_key(std::string& out, const Lookup& lookup) {
  append_big_endian(out, lookup.table->id);
  out += lookup.key;
}

/// Memory of one thread's requests.
struct Scratch {
  std::string keys;
  std::vector<size_t> asked;  // lookups that have a table
  std::vector<rocksdb::Slice> slices;
  std::vector<rocksdb::PinnableSlice> found;
  std::vector<rocksdb::Status> statuses;
};
Scratch& scratch() {
  thread_local Scratch one;
  return one;
}

}  // namespace

void RocksDatabase::get(std::span<Lookup> lookups) const {
  const Engine& engine = impl_->engine;
  const int64_t now_us = engine.now_us();
  Scratch& use = scratch();
  use.keys.clear();
  use.asked.clear();
  use.slices.clear();
  for (size_t i = 0; i < lookups.size(); ++i) {
    Lookup& one = lookups[i];
    reset(one);
    if (!one.pin_) {
      one.pin_ = std::make_unique<Lookup::Pin>();
      one.pin_->cache = engine.cache();
    }
    one.pin_->value.Reset();
    if (!one.table) continue;
    append_data_key(use.keys, one);
    use.asked.push_back(i);
  }
  size_t begin = 0;
  for (const size_t i : use.asked) {
    const size_t size = sizeof(uint32_t) + lookups[i].key.size();
    use.slices.emplace_back(use.keys.data() + begin, size);
    begin += size;
  }
  if (use.asked.empty()) return;
  use.statuses.resize(use.asked.size());
  const Engine::Use store = engine.use();
  if (use.asked.size() == 1) {
    use.statuses[0] = store->Get(rocksdb::ReadOptions(), store.data, use.slices[0],
                                      &lookups[use.asked[0]].pin_->value);
  } else {
    if (use.found.size() < use.asked.size()) {
      use.found = std::vector<rocksdb::PinnableSlice>(use.asked.size());
    }
    store->MultiGet(rocksdb::ReadOptions(), store.data, use.slices.size(), use.slices.data(),
                         use.found.data(), use.statuses.data());
    for (size_t n = 0; n < use.asked.size(); ++n) {
      lookups[use.asked[n]].pin_->value = std::move(use.found[n]);
    }
  }
  for (size_t n = 0; n < use.asked.size(); ++n) {
    if (use.statuses[n].IsNotFound()) continue;
    engine.check(use.statuses[n], "looking up a row");
    Lookup& one = lookups[use.asked[n]];
    one.found = show(*impl_, one.pin_->value.ToStringView(), now_us, one);
  }
}

bool RocksDatabase::scan(const StoredTable& table, std::string_view prefix, std::string_view after,
                         size_t limit,
                         const std::function<bool(std::string_view key, const Lookup& row)>& visit) const {
  const Engine& engine = impl_->engine;
  const int64_t now_us = engine.now_us();
  Lookup row;
  row.table = impl_->tables.find(table.group->project_id, table.group->id);
  if (!row.table || row.table->id != table.id) return false;  // dropped
  const std::string base = table_prefix(table.id);
  const std::string end = behind_prefix(base + std::string(prefix));
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  const Engine::Use store = engine.use();
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(store->NewIterator(options, store.data));
  at->Seek(base + std::string(std::max(prefix, after)));
  if (!after.empty() && at->Valid() && at->key().ToStringView() == base + std::string(after)) at->Next();
  size_t visited = 0;
  for (; at->Valid(); at->Next()) {
    if (visited == limit) return true;
    reset(row);
    row.found = show(*impl_, at->value().ToStringView(), now_us, row);
    if (row.found != Found::Row) continue;
    ++visited;
    if (!visit(at->key().ToStringView().substr(base.size()), row)) return true;
  }
  engine.check(at->status(), "scanning table " + table.group->table());
  return false;
}

}  // namespace millrace::feature_store
