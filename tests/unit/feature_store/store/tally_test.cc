#include <gtest/gtest.h>

#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {
namespace {

TEST(Tally, AddsOneToTheStatusOfEachRecordsWinner) {
  std::vector<RowChange> changes(2);
  changes[0].status = RowStatus::Deleted;
  changes[1].status = RowStatus::Ignored;
  const std::vector<CountedRecord> counted = {
      {.group_id = 1, .ingestion_id = 7, .winner = 0},
      {.group_id = 1, .ingestion_id = 7, .winner = 0},
      {.group_id = 1, .ingestion_id = 7, .winner = 1},
      {.group_id = 2, .ingestion_id = 7, .winner = 0},
      {.group_id = 1, .ingestion_id = 8, .winner = 0},
      {.group_id = 1, .ingestion_id = 7, .status = RowStatus::Failed},
      {.group_id = 1, .ingestion_id = 7}};
  const CounterSteps expected = {{{1, 7, RowStatus::Deleted}, 2},
                                 {{1, 7, RowStatus::Ignored}, 2},
                                 {{1, 7, RowStatus::Failed}, 1},
                                 {{1, 8, RowStatus::Deleted}, 1},
                                 {{2, 7, RowStatus::Deleted}, 1}};
  EXPECT_EQ(tally({.changes = changes, .counted = counted, .next = {}, .expected = {}}), expected);
}

TEST(Tally, CountsIdsThatLookLikeTheStart) {
  const std::vector<CountedRecord> counted = {{.group_id = 0, .ingestion_id = 0}};
  EXPECT_EQ(tally({.changes = {}, .counted = counted, .next = {}, .expected = {}}),
            (CounterSteps{{{0, 0, RowStatus::Ignored}, 1}}));
}

TEST(RowStatus, HasTheNamesOfClients) {
  EXPECT_EQ(row_status_name(RowStatus::Upserted), "UPSERTED");
  EXPECT_EQ(row_status_name(RowStatus::Deleted), "DELETED");
  EXPECT_EQ(row_status_name(RowStatus::Ignored), "IGNORED");
  EXPECT_EQ(row_status_name(RowStatus::Failed), "FAILED");
}

}  // namespace
}  // namespace millrace::feature_store
