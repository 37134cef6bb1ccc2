// Tables, schemas, groups; offsets and ingestions beside them.

#include <gmock/gmock.h>

#include "rocks_fixture.h"

namespace millrace::feature_store {
namespace {

using namespace testing_rocks;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TablesTest : public RocksTest {
 protected:
  TablesTest() { open(); }
};

TEST_F(TablesTest, AReopenedStoreNeedsNoCatalog) {
  group = make_group(42, [](FeatureGroup& one) {
    one.feature_store_id = 67;
    one.project = "Bank_featurestore";
    one.topic = "bank_onlinefs";
    one.subject = "txn_1";
    one.ttl_seconds = 86'400;
    one.online_types.emplace("text", parse_column_type("varchar(500)"));
    one.offline_only = {"text"};
    one.indexes = {{"text", "at"}};
    one.hash_index = true;
    one.complex_types.emplace("raw", "array<double>");
    one.feature_types.emplace("text", parse_feature_type("string"));
  });
  plan = make_plan(group);
  apply({.id = 1, .at = 3, .text = "a"});
  plan.reset();
  reopen();
  const StoredTablePtr table = database->table(42);
  ASSERT_NE(table, nullptr);
  const FeatureGroup& found = *table->group;
  EXPECT_EQ(found.id, 42);
  EXPECT_EQ(found.project_id, 119);
  EXPECT_EQ(found.feature_store_id, 67);
  EXPECT_EQ(found.database(), "bank");
  EXPECT_EQ(found.table(), "txn_1");
  EXPECT_EQ(found.topic, "bank_onlinefs");
  EXPECT_EQ(found.subject, "txn_1");
  EXPECT_THAT(found.primary_key, ElementsAre("id"));
  EXPECT_EQ(found.event_time, "at");
  EXPECT_EQ(found.ttl_seconds, 86'400);
  EXPECT_EQ(found.online_types, group->online_types);
  EXPECT_EQ(found.offline_only, group->offline_only);
  EXPECT_EQ(found.indexes, group->indexes);
  EXPECT_TRUE(found.hash_index);
  EXPECT_EQ(found.complex_types, group->complex_types);
  EXPECT_EQ(found.feature_types, group->feature_types);
  EXPECT_EQ(table->newest().fields()[2].column.length, 500U);
  EXPECT_EQ(look_up(1), shown("a"));
  ASSERT_NE(store->schema(17), nullptr);
  EXPECT_EQ(store->schema(17)->root().name, "bank_featurestore.txn_1");
  EXPECT_EQ(store->schema(18), nullptr);
}

TEST_F(TablesTest, APrimaryKeyDoesNotChange) {
  store->prepare(*plan);
  const auto other = make_group(42, [](FeatureGroup& one) { one.primary_key = {"text"}; });
  const std::string text = thrown<DataException>([&] { store->prepare(*make_plan(other, 18)); });
  EXPECT_THAT(text, HasSubstr("bank.txn_1 (feature group 42): its primary key is (id bigint), that of schema 18 "
                              "is (text string)"));
  EXPECT_EQ(database->table(42)->plans.size(), 1U);
}

TEST_F(TablesTest, ASchemaIdMeansOneSchema) {
  store->prepare(*plan);
  store->prepare(*make_plan(group, 17));
  const std::string text = thrown<DataException>(
      [&] { store->prepare(*make_plan(group, 17, R"(,{"name":"more","type":"long"})")); });
  EXPECT_THAT(text, HasSubstr("another schema with the id 17"));
}

TEST_F(TablesTest, AGroupThatChangedIsSeenInItsOldSchemas) {
  store->prepare(*plan);
  store->prepare(*make_plan(group, 18, R"(,{"name":"more","type":["null","long"]})"));
  const auto changed = make_group(42, [](FeatureGroup& one) {
    one.online_types.emplace("text", parse_column_type("varchar(7)"));
  });
  store->prepare(*make_plan(changed, 17));
  for (int round = 0; round < 2; ++round) {
    const StoredTablePtr table = database->table(42);
    ASSERT_EQ(table->plans.size(), 2U);
    EXPECT_EQ(table->newest().schema_id(), 18);
    for (const RowPlanPtr& one : table->plans) EXPECT_EQ(one->fields()[2].column.length, 7U);
    reopen();
  }
}

TEST_F(TablesTest, AGroupThatWasMadeAnewBeginsEmpty) {
  apply({.id = 1, .text = "old"});
  const uint32_t old = database->table(42)->id;
  group = make_group(50);
  plan = make_plan(group);
  apply({.id = 2, .text = "new"});
  EXPECT_EQ(database->table(42), nullptr);
  EXPECT_GT(database->table(50)->id, old);
  EXPECT_EQ(testing_rocks::look_up(*database, 1, 50), kAbsent);
  EXPECT_EQ(testing_rocks::look_up(*database, 2, 50), shown("new"));
  reopen();
  EXPECT_EQ(database->tables().size(), 1U);
}

TEST_F(TablesTest, ADroppedTableIsNotFilledWithItsOldRows) {
  apply({.id = 1, .text = "a"});
  store->begin_ingestion(42, 5);
  const StoredTablePtr before = database->table(42);
  store->drop_group(119, 42);
  store->drop_group(119, 42);
  EXPECT_EQ(database->table(42), nullptr);
  EXPECT_FALSE(database->scan(*before, "", "", 9, [](std::string_view, const Lookup&) { return true; }));
  EXPECT_THAT(store->ingestions(42, 9), IsEmpty());
  apply({.id = 2, .text = "b"});  // prepared by itself
  reopen();
  EXPECT_EQ(look_up(1), kAbsent);
  EXPECT_EQ(look_up(2), shown("b"));
  EXPECT_NE(database->table(42)->id, before->id);
}

TEST_F(TablesTest, OffsetsAreKeptByCluster) {
  const TopicPartition one{"t", 0};
  const TopicPartition two{"t", 1};
  const std::vector<TopicPartition> both = {one, two};
  apply({.id = 1, .partition = one, .offset = 9});
  const auto other = database->make_store("other");
  other->set_positions({{one, Offset{3}}, {two, Offset{4}}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store->positions(both), (OffsetMap{{one, Offset{10}}}));
    EXPECT_EQ(database->make_store("other")->positions(both), (OffsetMap{{one, Offset{3}}, {two, Offset{4}}}));
    EXPECT_EQ(database->applied(), (OffsetMap{{one, Offset{10}}, {two, Offset{4}}}));
    if (round == 0) {
      other->flush();
      store.reset();
    }
    store = database->make_store("cluster");
  }
  store->set_positions({{one, std::nullopt}});
  EXPECT_THAT(store->positions(both), IsEmpty());
}

TEST_F(TablesTest, ATaskThatWasGivenUpDoesNotMoveOffsets) {
  const TopicPartition partition{"t", 0};
  apply({.id = 1, .text = "a", .offset = 9});
  Rows late(plan);
  late.add({.id = 1, .at = 9, .text = "late", .offset = 5});
  late.expected = {{partition, Offset{5}}};
  EXPECT_THAT(thrown<FencedException>([&] { late.apply(*store); }), HasSubstr("goes on at 10, not at 5"));
  EXPECT_EQ(look_up(1), shown("a"));
  Rows next(plan);
  next.add({.id = 1, .at = 9, .text = "next", .offset = 10});
  next.expected = {{partition, Offset{10}}};
  EXPECT_TRUE(next.apply(*store));
  EXPECT_EQ(look_up(1), shown("next"));
}

TEST_F(TablesTest, IngestionsCountFromOneInEachGroup) {
  EXPECT_EQ(store->begin_ingestion(42, 1000).id, 1);
  EXPECT_EQ(store->begin_ingestion(42, std::nullopt).id, 2);
  EXPECT_EQ(store->begin_ingestion(43, 7).id, 1);
  Rows rows(plan);
  rows.add({.id = 1, .at = 5});
  rows.counted = {{.group_id = 42, .ingestion_id = 1, .winner = 0},
                  {.group_id = 42, .ingestion_id = 1, .winner = 0},
                  {.group_id = 42, .ingestion_id = 1, .status = RowStatus::Failed},
                  {.group_id = 42, .ingestion_id = 77}};
  rows.apply(*store);
  rows.apply(*store);  // the second is not newer
  reopen();
  const auto found = store->ingestion(42, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entries, 1000);
  EXPECT_THAT(found->rows, ElementsAre(2, 0, 2, 2));
  // Another service's id: counted, though nobody began it here.
  EXPECT_THAT(store->ingestion(42, 77)->rows, ElementsAre(0, 0, 2, 0));
  EXPECT_FALSE(store->ingestion(42, 77)->entries);
  EXPECT_FALSE(store->ingestion(42, 3));
  const auto newest = store->ingestions(42, 2);
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0].id, 77);
  EXPECT_EQ(newest[1].id, 2);
  EXPECT_EQ(store->begin_ingestion(42, 1).id, 78);
}

}  // namespace
}  // namespace millrace::feature_store
