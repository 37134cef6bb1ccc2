#include "connectors/feature_store/sink/batch_collector.h"

#include <cstdio>
#include <random>

#include "tests/unit/feature_store/sink/collector/collector_fixture.h"

namespace millrace::feature_store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BatchCollectorTest : public CollectorFixture {};

TEST_F(BatchCollectorTest, LastOfAKeyWinsInArrivalMode) {
  add({.id = 1, .at = 30, .text = "a", .ingestion = "7"});
  add({.id = 2, .text = "x", .ingestion = "7"});
  add({.id = 1, .operation = "delete", .ingestion = "7"});
  add({.id = 1, .at = 10, .text = "b", .ingestion = "7"});
  run();
  EXPECT_THAT(stored(), ElementsAre("42/1=b", "42/2=x"));
  EXPECT_EQ(store_.batches, 1);
  EXPECT_EQ(count(42, 7, RowStatus::Upserted), 4) << "collapsed rows count as their winner";
  EXPECT_EQ(store_.next, (OffsetMap{{{"bank_onlinefs", 0}, Offset{4}}}));
}

TEST_F(BatchCollectorTest, NewestOfAKeyWinsInEventTimeMode) {
  add({.at = 30, .text = "a", .if_newer = true});
  add({.at = 10, .text = "b", .if_newer = true});
  add({.text = "none", .if_newer = true});
  run();
  EXPECT_THAT(stored(), ElementsAre("42/1=a"));
  EXPECT_EQ(store_.batches, 1);
}

TEST_F(BatchCollectorTest, TheModeOfTheConfigurationGoesBeforeTheHeader) {
  add({.at = 30, .text = "a"});
  add({.at = 10, .text = "b", .if_newer = true});
  run({.mode = UpsertMode::Arrival});
  EXPECT_THAT(stored(), ElementsAre("42/1=b"));
  forget();
  run({.mode = UpsertMode::EventTime});
  EXPECT_THAT(stored(), ElementsAre("42/1=a"));
}

TEST_F(BatchCollectorTest, ADeleteKeepsOlderRowsAwayAcrossTheBatch) {
  add({.at = 20, .text = "a", .if_newer = true});
  run({.mode = UpsertMode::EventTime});
  records_.reset();
  add({.at = 10, .text = "b", .if_newer = true});
  add({.operation = "delete", .if_newer = true});
  add({.at = 15, .text = "late", .if_newer = true});
  run({.mode = UpsertMode::EventTime});
  EXPECT_THAT(stored(), ElementsAre("42/1-")) << "15 is older than the 20 that the delete has seen";
}

TEST_F(BatchCollectorTest, OfflineRowsAndExpiredOnesAreIgnoredAndCounted) {
  add({.storage = "offline", .ingestion = "3"});
  add({.storage = "0", .ingestion = "3"});
  add({.text = "a", .storage = "1", .ingestion = "3"});
  add({.at = kNowUs - 60'000'000, .text = "old", .ingestion = "3", .group = "43"});
  add({.id = 2, .at = kNowUs - 59'999'999, .text = "young", .ingestion = "3", .group = "43"});
  run();
  EXPECT_THAT(stored(), ElementsAre("42/1=a", "43/2=young"));
  EXPECT_EQ(count(42, 3, RowStatus::Ignored), 2);
  EXPECT_EQ(count(43, 3, RowStatus::Ignored), 1);
  EXPECT_EQ(count(43, 3, RowStatus::Upserted), 1);
  forget();
  run({.honour_storage = false, .enforce_ttl = false});
  EXPECT_EQ(store_.rows.size(), 3U);
  EXPECT_EQ(count(42, 3, RowStatus::Ignored), 0);
}

TEST_F(BatchCollectorTest, ABadRecordFailsByItself) {
  add({.id = 1, .text = "a"});
  add({.id = 2, .text = "b", .ingestion = "9"}).value_wire.size -= 1;
  add({.id = 3, .text = "c", .group = "99"});
  add({.id = 4, .group = "x"});
  add({.id = 5}).value_wire = {};
  add({.id = 6, .operation = "merge"});
  add({.id = 7, .text = "d"});
  run();
  EXPECT_THAT(stored(), ElementsAre("42/1=a", "42/7=d"));
  ASSERT_EQ(failed_.size(), 5U);
  EXPECT_EQ(failed_[0].failure.type, FailureType::Deserialization);
  EXPECT_THAT(failed_[0].text, HasSubstr("field text: "));
  EXPECT_EQ(failed_[0].ingestion_id, 9);
  EXPECT_EQ(count(42, 9, RowStatus::Failed), 1);
  EXPECT_EQ(failed_[1].failure.type, FailureType::Metadata);
  EXPECT_THAT(failed_[1].text, HasSubstr("feature group 99 of project 119 is unknown"));
  EXPECT_EQ(failed_[2].text, "header featureGroupId is no number");
  EXPECT_EQ(failed_[3].failure.type, FailureType::RowCreation);
  EXPECT_EQ(failed_[4].failure.type, FailureType::Metadata);
  EXPECT_EQ(store_.next.begin()->second, Offset{7});
}

TEST_F(BatchCollectorTest, WhatTheStoreRefusesLeavesTheRowBeforeIt) {
  add({.text = "good", .ingestion = "4"});
  add({.text = "too long", .ingestion = "4"});
  add({.id = 2, .text = "x", .ingestion = "4"});
  store_.refuses = [](const RowChange& change) { return change.row.find("too long") != std::string_view::npos; };
  run();
  EXPECT_THAT(stored(), ElementsAre("42/1=good", "42/2=x"));
  ASSERT_EQ(failed_.size(), 1U);
  EXPECT_EQ(failed_[0].row, 1U);
  EXPECT_EQ(count(42, 4, RowStatus::Upserted), 2);
  EXPECT_EQ(count(42, 4, RowStatus::Failed), 1);
}

TEST_F(BatchCollectorTest, AnEmptySliceIsEmpty) {
  BatchCollector collector(plans_, {});
  EXPECT_EQ(collector.collect(records_, 0, 0, kNowUs), 0U);
  EXPECT_THAT(collector.changes(), IsEmpty());
}

// However records are cut into batches, the store ends the same, and so do the counters of what was stored in
// the end, in every mode and mixture of modes.
TEST_F(BatchCollectorTest, SlicesDoNotMatter) {
  const auto seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const auto pick = [&random](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  for (int round = 0; round < 200; ++round) {
    records_.reset();
    const int mixture = pick(3);
    for (int i = 0; i < 60; ++i) {
      Row row{.id = pick(4), .text = std::string(1, static_cast<char>('a' + pick(26)))};
      if (pick(4) != 0) row.at = pick(10);
      if (pick(3) == 0) {
        row.operation = "delete";
        if (pick(3) != 0) row.at = {};
      }
      row.if_newer = mixture == 0 || (mixture == 1 && pick(2) == 0);
      row.partition = pick(2);
      row.kafka_ms = pick(3);
      row.ingestion = "1";
      add(row);
    }
    forget();
    run({}, 1);
    const auto rows = store_.rows;
    const auto next = store_.next;
    ASSERT_THAT(failed_, IsEmpty());
    for (const uint32_t slice : {2U, 7U, 60U}) {
      forget();
      run({}, slice);
      ASSERT_EQ(store_.rows, rows) << "round " << round << ", slices of " << slice;
      ASSERT_EQ(store_.next, next);
      int64_t counted = 0;
      for (const auto& [what, count] : store_.counters) counted += count;
      ASSERT_EQ(counted, 60) << "each record counts once";
    }
  }
}

}  // namespace
}  // namespace millrace::feature_store
