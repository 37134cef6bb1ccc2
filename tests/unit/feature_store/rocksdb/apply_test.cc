// Which change wins, and what is left of the other (feature-store-sink.md §6, §9, §16).

#include <gmock/gmock.h>

#include "rocks_fixture.h"

namespace millrace::feature_store {
namespace {

using namespace testing_rocks;
using enum RowStatus;
using testing::ElementsAre;

class ApplyTest : public RocksTest {
 protected:
  ApplyTest() { open(); }
};

TEST_F(ApplyTest, TheLaterOneWinsInOrderOfArrival) {
  EXPECT_EQ(apply({.id = 1, .at = 50, .text = "a", .if_newer = false}), Upserted);
  EXPECT_EQ(apply({.id = 1, .at = 40, .text = "b", .if_newer = false}), Upserted);
  EXPECT_EQ(look_up(1), shown("b"));
  EXPECT_EQ(apply({.id = 1, .is_delete = true, .if_newer = false}), Deleted);
  EXPECT_EQ(look_up(1), kAbsent);
  EXPECT_EQ(apply({.id = 1, .at = 30, .text = "c", .if_newer = false}), Upserted);
  EXPECT_EQ(look_up(1), shown("c"));
}

TEST_F(ApplyTest, TheNewerOneWinsInOrderOfEventTime) {
  EXPECT_EQ(apply({.id = 1, .at = 50, .text = "a"}), Upserted);
  EXPECT_EQ(apply({.id = 1, .at = 40, .text = "b", .kafka_ms = 9, .offset = 9}), Ignored);
  EXPECT_EQ(look_up(1), shown("a"));
  EXPECT_EQ(apply({.id = 1, .at = 51, .text = "c"}), Upserted);
  EXPECT_EQ(look_up(1), shown("c"));
}

TEST_F(ApplyTest, TiesGoDownToTheOffset) {
  const TopicPartition a1{"a", 1};
  const TopicPartition a2{"a", 2};
  const TopicPartition a10{"a", 10};
  const TopicPartition b0{"b", 0};
  // Ascending; the partitions are met in another order than they sort in.
  const std::vector<Step> order = {
      {.kafka_ms = 9, .partition = b0, .offset = 9},  // no event time is the lowest
      {.at = -5, .kafka_ms = 1, .partition = a1},
      {.at = 5, .kafka_ms = 1, .partition = b0, .offset = 9},
      {.at = 5, .kafka_ms = 2, .partition = a1, .offset = 4},
      {.at = 5, .kafka_ms = 2, .partition = a2, .offset = 3},
      {.at = 5, .kafka_ms = 2, .partition = a10, .offset = 2},
      {.at = 5, .kafka_ms = 2, .partition = b0, .offset = 0},
      {.at = 5, .kafka_ms = 2, .partition = b0, .offset = 1}};
  int64_t id = 0;
  for (size_t i = order.size(); i-- > 0;) {
    for (size_t j = order.size(); j-- > 0;) {
      Step first = order[i];
      Step second = order[j];
      first.id = second.id = ++id;
      first.text = "first";
      second.text = "second";
      EXPECT_EQ(apply(first), Upserted);
      EXPECT_EQ(apply(second), j > i ? Upserted : Ignored) << i << " then " << j;
      EXPECT_EQ(look_up(id), shown(j > i ? "second" : "first")) << i << " then " << j;
      if (id == 20) reopen();
    }
  }
}

TEST_F(ApplyTest, ADeleteKeepsOlderRowsAway) {
  apply({.id = 1, .at = 50, .text = "a", .kafka_ms = 10, .offset = 1});
  EXPECT_EQ(apply({.id = 1, .is_delete = true, .kafka_ms = 11, .offset = 2}), Deleted);
  EXPECT_EQ(look_up(1), kAbsent);
  EXPECT_EQ(apply({.id = 1, .at = 49, .text = "late", .kafka_ms = 12, .offset = 3}), Ignored);
  // Of the same event time, the one written after the delete is another row.
  EXPECT_EQ(apply({.id = 1, .at = 50, .text = "a", .kafka_ms = 10, .offset = 1}), Ignored);
  reopen();
  EXPECT_EQ(look_up(1), kAbsent);
  EXPECT_EQ(apply({.id = 1, .at = 50, .text = "again", .kafka_ms = 12, .offset = 4}), Upserted);
  EXPECT_EQ(look_up(1), shown("again"));
}

TEST_F(ApplyTest, AMarkerIsForgottenInTime) {
  apply({.id = 1, .at = 50, .text = "a"});
  apply({.id = 1, .is_delete = true, .offset = 1});
  now = kStart + 100 * kSecond - 1;
  EXPECT_EQ(apply({.id = 1, .at = 40, .text = "late"}), Ignored);
  now = kStart + 100 * kSecond;
  EXPECT_EQ(apply({.id = 1, .at = 40, .text = "late"}), Upserted);
  EXPECT_EQ(look_up(1), shown("late"));
}

TEST_F(ApplyTest, ADeleteWithAnEventTimeMustBeNewer) {
  apply({.id = 1, .at = 50, .text = "a"});
  EXPECT_EQ(apply({.id = 1, .at = 49, .is_delete = true, .offset = 5}), Ignored);
  EXPECT_EQ(look_up(1), shown("a"));
  EXPECT_EQ(apply({.id = 1, .at = 51, .is_delete = true, .offset = 5}), Deleted);
  EXPECT_EQ(apply({.id = 1, .at = 50, .text = "late", .offset = 6}), Ignored);
}

TEST_F(ApplyTest, AnUpsertOverAnExpiredRowIsAnInsert) {
  apply({.id = 1, .at = 50, .text = "a", .expiry_us = kStart + 10});
  EXPECT_EQ(apply({.id = 1, .at = 40, .text = "b", .offset = 1}), Ignored);
  now = kStart + 10;
  EXPECT_EQ(look_up(1), kExpired);
  EXPECT_EQ(apply({.id = 1, .at = 40, .text = "b", .offset = 1}), Upserted);
  EXPECT_EQ(look_up(1), shown("b"));
}

TEST_F(ApplyTest, WhatHasExpiredIsNotWritten) {
  apply({.id = 1, .at = 50, .text = "a", .if_newer = false});
  EXPECT_EQ(apply({.id = 1, .at = 60, .text = "b", .if_newer = false, .expiry_us = kStart}), Ignored);
  EXPECT_EQ(look_up(1), shown("a"));
}

TEST_F(ApplyTest, OneBatchHoldsBothModesAndTwoSchemas) {
  const RowPlanPtr wider = make_plan(group, 18, R"(,{"name":"more","type":["null","long"]})");
  apply({.id = 1, .at = 50, .text = "a"});
  Rows rows(plan);
  rows.add({.id = 1, .at = 40, .text = "b"});
  rows.add({.id = 2, .at = 40, .text = "c", .if_newer = false, .offset = 1});
  rows.use(wider);
  rows.add({.id = 3, .at = 40, .text = "d", .offset = 2}, row_of(3, 40, "d") + '\0');
  rows.use(plan);
  rows.add({.id = 4, .at = 40, .text = "e", .offset = 3});
  EXPECT_TRUE(rows.apply(*store));
  EXPECT_THAT(rows.statuses(), ElementsAre(Ignored, Upserted, Upserted, Upserted));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(look_up(1), shown("a"));
    EXPECT_EQ(look_up(2), shown("c"));
    EXPECT_EQ(look_up(3), shown("d"));
    EXPECT_EQ(look_up(4), shown("e"));
    const StoredTablePtr table = database->table(42);
    ASSERT_EQ(table->plans.size(), 2U);
    EXPECT_EQ(table->newest().schema_id(), 18);
    reopen();
  }
}

TEST_F(ApplyTest, UpsertDeleteUpsertOfOneKeyEndsInTheLast) {
  for (const bool if_newer : {false, true}) {
    apply({.id = 5, .at = 50, .text = "a", .if_newer = if_newer, .kafka_ms = 1});
    apply({.id = 5, .is_delete = true, .if_newer = if_newer, .kafka_ms = 2, .offset = 1});
    EXPECT_EQ(look_up(5), kAbsent);
    apply({.id = 5, .at = 60, .text = "b", .if_newer = if_newer, .kafka_ms = 3, .offset = 2});
    EXPECT_EQ(look_up(5), shown("b"));
  }
}

TEST_F(ApplyTest, APushHasNoPlaceInALog) {
  Rows rows(plan);
  rows.add({.id = 1, .at = 50, .text = "pushed"}).partition = nullptr;
  rows.next.clear();
  EXPECT_TRUE(rows.apply(database->local()));
  EXPECT_EQ(look_up(1), shown("pushed"));
  EXPECT_TRUE(database->applied().empty());
  EXPECT_EQ(apply({.id = 1, .at = 50, .text = "read"}), Upserted);  // it sorts behind the push
}

/// Every order in which two partitions may be applied, each in its own order.
void interleave(const std::vector<Step>& a, const std::vector<Step>& b, std::vector<Step>& so_far, size_t i,
                size_t j, const std::function<void(const std::vector<Step>&)>& visit) {
  if (i == a.size() && j == b.size()) return visit(so_far);
  if (i < a.size()) {
    so_far.push_back(a[i]);
    interleave(a, b, so_far, i + 1, j, visit);
    so_far.pop_back();
  }
  if (j < b.size()) {
    so_far.push_back(b[j]);
    interleave(a, b, so_far, i, j + 1, visit);
    so_far.pop_back();
  }
}

TEST_F(ApplyTest, AllInterleavingsOfTwoPartitionsEndInOneState) {
  std::mt19937_64 random = seeded();
  int64_t id = 0;
  for (int round = 0; round < 25; ++round) {
    std::vector<Step> sides[2];
    for (int side = 0; side < 2; ++side) {
      for (int64_t offset = 0; offset < 4; ++offset) {
        Step step{.text = std::to_string(side) + "/" + std::to_string(offset),
                  .kafka_ms = static_cast<int64_t>(random() % 3),
                  .partition = {side == 0 ? "x" : "a", side},
                  .offset = offset};
        if (random() % 4 != 0) step.at = static_cast<int64_t>(random() % 3);
        step.is_delete = step.at && random() % 3 == 0;  // the event time is in its key
        sides[side].push_back(step);
      }
    }
    std::optional<Seen> expected;
    std::vector<Step> so_far;
    interleave(sides[0], sides[1], so_far, 0, 0, [&](const std::vector<Step>& steps) {
      ++id;
      for (Step step : steps) {
        step.id = id;
        apply(step);
      }
      const Seen seen = look_up(id);
      if (!expected) expected = seen;
      EXPECT_EQ(seen, *expected) << "round " << round;
    });
  }
}

}  // namespace
}  // namespace millrace::feature_store
