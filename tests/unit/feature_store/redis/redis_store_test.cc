#include "connectors/feature_store/redis/redis_store.h"

#include <gmock/gmock.h>

#include "connectors/feature_store/redis/entity_key.h"
#include "connectors/feature_store/redis/feast_value.h"
#include "tests/unit/feature_store/redis/redis_fixture.h"

namespace millrace::feature_store::testing_support {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::string entity(int64_t id, const std::string& project = "bank") {
  Cell cell;
  cell.kind = Cell::Kind::Integer;
  cell.integer = id;
  std::string key;
  EntityKeys(KeySchema({"id"}, {parse_feature_type("bigint")}), {}, project)
      .append(key, {&cell, 1});
  return key;
}
std::string hash_key(int64_t id) {
  return "bank:txn_1:" + std::to_string(id);
}

TEST_F(RedisStoreTest, FeastRowsHaveTheViewsFieldsAndItsTime) {
  const auto store = open();
  Batch batch;
  const RowPlanPtr plan = sample_plan();
  store->prepare(*plan);
  batch.add(plan, sample_row(7, 1'767'323'045'678'901, 0.5, "hi"));
  ASSERT_TRUE(batch.apply(*store, -1, 1));
  EXPECT_EQ(batch[0].status, RowStatus::Upserted);
  const auto row = hash(entity(7));
  EXPECT_EQ(row.size(), 4U);
  EXPECT_EQ(row.at(feast_field("txn", "amount")), std::string("\x29\0\0\0\0\0\0\xe0\x3f", 9));
  EXPECT_EQ(row.at(feast_field("txn", "note")), "\x12\x02hi");
  std::string ts;
  append_feast_timestamp(ts, 1'767'323'045'678'901);
  EXPECT_EQ(row.at("_ts:txn"), ts);
  EXPECT_EQ(position(*store), 1);
}

TEST_F(RedisStoreTest, DeletingAViewKeepsTheOtherViewsOfItsEntity) {
  const auto store = open();
  FeatureGroup other = sample_group(43);
  other.name = "risk";
  const RowPlanPtr txn = sample_plan();
  const RowPlanPtr risk = plan_of(other, sample_schema());
  Batch rows;
  rows.add(txn, sample_row(7, 1, 0.5));
  rows.add(risk, sample_row(7, 1, 1.5));
  ASSERT_TRUE(rows.apply(*store, -1, 2));
  EXPECT_EQ(hash(entity(7)).size(), 8U);
  Batch remove;
  remove.add(txn, sample_delete(7), {.is_delete = true});
  ASSERT_TRUE(remove.apply(*store, 2, 3));
  EXPECT_EQ(remove[0].status, RowStatus::Deleted);
  const auto left = hash(entity(7));
  EXPECT_EQ(left.size(), 4U);
  EXPECT_TRUE(left.contains("_ts:risk"));
  EXPECT_FALSE(left.contains("_ts:txn"));
  Batch last;
  last.add(risk, sample_delete(7), {.is_delete = true});
  ASSERT_TRUE(last.apply(*store, 3, 4));
  EXPECT_EQ(exists(entity(7)), 0);
}

TEST_F(RedisStoreTest, HashRowsAreTextAndNullsHaveNoField) {
  const auto store = open("hash");
  const RowPlanPtr plan = sample_plan();
  Batch batch;
  batch.at({"bank_onlinefs", 0}, 5);
  batch.add(plan, sample_row(7, 1'767'323'045'678'901, 9.25));
  ASSERT_TRUE(batch.apply(*store, -1, 6));
  EXPECT_THAT(hash(hash_key(7)), ElementsAre(Pair("_off", "0:5"), Pair("_ts", "1767323045678901"),
                                             Pair("amount", "9.25"), Pair("id", "7"),
                                             Pair("ts", "2026-01-02 03:04:05")));
}

TEST_F(RedisStoreTest, TextInKeysIsEscaped) {
  FeatureGroup group = sample_group();
  group.primary_key = {"a", "b"};
  group.event_time.clear();
  const RowPlanPtr plan = plan_of(group, schema_of({{"a", "\"string\""}, {"b", "\"string\""}}));
  const auto store = open("hash");
  Batch batch;
  batch.add(plan, RowText().bytes("x:y").bytes("%"));
  ASSERT_TRUE(batch.apply(*store, -1, 1));
  EXPECT_EQ(exists("bank:txn_1:x%3Ay:%25"), 1);
}

TEST_F(RedisStoreTest, ConnectNamesRowsByTopicAndRecordKey) {
  const auto store = open("connect");
  const RowPlanPtr plan = sample_plan();
  Batch batch;
  batch.add(plan, sample_row(7, 1, 9.25)).record_key = "7x";
  batch.add(plan, sample_row(8, 1, 9.25));
  ASSERT_TRUE(batch.apply(*store, -1, 2));
  EXPECT_THAT(hash("bank_onlinefs:7x"), ElementsAre(Pair("amount", "9.25"), Pair("id", "7"),
                                                    Pair("ts", "1970-01-01 00:00:00")));
  EXPECT_EQ(exists("bank_onlinefs:8"), 1);
  Batch remove;
  remove.add(plan, sample_delete(7), {.is_delete = true}).record_key = "7x";
  ASSERT_TRUE(remove.apply(*store, 2, 3));
  EXPECT_EQ(exists("bank_onlinefs:7x"), 0);
}

TEST_F(RedisStoreTest, RowsOfOlderSchemasRemoveNewerFeatures) {
  for (const std::string layout : {"feast", "hash"}) {
    call(RedisArguments("FLUSHALL"));
    const auto store = open(layout);
    const RowPlanPtr old_plan = sample_plan();
    FeatureGroup group = sample_group();
    const RowPlanPtr new_plan = plan_of(
        group, schema_of({{"id", "\"long\""}, {"ts", kTimestamp}, {"extra", "\"long\""}}), 18);
    store->prepare(*old_plan);
    store->prepare(*new_plan);
    const std::string key = layout == "feast" ? entity(7) : hash_key(7);
    const std::string extra = layout == "feast" ? feast_field("txn", "extra") : "extra";
    const std::string note = layout == "feast" ? feast_field("txn", "note") : "note";
    Batch newer;
    newer.add(new_plan, RowText().whole(7).whole(1).whole(3));
    ASSERT_TRUE(newer.apply(*store, -1, 1));
    EXPECT_TRUE(hash(key).contains(extra));
    Batch older;
    older.add(old_plan, sample_row(7, 2, 1.0, "n"));
    ASSERT_TRUE(older.apply(*store, 1, 2));
    EXPECT_FALSE(hash(key).contains(extra)) << layout;
    EXPECT_TRUE(hash(key).contains(note));
    // Another task knows of it, too.
    const auto other = open(layout);
    Batch again;
    again.add(new_plan, RowText().whole(7).whole(1).whole(3));
    ASSERT_TRUE(again.apply(*other, 2, 3));
    EXPECT_FALSE(hash(key).contains(note)) << layout;
    EXPECT_TRUE(hash(key).contains(extra));
  }
}

TEST_F(RedisStoreTest, NewerModeKeepsTheLargestEventTime) {
  for (const std::string layout : {"feast", "hash"}) {
    call(RedisArguments("FLUSHALL"));
    const auto store = open(layout);
    const RowPlanPtr plan = sample_plan();
    const Batch::Kind newer{.if_newer = true, .ingestion = 5};
    const auto apply = [&](std::optional<int64_t> ts, double amount, int64_t expected) {
      Batch batch;
      batch.add(plan, sample_row(7, ts, amount), newer);
      EXPECT_TRUE(batch.apply(*store, expected, expected < 0 ? 1 : expected + 1));
      return batch[0].status;
    };
    EXPECT_EQ(apply(std::nullopt, 1, -1), RowStatus::Upserted);
    EXPECT_EQ(apply(-5'000'001, 2, 1), RowStatus::Upserted) << "no time is the lowest";
    EXPECT_EQ(apply(-5'000'002, 3, 2), RowStatus::Ignored);
    EXPECT_EQ(apply(-5'000'000, 4, 3), RowStatus::Upserted);
    EXPECT_EQ(apply(1'767'323'045'678'901, 5, 4), RowStatus::Upserted);
    EXPECT_EQ(apply(1'767'323'045'678'900, 6, 5), RowStatus::Ignored);
    EXPECT_EQ(apply(1'767'323'045'678'901, 7, 6), RowStatus::Upserted)
        << "at one time, the later arrival";
    EXPECT_EQ(apply(std::nullopt, 8, 7), RowStatus::Ignored);
    EXPECT_EQ(apply(-1, 9, 8), RowStatus::Ignored);
    const auto counted = store->ingestion(42, 5);
    ASSERT_TRUE(counted);
    EXPECT_THAT(counted->rows, ElementsAre(5, 0, 4, 0)) << layout;
  }
}

TEST_F(RedisStoreTest, WithoutMarkersAnOlderRowComesBackAfterADelete) {
  const auto store = open("hash");
  const RowPlanPtr plan = sample_plan();
  Batch row;
  row.add(plan, sample_row(7, 100, 1), {.if_newer = true});
  ASSERT_TRUE(row.apply(*store, -1, 1));
  Batch remove;
  remove.add(plan, sample_delete(7), {.is_delete = true, .if_newer = true});
  ASSERT_TRUE(remove.apply(*store, 1, 2));
  EXPECT_EQ(exists(hash_key(7)), 0);
  Batch late;
  late.add(plan, sample_row(7, 50, 2), {.if_newer = true});
  ASSERT_TRUE(late.apply(*store, 2, 3));
  EXPECT_EQ(late[0].status, RowStatus::Upserted);
}

TEST_F(RedisStoreTest, AMarkerKeepsAnOlderRowFromComingBack) {
  for (const std::string layout : {"feast", "hash"}) {
    call(RedisArguments("FLUSHALL"));
    const std::string key = layout == "feast" ? entity(7) : hash_key(7);
    const auto store = open(layout, true);
    const RowPlanPtr plan = sample_plan();
    const auto apply = [&](std::string row, bool is_delete, int64_t expected) {
      Batch batch;
      batch.add(plan, std::move(row), {.is_delete = is_delete, .if_newer = true});
      EXPECT_TRUE(batch.apply(*store, expected, expected < 0 ? 1 : expected + 1));
      return batch[0].status;
    };
    EXPECT_EQ(apply(sample_row(7, 100, 1), false, -1), RowStatus::Upserted);
    EXPECT_EQ(apply(sample_delete(7), true, 1), RowStatus::Deleted);
    EXPECT_EQ(exists(key), 0);
    EXPECT_EQ(apply(sample_row(7, 50, 2), false, 2), RowStatus::Ignored);
    EXPECT_EQ(apply(sample_delete(7), true, 3), RowStatus::Deleted)
        << "again: the marker stays as it is";
    EXPECT_EQ(apply(sample_row(7, 99, 2), false, 4), RowStatus::Ignored);
    EXPECT_EQ(exists(key), 0);
    EXPECT_EQ(apply(sample_row(7, 101, 3), false, 5), RowStatus::Upserted);
    EXPECT_EQ(exists(key), 1);
    EXPECT_TRUE(call(RedisArguments("KEYS", std::string_view("fs:deleted:*"))).items.empty());
  }
}

TEST_F(RedisStoreTest, MarkersEndWithTheirRetention) {
  RedisOptions with = options("hash");
  with.hidden_columns = true;
  with.marker_retention = std::chrono::milliseconds(1);
  const auto store = open_redis(with);
  const RowPlanPtr plan = sample_plan();
  Batch row;
  row.add(plan, sample_row(7, 100, 1), {.if_newer = true});
  ASSERT_TRUE(row.apply(*store, -1, 1));
  Batch remove;
  remove.add(plan, sample_delete(7), {.is_delete = true, .if_newer = true});
  ASSERT_TRUE(remove.apply(*store, 1, 2));
  while (!call(RedisArguments("KEYS", std::string_view("fs:deleted:*"))).items.empty()) {
  }
  Batch late;
  late.add(plan, sample_row(7, 50, 2), {.if_newer = true});
  ASSERT_TRUE(late.apply(*store, 2, 3));
  EXPECT_EQ(late[0].status, RowStatus::Upserted);
}

TEST_F(RedisStoreTest, OnlyHashesOfOneRowExpire) {
  const RowPlanPtr plan = sample_plan();
  const Batch::Kind expiring{.expiry_us = int64_t{4'102'444'800} * 1'000'000};
  for (const std::string layout : {"feast", "hash"}) {
    call(RedisArguments("FLUSHALL"));
    const auto store = open(layout);
    const std::string key = layout == "feast" ? entity(7) : hash_key(7);
    Batch batch;
    batch.add(plan, sample_row(7, 1, 1), expiring);
    ASSERT_TRUE(batch.apply(*store, -1, 1));
    EXPECT_EQ(call(RedisArguments("PEXPIRETIME", key)).number,
              layout == "feast" ? -1 : 4'102'444'800'000);
    Batch lasting;
    lasting.add(plan, sample_row(7, 2, 1));
    ASSERT_TRUE(lasting.apply(*store, 1, 2));
    EXPECT_EQ(call(RedisArguments("PEXPIRETIME", key)).number, -1);
  }
}

TEST_F(RedisStoreTest, ATaskThatIsNoLongerTheOwnerWritesNothing) {
  const auto owner = open("hash");
  const auto zombie = open("hash");
  const RowPlanPtr plan = sample_plan();
  Batch first;
  first.add(plan, sample_row(1, 1, 1), {.ingestion = 3});
  ASSERT_TRUE(first.apply(*owner, -1, 1));
  Batch late;
  late.add(plan, sample_row(1, 2, 9), {.ingestion = 3});
  EXPECT_THROW(late.apply(*zombie, -1, 1), FencedException);
  EXPECT_THROW(late.apply(*zombie, 5, 6), FencedException);
  EXPECT_EQ(hash(hash_key(1)).at("amount"), "1.0");
  EXPECT_EQ(position(*owner), 1);
  EXPECT_THAT(owner->ingestion(42, 3)->rows, ElementsAre(1, 0, 0, 0));
  Batch next;
  next.add(plan, sample_row(1, 2, 2));
  ASSERT_TRUE(next.apply(*zombie, 1, 2)) << "with the positions read again it goes on";
}

TEST_F(RedisStoreTest, AKeyOfAnotherTypeFailsItsRowAndNothingIsDone) {
  const auto store = open("hash");
  const RowPlanPtr plan = sample_plan();
  call(RedisArguments("SET", hash_key(2), std::string_view("mine")));
  Batch batch;
  batch.add(plan, sample_row(1, 1, 1));
  batch.add(plan, sample_row(2, 1, 1));
  EXPECT_FALSE(batch.apply(*store, -1, 2));
  EXPECT_EQ(batch[1].status, RowStatus::Failed);
  EXPECT_EQ(batch[1].failure.type, FailureType::UserData);
  EXPECT_NE(batch[0].status, RowStatus::Failed);
  EXPECT_EQ(exists(hash_key(1)), 0);
  EXPECT_EQ(position(*store), -1);
}

TEST_F(RedisStoreTest, ComplexValuesThatAreNoneFailTheirRow) {
  FeatureGroup group = sample_group();
  group.event_time.clear();
  const RowPlanPtr plan = plan_of(
      group,
      schema_of({{"id", "\"long\""}, {"v", R"({"type":"array","items":["null","double"]})"}}));
  const auto store = open();
  Batch batch;
  batch.add(plan, RowText().whole(1).null());
  batch.add(plan, RowText().whole(2).null());
  const std::string bad =
      RowText().whole(1).bytes(std::string("\x02\x02", 2));  // RowPlan::scan lets none by
  batch[0].row = bad;
  EXPECT_FALSE(batch.apply(*store, -1, 2));
  EXPECT_EQ(batch[0].status, RowStatus::Failed);
  EXPECT_EQ(batch[0].failure.type, FailureType::Deserialization);
  EXPECT_EQ(batch[0].failure.field, 1);
  EXPECT_EQ(exists(entity(2)), 0);
}

TEST_F(RedisStoreTest, RecordsCountForTheirWinnersOrAlone) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  const Ingestion begun = store->begin_ingestion(42, 6);
  EXPECT_EQ(begun.id, 1);
  EXPECT_EQ(store->begin_ingestion(42, std::nullopt).id, 2);
  EXPECT_EQ(store->begin_ingestion(43, std::nullopt).id, 1);
  Batch batch;
  batch.add(plan, sample_row(1, 1, 1), {.ingestion = 1});
  batch.add(plan, sample_delete(2), {.is_delete = true, .ingestion = 1});
  batch.count({42, 1, 0, RowStatus::Ignored});  // collapsed
  batch.count({42, 1, -1, RowStatus::Ignored});
  batch.count({42, 1, -1, RowStatus::Failed});
  batch.count({42, 2, 1, RowStatus::Ignored});
  ASSERT_TRUE(batch.apply(*store, -1, 6));
  const auto one = store->ingestion(42, 1);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->entries, 6);
  EXPECT_THAT(one->rows, ElementsAre(2, 1, 1, 1));
  EXPECT_THAT(store->ingestion(42, 2)->rows, ElementsAre(0, 1, 0, 0));
  EXPECT_FALSE(store->ingestion(42, 2)->entries);
  const auto newest = store->ingestions(42, 10);
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0].id, 2);
  EXPECT_EQ(store->ingestions(42, 1).size(), 1U);
  EXPECT_FALSE(store->ingestion(42, 99));
}

TEST_F(RedisStoreTest, PushedRowsHaveNoPlaceInALog) {
  const auto store = open("hash");
  Batch batch;
  batch.add(sample_plan(), sample_row(1, 1, 1));
  ASSERT_TRUE(batch.push(*store));
  EXPECT_FALSE(hash(hash_key(1)).contains("_off"));
  EXPECT_EQ(position(*store), -1);
}

TEST_F(RedisStoreTest, PositionsAreSetAndForgotten) {
  const auto store = open();
  store->set_positions({{kPartition, Offset{10}}, {{"other", 3}, Offset{4}}});
  EXPECT_EQ(position(*store), 10);
  store->set_positions({{kPartition, std::nullopt}});
  EXPECT_EQ(position(*store), -1);
  EXPECT_EQ(store->positions(std::vector<TopicPartition>{{"other", 3}}).size(), 1U);
  EXPECT_TRUE(store->positions({}).empty());
  EXPECT_EQ(call(RedisArguments("GET", std::string_view("ofs:sink:other:3"))).text, "4");
}

TEST_F(RedisStoreTest, SchemasAreKept) {
  const auto store = open();
  store->prepare(*sample_plan());
  const avro::SchemaPtr stored = store->schema(17);
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(stored->canonical_form(), sample_schema()->canonical_form());
  EXPECT_EQ(store->schema(18), nullptr);
}

TEST_F(RedisStoreTest, AnotherPrimaryKeyIsRefused) {
  const auto store = open();
  store->prepare(*sample_plan());
  FeatureGroup other = sample_group();
  other.primary_key = {"id", "note"};
  EXPECT_THROW(store->prepare(*plan_of(other, sample_schema())), DataException);
}

TEST_F(RedisStoreTest, AGroupThatTakesANameDropsTheRowsBeforeIt) {
  for (const std::string layout : {"feast", "hash"}) {
    call(RedisArguments("FLUSHALL"));
    const auto store = open(layout);
    const std::string key = layout == "feast" ? entity(1) : hash_key(1);
    FeatureGroup neighbour = sample_group(50);
    neighbour.name = "txn_more";
    const RowPlanPtr first = sample_plan(42);
    const RowPlanPtr beside = plan_of(neighbour, sample_schema());
    Batch rows;
    rows.add(first, sample_row(1, 1, 1));
    rows.add(beside, sample_row(1, 1, 1));
    ASSERT_TRUE(rows.apply(*store, -1, 2));
    store->begin_ingestion(42, 1);
    const size_t before = hash(key).size();
    store->prepare(*sample_plan(77));
    EXPECT_EQ(hash(key).size(), layout == "feast" ? before / 2 : 0);
    EXPECT_FALSE(store->ingestion(42, 1));
    EXPECT_EQ(exists("bank:txn_more_1:1"), layout == "hash" ? 1 : 0);
    store->drop_group(119, 77);
    EXPECT_EQ(call(RedisArguments("KEYS", std::string_view("fs:*:77"))).items.size(), 0U);
  }
}

TEST_F(RedisStoreTest, TheScriptIsLoadedAgainWhenRedisHasLostIt) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  Batch first;
  first.add(plan, sample_row(1, 1, 1));
  ASSERT_TRUE(first.apply(*store, -1, 1));
  call(RedisArguments("SCRIPT", std::string_view("FLUSH")));
  Batch second;
  second.add(plan, sample_row(1, 2, 2));
  ASSERT_TRUE(second.apply(*store, 1, 2));
}

TEST_F(RedisStoreTest, FiveHundredColumnsInAThousandRows) {
  FeatureGroup group = sample_group();
  group.event_time.clear();
  std::vector<std::pair<std::string, std::string>> fields = {{"id", "\"long\""}};
  for (int i = 1; i < 500; ++i) fields.emplace_back("f" + std::to_string(i), "\"long\"");
  const RowPlanPtr plan = plan_of(group, schema_of(fields));
  const auto store = open();
  Batch batch;
  for (int64_t id = 0; id < 900; ++id) {
    RowText row;
    for (int i = 0; i < 500; ++i) row.whole(id + i);
    batch.add(plan, row);
  }
  ASSERT_TRUE(batch.apply(*store, -1, 900));
  EXPECT_EQ(hash(entity(899)).size(), 499U);
}

TEST_F(RedisStoreTest, WrongConfigurationsAreRefused) {
  RedisOptions layout = options("tree");
  EXPECT_THROW(open_redis(layout), ConfigException);
  RedisOptions login = options();
  login.password = Password("wrong");
  EXPECT_THROW(open_redis(login), ConfigException);
  RedisOptions cluster = options();
  cluster.cluster = true;
  EXPECT_THROW(open_redis(cluster), ConfigException);
  RedisOptions database = options();
  database.database = 99;
  EXPECT_THROW(open_redis(database), ConfigException);
  RedisOptions nobody = options();
  nobody.port = millrace::testing_support::free_port();
  EXPECT_THROW(open_redis(nobody), RetriableException);
}

}  // namespace
}  // namespace millrace::feature_store::testing_support
