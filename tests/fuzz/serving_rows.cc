#include "tests/fuzz/serving_rows.h"

#include <fmt/format.h>

#include <array>

#include "connectors/feature_store/wire/cell_parse.h"
#include "millrace/json.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

using namespace feature_store;

constexpr const char* kCatalog = R"json({"featureGroups":[
 {"project":"bank","projectId":1,"id":1,"name":"txn","version":1,"primaryKey":["id","name"],"eventTime":"ts",
  "schemas":{"1":{"type":"record","name":"txn_1","fields":[
   {"name":"id","type":["null","long"]},{"name":"name","type":["null","string"]},
   {"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
   {"name":"day","type":["null",{"type":"int","logicalType":"date"}]},
   {"name":"price","type":["null",{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}]},
   {"name":"ok","type":["null","boolean"]},{"name":"blob","type":["null","bytes"]},
   {"name":"recent","type":["null",{"type":"array","items":["null","double"]}]}]}}}],
 "featureViews":[{"project":"bank","name":"v","version":1,"features":[
   {"featureGroup":1,"features":["id","name","ts","price"],"prefix":"p_"},{"featureGroup":1,"features":["ok","recent"]}]}],
 "feast":{"views":[{"name":"v","featureGroup":1,"entities":{"key":"id"}}],
  "services":[{"name":"s","features":["v:price"]}],"pushSources":[{"name":"p","view":"v"}]}})json";

class NoStore final : public OnlineStore {
 public:
  OffsetMap positions(std::span<const TopicPartition>) override { return {}; }
  void prepare(const RowPlan&) override {}
  bool apply(ApplyBatch& batch) override {
    for (const RowChange& change : batch.changes) {
      std::string key;
      ScannedRow scanned;
      check(!change.plan->scan(change.row, false, key, scanned), "a pushed row is none");
      check(key == change.key, "a pushed row has another key");
    }
    return true;
  }
  void flush() override {}
  void set_positions(const std::map<TopicPartition, std::optional<Offset>>&) override {}
  void drop_group(int64_t, int64_t) override {}
  Ingestion begin_ingestion(int64_t, std::optional<int64_t> entries) override {
    return {.id = 1, .entries = entries};
  }
  std::vector<Ingestion> ingestions(int64_t, size_t) override { return {}; }
  std::optional<Ingestion> ingestion(int64_t, int64_t) override { return std::nullopt; }
};

class FixedRows final : public RowSource {
 public:
  explicit FixedRows(const RowPlanPtr& plan) {
    auto table = std::make_shared<StoredTable>();
    table->id = 1;
    table->key = plan->key();
    table->group = plan->group_ptr();
    table->plans = {plan};
    table_ = table;
    const std::array<Cell, 8> cells{};
    std::array<Cell, 8> row = cells;
    row[0].kind = Cell::Kind::Integer;
    row[1].kind = Cell::Kind::Text;
    row[1].bytes = "x";
    row[5].kind = Cell::Kind::Boolean;
    check(RowEncoder(plan).encode(row, row_) == nullptr, "the row");
  }
  StoredTablePtr table(int64_t group_id) const override { return group_id == 1 ? table_ : nullptr; }
  void get(std::span<Lookup> lookups) const override {
    for (Lookup& lookup : lookups) show(lookup);
  }
  bool scan(const StoredTable&, std::string_view, std::string_view after, size_t limit,
            const std::function<bool(std::string_view, const Lookup&)>& visit) const override {
    Lookup row;
    row.table = table_;
    show(row);
    for (size_t i = 0; i < std::min<size_t>(limit, 3); ++i) visit("key" + std::string(after), row);
    return limit > 3;
  }
  bool is_applied(const TopicPartition&, int64_t offset) const override { return offset % 2 == 0; }
  OnlineStore& local() override { return store_; }
  uint64_t ttl_filtered() const noexcept override { return 0; }
  OffsetMap checkpoint(const std::string&) override { return {}; }

 private:
  void show(Lookup& lookup) const {
    const bool even = lookup.key.size() < 8 || lookup.key[7] % 2 == 0;
    lookup.found = even ? Found::Row : Found::Absent;
    lookup.plan = even ? table_->plans[0].get() : nullptr;
    lookup.row = even ? std::string_view(row_) : std::string_view();
    lookup.has_event_time = even;
  }

  StoredTablePtr table_;
  std::string row_;
  NoStore store_;
};

}  // namespace

const ServingParts& serving_parts() {
  static const ServingParts parts = [] {
    const auto catalog = std::make_shared<const Catalog>(parse_catalog(kCatalog, "the fuzzer"));
    const FeatureGroupPtr group = catalog->group_ptr(1);
    const auto plan = std::make_shared<const RowPlan>(group, 1, group->schemas.at(1));
    ServingParts made;
    made.rows = std::make_shared<FixedRows>(plan);
    made.catalog = [catalog] { return catalog; };
    made.keys = std::make_shared<ApiKeys>("");
    made.limits.max_entries = 100;
    made.limits.max_operations = 10;
    made.limits.deadline = std::chrono::milliseconds(60'000);
    return made;
  }();
  return parts;
}

void check_call(Api& api, const Call& call) {
  Answer answer;
  Waiting waiting;
  if (api.handle(call, answer, waiting) == Outcome::Wait) {
    check(!waiting.points.empty() && waiting.most.count() > 0, "waits for nothing");
    return;
  }
  check(answer.status >= 200 && answer.status < 600, "status", std::to_string(answer.status));
  check(answer.status == 200 || !answer.body.empty(), "an error without a body");
  if (!answer.body.empty()) {
    Arena arena;
    Value value;
    const std::string error = parse_json(answer.body, arena, value, JsonNumbers::Exact);
    check(error.empty(), "the answer is no JSON", error + ": " + answer.body);
  }
  Answer again;
  api.handle(call, again, waiting);
  check(again.status == answer.status && again.body == answer.body, "another answer to the same",
        again.body);
}

}  // namespace millrace::fuzz
