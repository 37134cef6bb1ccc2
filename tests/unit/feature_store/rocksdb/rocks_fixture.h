#pragma once
// A store in a folder of its own, a clock by hand, and rows `id bigint, at timestamp, text string`.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "connectors/feature_store/rocksdb/database.h"
#include "tests/support/temporary_folder.h"

namespace millrace::feature_store::testing_rocks {

inline constexpr int64_t kSecond = 1'000'000;
inline constexpr int64_t kStart = 1'700'000'000 * kSecond;

inline std::mt19937_64 seeded() {
  const char* wanted = std::getenv("MILLRACE_TEST_SEED");
  const uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
  std::printf("MILLRACE_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return std::mt19937_64(seed);
}

inline FeatureGroupPtr make_group(int64_t id = 42, const std::function<void(FeatureGroup&)>& change = {}) {
  FeatureGroup group;
  group.id = id;
  group.project_id = 119;
  group.project = "bank";
  group.name = "txn";
  group.version = 1;
  group.primary_key = {"id"};
  group.event_time = "at";
  if (change) change(group);
  return std::make_shared<const FeatureGroup>(std::move(group));
}

inline std::string schema_text(const std::string& more = "") {
  return R"({"type":"record","name":"txn_1","namespace":"bank_featurestore","fields":[
 {"name":"id","type":["null","long"]},
 {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
 {"name":"text","type":["null","string"]})" +
         more + "]}";
}

inline RowPlanPtr make_plan(const FeatureGroupPtr& group, int64_t schema_id = 17,
                            const std::string& more = "") {
  return std::make_shared<RowPlan>(group, schema_id, avro::Schema::parse(schema_text(more)));
}

inline void put_long(std::string& out, int64_t number) {
  auto bits = (static_cast<uint64_t>(number) << 1U) ^ static_cast<uint64_t>(number >> 63);
  for (; bits >= 0x80; bits >>= 7U) out.push_back(static_cast<char>((bits & 0x7F) | 0x80));
  out.push_back(static_cast<char>(bits));
}

/// Avro of a row of schema_text().
inline std::string row_of(int64_t id, std::optional<int64_t> at, const std::string& text) {
  std::string out("\x02");
  put_long(out, id);
  if (at) {
    out.push_back('\x02');
    put_long(out, *at);
  } else {
    out.push_back('\0');
  }
  out.push_back('\x02');
  put_long(out, static_cast<int64_t>(text.size()));
  return out + text;
}

/// What a record says of one row.
struct Step {
  int64_t id = 0;
  std::optional<int64_t> at = {};  // event time
  std::string text = {};
  bool is_delete = false;
  bool if_newer = true;
  int64_t expiry_us = 0;
  int64_t kafka_ms = 1;
  TopicPartition partition = {"t", 0};
  int64_t offset = 0;
};

/// A batch and what it points into.
class Rows {
 public:
  explicit Rows(RowPlanPtr plan) : plan_(std::move(plan)) {}

  RowChange& add(const Step& step) { return add(step, row_of(step.id, step.at, step.text)); }
  RowChange& add(const Step& step, std::string row) {
    rows_.push_back(std::move(row));
    std::string key;
    ScannedRow found;
    const Failure failure = plan_->scan(rows_.back(), step.is_delete, key, found);
    if (failure) throw std::runtime_error(failure.reason);
    keys_.push_back(std::move(key));
    places_.push_back(step.partition);
    plans_.push_back(plan_);
    RowChange& change = changes_.emplace_back();
    change.plan = plan_.get();
    change.key = keys_.back();
    change.row = rows_.back();
    change.is_delete = step.is_delete;
    change.if_newer = step.if_newer;
    change.has_event_time = found.has_event_time;
    change.event_time_us = found.event_time_us;
    change.expiry_us = step.expiry_us;
    change.kafka_ms = step.kafka_ms;
    change.partition = &places_.back();
    change.offset = step.offset;
    next[step.partition] = Offset{step.offset + 1};
    return change;
  }
  void use(RowPlanPtr plan) { plan_ = std::move(plan); }

  bool apply(OnlineStore& store) {
    ApplyBatch batch{changes_, counted, next, expected};
    return store.apply(batch);
  }
  std::vector<RowStatus> statuses() const {
    std::vector<RowStatus> all;
    for (const RowChange& change : changes_) all.push_back(change.status);
    return all;
  }

  std::vector<CountedRecord> counted = {};
  OffsetMap next = {};
  OffsetMap expected = {};

 private:
  RowPlanPtr plan_;
  std::deque<RowPlanPtr> plans_;
  std::deque<std::string> rows_;
  std::deque<std::string> keys_;
  std::deque<TopicPartition> places_;
  std::vector<RowChange> changes_;
};

inline std::string key_of(int64_t id) {
  std::string key;
  const auto flipped = static_cast<uint64_t>(id) ^ (uint64_t{1} << 63U);
  for (int i = 7; i >= 0; --i) key.push_back(static_cast<char>((flipped >> (8 * i)) & 0xFF));
  return key;
}

/// Cell `text` of a row of schema_text().
inline std::string text_of(const RowPlan& plan, std::string_view row) {
  std::vector<Cell> cells(plan.fields().size());
  if (!plan.read(row, cells)) throw std::runtime_error("no row of the plan");
  return std::string(cells[*plan.field("text")].bytes);
}

struct Seen {
  Found found = Found::Absent;
  std::string text = {};
  bool operator==(const Seen&) const = default;
};
inline void PrintTo(const Seen& seen, std::ostream* out) {
  *out << (seen.found == Found::Row ? "row " : seen.found == Found::Expired ? "expired " : "absent ")
       << seen.text;
}
inline const Seen kAbsent{};
inline const Seen kExpired{Found::Expired, {}};
inline Seen shown(std::string text) { return {Found::Row, std::move(text)}; }

inline Seen look_up(const RocksDatabase& database, int64_t id, int64_t group = 42) {
  std::vector<Lookup> lookups(1);
  lookups[0].table = database.table(group);
  lookups[0].key = key_of(id);
  database.get(lookups);
  if (lookups[0].found != Found::Row) return {lookups[0].found, {}};
  return {Found::Row, text_of(*lookups[0].plan, lookups[0].row)};
}

/// The store of a test; `database` is null while it is closed.
class RocksTest : public testing::Test {
 protected:
  RocksOptions options() const {
    return {.path = folder_ / "store",
            .block_cache_bytes = 4 << 20,
            .write_buffer_bytes = size_t{1} << 20,
            .marker_retention = std::chrono::milliseconds(100'000),
            .now_us = [this] { return now.load(); }};
  }
  void open() {
    database = RocksDatabase::open(options());
    store = database->make_store("cluster");
  }
  void close() {
    store.reset();
    database.reset();
  }
  void reopen() {
    close();
    open();
  }
  RowStatus apply(const Step& step) {
    Rows rows(plan);
    rows.add(step);
    EXPECT_TRUE(rows.apply(*store));
    return rows.statuses().front();
  }
  Seen look_up(int64_t id) const { return testing_rocks::look_up(*database, id); }

  testing_support::TemporaryFolder folder_;
  std::atomic<int64_t> now = kStart;
  FeatureGroupPtr group = make_group();
  RowPlanPtr plan = make_plan(group);
  std::shared_ptr<RocksDatabase> database;
  std::unique_ptr<OnlineStore> store;
};

/// What `call` throws; empty when it does not.
template <typename Exception, typename Call>
std::string thrown(const Call& call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace millrace::feature_store::testing_rocks
