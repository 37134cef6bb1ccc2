// Lookups, scans, and waiting for what was applied.

#include <gmock/gmock.h>

#include <thread>

#include "rocks_fixture.h"

namespace millrace::feature_store {
namespace {

using namespace testing_rocks;
using testing::ElementsAre;
using testing::IsEmpty;

class ReadTest : public RocksTest {
 protected:
  ReadTest() { open(); }

  std::vector<std::string> scan(std::string_view prefix, std::string_view after, size_t limit, bool* more) {
    std::vector<std::string> texts;
    *more = database->scan(*database->table(42), prefix, after, limit,
                           [&](std::string_view key, const Lookup& row) {
                             last_key_ = key;
                             texts.push_back(text_of(*row.plan, row.row));
                             return texts.back() != "stop";
                           });
    return texts;
  }

  std::string last_key_;
};

TEST_F(ReadTest, ManyLookupsKeepTheirOrder) {
  apply({.id = 1, .at = 7, .text = "one", .kafka_ms = 5, .offset = 3});
  apply({.id = 3, .text = "three"});
  apply({.id = 4, .text = "four", .expiry_us = kStart + 1});
  apply({.id = 5, .at = 7, .text = "five"});
  apply({.id = 5, .is_delete = true, .offset = 1});
  now = kStart + 1;
  std::vector<Lookup> lookups(7);
  const std::vector<int64_t> ids = {3, 9, 1, 4, 1, 5, 1};
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i < 6) lookups[i].table = database->table(42);
    lookups[i].key = key_of(ids[i]);
  }
  for (int round = 0; round < 2; ++round) {
    database->get(lookups);
    std::vector<Found> found;
    for (const Lookup& one : lookups) found.push_back(one.found);
    using enum Found;
    EXPECT_THAT(found, ElementsAre(Row, Absent, Row, Expired, Row, Absent, Absent));
    EXPECT_EQ(text_of(*lookups[0].plan, lookups[0].row), "three");
    EXPECT_FALSE(lookups[0].has_event_time);
    EXPECT_EQ(text_of(*lookups[4].plan, lookups[4].row), "one");
    EXPECT_TRUE(lookups[4].has_event_time);
    EXPECT_EQ(lookups[4].event_time_us, 7);
    EXPECT_EQ(lookups[4].kafka_ms, 5);
    EXPECT_EQ(lookups[4].offset, 3);
    EXPECT_EQ(database->ttl_filtered(), static_cast<uint64_t>(round + 1));
  }
}

TEST_F(ReadTest, AnAnswerStaysWhileTheRowChanges) {
  apply({.id = 1, .text = "before", .if_newer = false});
  std::vector<Lookup> lookups(1);
  lookups[0].table = database->table(42);
  lookups[0].key = key_of(1);
  database->get(lookups);
  apply({.id = 1, .text = "behind", .if_newer = false});
  EXPECT_EQ(text_of(*lookups[0].plan, lookups[0].row), "before");
  Lookup moved = std::move(lookups[0]);
  EXPECT_EQ(text_of(*moved.plan, moved.row), "before");
}

TEST_F(ReadTest, ARowOfASchemaThatCameMeanwhileIsRead) {
  apply({.id = 1, .text = "a"});
  std::vector<Lookup> lookups(1);
  lookups[0].table = database->table(42);
  lookups[0].key = key_of(1);
  plan = make_plan(group, 18);
  apply({.id = 1, .text = "b", .offset = 1});
  database->get(lookups);
  ASSERT_EQ(lookups[0].found, Found::Row);
  EXPECT_EQ(lookups[0].plan->schema_id(), 18);
}

TEST_F(ReadTest, ScansGoOnBehindTheLastKey) {
  for (const int64_t id : {-3, 1, 2, 300, 301}) apply({.id = id, .text = std::to_string(id)});
  apply({.id = 0, .text = "expired", .expiry_us = kStart + 1});
  apply({.id = 5, .text = "deleted"});
  apply({.id = 5, .is_delete = true, .offset = 1});
  now = kStart + 1;
  bool more = false;
  EXPECT_THAT(scan("", "", 100, &more), ElementsAre("-3", "1", "2", "300", "301"));
  EXPECT_FALSE(more);
  EXPECT_THAT(scan("", "", 2, &more), ElementsAre("-3", "1"));
  EXPECT_TRUE(more);
  EXPECT_THAT(scan("", std::string(last_key_), 2, &more), ElementsAre("2", "300"));
  EXPECT_TRUE(more);
  EXPECT_THAT(scan("", std::string(last_key_), 2, &more), ElementsAre("301"));
  EXPECT_FALSE(more);
  EXPECT_THAT(scan(key_of(300).substr(0, 7), "", 9, &more), ElementsAre("300", "301"));
  EXPECT_FALSE(more);
  EXPECT_THAT(scan(key_of(300).substr(0, 7), key_of(300), 9, &more), ElementsAre("301"));
  EXPECT_THAT(scan(key_of(4), "", 9, &more), IsEmpty());
}

TEST_F(ReadTest, AVisitorEndsAScan) {
  apply({.id = 1, .text = "stop"});
  apply({.id = 2, .text = "never"});
  bool more = false;
  EXPECT_THAT(scan("", "", 9, &more), ElementsAre("stop"));
  EXPECT_TRUE(more);
}

TEST_F(ReadTest, TablesDoNotRunIntoEachOther) {
  apply({.id = 1, .text = "a"});
  const RowPlanPtr other = make_plan(make_group(43, [](FeatureGroup& one) { one.name = "other"; }));
  Rows rows(other);
  rows.add({.id = 1, .text = "b"});
  rows.apply(*store);
  bool more = false;
  EXPECT_THAT(scan("", "", 9, &more), ElementsAre("a"));
  EXPECT_EQ(look_up(1), shown("a"));
  EXPECT_EQ(testing_rocks::look_up(*database, 1, 43), shown("b"));
  EXPECT_EQ(database->tables().size(), 2U);
  EXPECT_EQ(database->table(44), nullptr);
}

TEST_F(ReadTest, WaitsUntilAPartitionIsThere) {
  using namespace std::chrono_literals;
  const TopicPartition partition{"t", 0};
  const auto past = std::chrono::steady_clock::now();
  EXPECT_FALSE(database->wait_applied(partition, 0, past));
  std::thread writer([this] {
    for (int64_t offset = 0; offset < 50; ++offset) apply({.id = 1, .text = "a", .offset = offset});
  });
  EXPECT_TRUE(database->wait_applied(partition, 50, past + 30s));
  EXPECT_EQ(look_up(1), shown("a"));
  writer.join();
  EXPECT_FALSE(database->wait_applied(partition, 51, std::chrono::steady_clock::now()));
  EXPECT_TRUE(database->wait_applied(partition, 50, std::chrono::steady_clock::now()));
}

}  // namespace
}  // namespace millrace::feature_store
