#pragma once
// A store with card transactions, and both APIs on it without a socket.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/feature_store/model/catalog.h"
#include "connectors/feature_store/serving/feast_api.h"
#include "connectors/feature_store/serving/json_view.h"
#include "connectors/feature_store/serving/rocks_source.h"
#include "connectors/feature_store/serving/rondb_api.h"
#include "connectors/feature_store/wire/cell_parse.h"
#include "millrace/json.h"
#include "tests/support/temporary_folder.h"

namespace millrace::feature_store {

inline constexpr const char* kCatalog = R"json({"featureGroups":[
 {"project":"bank","projectId":119,"featurestoreId":67,"id":42,"name":"txn","version":1,
  "primaryKey":["cc_num"],"eventTime":"ts","ttlSeconds":86400,
  "online":{"offlineOnly":["raw"]},
  "schemas":{"17":{"type":"record","name":"txn_1","namespace":"bank_featurestore","fields":[
   {"name":"cc_num","type":["null","long"]},
   {"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
   {"name":"amount","type":["null","double"]},
   {"name":"day","type":["null",{"type":"int","logicalType":"date"}]},
   {"name":"price","type":["null",{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}]},
   {"name":"ok","type":["null","boolean"]},
   {"name":"blob","type":["null","bytes"]},
   {"name":"raw","type":["null","string"]},
   {"name":"recent","type":["null",{"type":"array","items":["null","double"]}]},
   {"name":"loc","type":["null",{"type":"record","name":"r77","fields":[
     {"name":"lat","type":["null","double"]},{"name":"lon","type":["null","double"]}]}]}]}}},
 {"project":"bank","projectId":119,"id":43,"name":"profile","version":1,"primaryKey":["cc_num","country"],
  "schemas":{"18":{"type":"record","name":"profile_1","namespace":"bank_featurestore","fields":[
   {"name":"cc_num","type":["null","long"]},
   {"name":"country","type":["null","string"]},
   {"name":"score","type":["null","double"]},
   {"name":"limit","type":["null","long"]},
   {"name":"is_fraud","type":["null","boolean"]}]}}},
 {"project":"bank","projectId":119,"id":44,"name":"empty","version":1,"primaryKey":["id"]},
 {"project":"bank","projectId":119,"id":45,"name":"driver_stats","version":1,"primaryKey":["driver"],
  "eventTime":"event_time",
  "schemas":{"19":{"type":"record","name":"driver_stats_1","namespace":"bank_featurestore","fields":[
   {"name":"driver","type":["null","long"]},
   {"name":"event_time","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
   {"name":"conv_rate","type":["null","double"]},
   {"name":"tags","type":["null",{"type":"array","items":["null","string"]}]}]}}}],
 "featureViews":[
  {"project":"bank","name":"fraud","version":1,"features":[
   {"featureGroup":42,"features":["cc_num","amount","ts"]}]},
  {"project":"bank","name":"wide","version":2,"features":[
   {"featureGroup":42,"features":["cc_num","amount","recent","loc"]},
   {"featureGroup":43,"features":["country","score"],"prefix":"p_"},
   {"featureGroup":43,"feature":"is_fraud","prefix":"p_","label":true}],
   "servingKeys":[{"featureGroup":43,"feature":"cc_num","name":"card"}]}],
 "feast":{"views":[{"name":"driver_stats","featureGroup":45,"entities":{"driver_id":"driver"}},
                   {"name":"txns","featureGroup":42}],
  "services":[{"name":"drivers","features":["driver_stats:conv_rate"]}],
  "pushSources":[{"name":"pushed","view":"driver_stats"}]}})json";

/// 2026-01-02T03:04:05.678901Z
inline constexpr int64_t kEventUs = 1'767'323'045'678'901;
inline constexpr const char* kTransaction =
    R"({"cc_num":4711,"ts":"2026-01-02T03:04:05.678901Z","amount":9.25,"day":"2026-01-02","price":123.45,)"
    R"("ok":true,"blob":"AQID","raw":"r","recent":[1.5,null],"loc":{"lat":59.5,"lon":null}})";

struct Reply {
  int status = 0;
  std::string body = {};
  bool operator==(const Reply&) const = default;
};
inline void PrintTo(const Reply& reply, std::ostream* out) {
  *out << reply.status << " " << reply.body;
}

class ServingFixture : public ::testing::Test {
 public:
  ServingFixture() {
    database_ = RocksDatabase::open(
        {.path = folder_ / "store", .now_us = [this] { return now_us_.load(); }});
    catalog_ = std::make_shared<const Catalog>(parse_catalog(kCatalog, "the test"));
    parts_.rows = std::make_shared<RocksSource>(database_);
    parts_.catalog = [this] { return catalog_; };
    parts_.keys = std::make_shared<ApiKeys>("");
    store_ = database_->make_store("cluster");
  }

  RowPlanPtr plan(int64_t group_id) {
    const FeatureGroupPtr group = catalog_->group_ptr(group_id);
    const auto& [id, schema] = *group->schemas.rbegin();
    return std::make_shared<const RowPlan>(group, id, schema);
  }

  /// Stores a row, its record at `offset` of bank_onlinefs-0.
  void put(int64_t group_id, std::string_view json, int64_t offset = 0) {
    put(plan(group_id), json, offset);
  }
  void put(const RowPlanPtr& own, std::string_view json, int64_t offset) {
    const RowEncoder encoder(own);
    Arena arena;
    Value row;
    ASSERT_EQ(parse_json(json, arena, row, JsonNumbers::Exact), "");
    std::vector<Cell> cells(own->fields().size());
    std::vector<std::string> nested(own->fields().size());
    for (size_t i = 0; i < cells.size(); ++i) {
      const PlannedField& field = own->fields()[i];
      const Value* value = member(row, field.name);
      if (value == nullptr) continue;
      if (field.type.kind == FeatureKind::Complex) {
        ASSERT_EQ(encoder.encode_complex(i, *value, nested[i]), nullptr);
        cells[i].kind = Cell::Kind::Complex;
        cells[i].bytes = nested[i];
      } else {
        ASSERT_EQ(cell_of(*value, field.type, arena, cells[i]), nullptr) << field.name;
      }
    }
    std::string bytes;
    ASSERT_EQ(encoder.encode(cells, bytes), nullptr);
    apply(own, bytes, offset);
  }
  void apply(const RowPlanPtr& own, std::string_view bytes, int64_t offset) {
    std::string key;
    ScannedRow scanned;
    ASSERT_FALSE(own->scan(bytes, false, key, scanned));
    const TopicPartition partition{"bank_onlinefs", 0};
    RowChange change{.plan = own.get(), .key = key, .row = bytes};
    change.has_event_time = scanned.has_event_time;
    change.event_time_us = scanned.event_time_us;
    if (own->group().ttl_seconds)
      change.expiry_us = scanned.event_time_us + *own->group().ttl_seconds * 1'000'000;
    change.partition = &partition;
    change.offset = offset;
    store_->prepare(*own);
    ApplyBatch batch{.changes = {&change, 1},
                     .counted = {},
                     .next = {{partition, Offset(offset + 1)}},
                     .expected = {}};
    ASSERT_TRUE(store_->apply(batch));
  }

  Reply call(Api& api, std::string_view method, std::string_view target, std::string_view body = {},
             Call given = {}) {
    const size_t question = std::min(target.find('?'), target.size());
    given.method = method;
    given.path = target.substr(0, question);
    given.query = target.substr(std::min(question + 1, target.size()));
    given.body = body;
    given.started = std::chrono::steady_clock::now();
    Answer answer;
    waiting_ = {};
    outcome_ = api.handle(given, answer, waiting_);
    return {answer.status, answer.body};
  }
  Reply rondb(std::string_view target, std::string_view body) {
    return call(rondb_, "POST", "/0.1.0/" + std::string(target), body);
  }
  Reply feast(std::string_view target, std::string_view body) {
    return call(feast_, "POST", target, body);
  }

  testing_support::TemporaryFolder folder_;
  std::atomic<int64_t> now_us_{kEventUs + 1'000'000};
  std::shared_ptr<RocksDatabase> database_;
  CatalogPtr catalog_;
  ServingParts parts_;
  std::unique_ptr<OnlineStore> store_;
  LookupStats stats_;
  RondbApi rondb_{parts_, stats_};
  FeastApi feast_{parts_, stats_};
  Waiting waiting_;
  Outcome outcome_ = Outcome::Done;
};

}  // namespace millrace::feature_store
