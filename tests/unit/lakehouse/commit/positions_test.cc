#include "connectors/lakehouse/commit/positions.h"

#include <gtest/gtest.h>

#include "connectors/lakehouse/commit/offset_steps.h"
#include "connectors/lakehouse/commit/position_replay.h"
#include "connectors/lakehouse/commit/snapshot_summary.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

TableMetadata new_table() {
  NewTable what;
  what.location = "/w/t";
  what.schema.fields = {{1, "a", false, primitive(TypeId::Long)}};
  return TableMetadata::create(what, new_uuid(), 0);
}
Positions positions_of(int32_t partitions, int64_t next) {
  Positions positions;
  for (int32_t number = 0; number < partitions; ++number) positions.set("c", {"t", number}, next);
  return positions;
}
/// `table` with one more snapshot on `branch`; with offsets and checkpoint, or somebody else's.
TableMetadata grown(const TableMetadata& table, int64_t id, const Positions* positions,
                    const std::string& branch = "main") {
  Snapshot snapshot;
  snapshot.id = id;
  snapshot.parent_id = table.ref(branch);
  snapshot.sequence_number = table.last_sequence_number() + 1;
  snapshot.manifest_list = "/w/t/list";
  snapshot.summary = {{"operation", "append"}};
  std::vector<Json> updates;
  if (positions != nullptr) {
    snapshot.summary[kOffsetsKey] = summary_text(*positions);
    updates.push_back(change::set_properties(
        {{checkpoint_key(branch), checkpoint_text(*positions, snapshot.sequence_number, id)}}));
  }
  updates.insert(updates.begin(), {change::add_snapshot(snapshot), change::set_branch(branch, id)});
  return table.apply(updates, 0);
}
std::optional<int64_t> next_of(const TableMetadata& table, const std::string& branch = "main") {
  return read_positions(table, branch).positions.next("c", {"t", 0});
}

TEST(Positions, GoThroughJson) {
  Positions positions = positions_of(2, int64_t{1} << 60);
  positions.set("other", {"u", 7}, 0);
  EXPECT_EQ(Positions::from_json(positions.to_json()), positions);
  EXPECT_EQ(positions.to_json().dump(),
            R"({"c":{"t":{"0":1152921504606846976,"1":1152921504606846976}},"other":{"u":{"7":0}}})");
  positions.erase("other", {"u", 7});
  EXPECT_FALSE(positions.knows_topic("other", "u"));
  EXPECT_TRUE(positions.knows_topic("c", "t"));
  for (const char* wrong : {R"([])", R"({"c":1})", R"({"c":{"t":{"x":1}}})", R"({"c":{"t":{"-1":1}}})",
                            R"({"c":{"t":{"0":-1}}})", R"({"c":{"t":{"0":"1"}}})"}) {
    EXPECT_THROW(Positions::from_json(Json::parse(wrong)), DataException) << wrong;
  }
}

TEST(ReadPositions, NewestSnapshotThatHasThem) {
  const Positions first = positions_of(1, 5);
  const Positions second = positions_of(1, 9);
  TableMetadata table = new_table();
  EXPECT_FALSE(next_of(table));
  table = grown(grown(grown(table, 1, &first), 2, &second), 3, nullptr);
  EXPECT_EQ(next_of(table), 9);
  table = table.apply({change::set_branch("main", 1)}, 0);
  EXPECT_EQ(next_of(table), 5) << "a rollback takes the offsets along";
}

TEST(ReadPositions, CheckpointWhenTheirSnapshotsHaveExpired) {
  const Positions positions = positions_of(1, 5);
  const TableMetadata table = grown(grown(new_table(), 1, &positions), 2, nullptr);
  EXPECT_EQ(next_of(table.apply({change::remove_snapshots({1})}, 0)), 5);
}

TEST(ReadPositions, NoCheckpointOfWhatWasRolledBack) {
  const Positions positions = positions_of(1, 5);
  const TableMetadata foreign = grown(new_table(), 1, nullptr);
  const TableMetadata table =
      grown(foreign, 2, &positions).apply({change::set_branch("main", 1)}, 0);
  const StoredPositions listed = read_positions(table, "main");
  EXPECT_TRUE(listed.rolled_back);
  EXPECT_TRUE(listed.positions.empty());
  // The same when the snapshot is not even listed any more: its sequence number tells.
  EXPECT_TRUE(read_positions(table.apply({change::remove_snapshots({2})}, 0), "main").rolled_back);
}

TEST(ReadPositions, EachBranchHasItsOwn) {
  const Positions of_main = positions_of(1, 5);
  const Positions of_audit = positions_of(1, 9);
  TableMetadata table = grown(new_table(), 1, &of_main);
  table = grown(table, 2, nullptr);
  table = grown(table, 3, &of_audit, "audit");
  EXPECT_EQ(next_of(table, "audit"), 9);
  EXPECT_EQ(next_of(table.apply({change::remove_snapshots({1})}, 0)), 5)
      << "main's checkpoint is not that of the branch";
}

TEST(ReadPositions, ManyPartitionsAreInTheCheckpointAlone) {
  const Positions most = positions_of(static_cast<int32_t>(kMaxSummaryPartitions), 1);
  EXPECT_NE(summary_text(most).find("\"c\""), std::string::npos);
  const Positions more = positions_of(static_cast<int32_t>(kMaxSummaryPartitions) + 1, 1);
  EXPECT_LT(summary_text(more).size(), 100U);
  const TableMetadata table = grown(new_table(), 1, &more);
  EXPECT_EQ(read_positions(table, "main").positions, more);
  Positions later = more;
  later.set("c", {"t", 0}, 2);
  const TableMetadata back = grown(table, 2, &later).apply({change::set_branch("main", 1)}, 0);
  EXPECT_THROW(read_positions(back, "main"), DataException) << "the map is that of another snapshot";
}

/// A table whose summaries have hashes, as commits of the same messages make it.
class ReplayedPositions : public ::testing::Test {
 protected:
  static constexpr int32_t kMany = static_cast<int32_t>(kMaxSummaryPartitions) + 5;

  /// One commit that moves partitions from `first` on.
  void commit(int64_t id, std::map<int32_t, int64_t> moves, const std::string& cluster = "c") {
    WrittenBatch batch;
    batch.cluster = cluster;
    for (const auto& [partition, end] : moves) batch.steps[{"t", partition}] = {OffsetStep::kAny, end};
    const Positions base = positions_;
    apply(batch, positions_);
    at_[id] = positions_;
    Snapshot snapshot;
    snapshot.id = id;
    snapshot.parent_id = table_.ref("main");
    snapshot.sequence_number = table_.last_sequence_number() + 1;
    snapshot.manifest_list = "/w/t/list";
    snapshot.summary = {{"operation", "append"},
                        {kOffsetsKey, summary_text(positions_)},
                        {kRangesKey, ranges_text({&batch}, base)}};
    table_ = table_.apply(
        {change::add_snapshot(snapshot), change::set_branch("main", id),
         change::set_properties({{kCheckpointKey, checkpoint_text(positions_, snapshot.sequence_number, id)}})},
        0);
  }
  void pin_all(int64_t id) {
    std::map<int32_t, int64_t> all;
    for (int32_t partition = 0; partition < kMany; ++partition) all[partition] = 3;
    commit(id, all);
  }
  void roll_to(int64_t id) {
    table_ = table_.apply({change::set_branch("main", id)}, 0);
    positions_ = at_[id];
  }
  Positions read() const { return read_positions(table_, "main").positions; }

  TableMetadata table_ = new_table();
  Positions positions_;
  std::map<int64_t, Positions> at_;
};

TEST_F(ReplayedPositions, ARollbackIsUndoneStepByStep) {
  pin_all(1);
  commit(2, {{0, 10}, {1, 5}});
  table_ = grown(table_, 3, nullptr);
  commit(4, {{0, 20}, {kMany, 7}});
  commit(5, {{0, 25}, {2, -1}});
  for (const int64_t id : {4, 2, 1}) {
    roll_to(id);
    EXPECT_EQ(read(), at_[id]) << id;
  }
  roll_to(2);
  commit(6, {{0, 11}});
  EXPECT_EQ(read(), at_[6]);
  roll_to(5);
  EXPECT_EQ(read(), at_[5]) << "back, and forth on the other way";
}

TEST_F(ReplayedPositions, WhatIsNotKnownAnyMoreIsAnError) {
  pin_all(1);
  commit(2, {{0, 10}});
  commit(3, {{0, 20}});
  roll_to(1);
  EXPECT_EQ(read(), at_[1]);
  table_ = table_.apply({change::remove_snapshots({2})}, 0);
  EXPECT_THROW(read(), DataException) << "beginning anew would repeat rows";
}

TEST_F(ReplayedPositions, RangesOfSeveralClustersDoNotTell) {
  pin_all(1);
  commit(2, {{0, 10}}, "other");
  commit(3, {{1, 10}});
  roll_to(2);
  EXPECT_THROW(read(), DataException);
}

TEST(ReadPositions, WhatANewerVersionWroteIsRefused) {
  const TableMetadata table =
      new_table().apply({change::set_properties({{kCheckpointKey, R"({"v":2,"c":{}})"}})}, 0);
  EXPECT_THROW(read_positions(table, "main"), DataException);
  const TableMetadata broken = new_table().apply({change::set_properties({{kCheckpointKey, "{"}})}, 0);
  EXPECT_THROW(read_positions(broken, "main"), DataException);
}

TEST(OffsetSteps, FitOnlyWhereTheBatchBegan) {
  const Positions base = positions_of(2, 5);
  WrittenBatch batch;
  batch.cluster = "c";
  const auto fits = [&](int32_t partition, OffsetStep step) {
    batch.steps = {{{"t", partition}, step}};
    return why_not(batch, base).empty();
  };
  EXPECT_TRUE(fits(0, {5, 9}));
  EXPECT_FALSE(fits(0, {4, 9})) << "an overlap";
  EXPECT_FALSE(fits(0, {6, 9})) << "a gap";
  EXPECT_FALSE(fits(0, {OffsetStep::kUnknown, 0}));
  EXPECT_TRUE(fits(0, {OffsetStep::kAny, 0}));
  EXPECT_TRUE(fits(7, {OffsetStep::kUnknown, 0}));
  EXPECT_FALSE(fits(7, {0, 1}));
  batch.cluster = "other";
  EXPECT_TRUE(fits(0, {OffsetStep::kUnknown, 3}));
  Positions after = base;
  apply(batch, after);
  EXPECT_EQ(after.next("other", {"t", 0}), 3);
  EXPECT_EQ(after.next("c", {"t", 1}), 5) << "what others wrote stays";
  EXPECT_TRUE(is_applied(batch, after));
}

TEST(SnapshotSummary, TotalsGoOnFromTheParent) {
  WrittenBatch batch;
  DataFile file;
  file.file_size = 100;
  file.metrics.record_count = 7;
  batch.files = {file, file};
  batch.files[1].partition = {int32_t{1}};
  auto summary = make_summary({&batch}, nullptr);
  EXPECT_EQ(summary["operation"], "append");
  EXPECT_EQ(summary["added-data-files"], "2");
  EXPECT_EQ(summary["added-records"], "14");
  EXPECT_EQ(summary["changed-partition-count"], "2");
  EXPECT_EQ(summary["total-records"], "14");
  EXPECT_EQ(summary["total-delete-files"], "0");
  EXPECT_FALSE(summary.contains("added-delete-files"));
  Snapshot parent;
  parent.summary = {{"total-records", "100"}, {"total-data-files", "many"}};
  summary = make_summary({&batch}, &parent);
  EXPECT_EQ(summary["total-records"], "114");
  EXPECT_FALSE(summary.contains("total-data-files"));
  EXPECT_FALSE(summary.contains("total-files-size"));
  WrittenBatch deletes;
  deletes.files = {file};
  deletes.files[0].content = FileContent::EqualityDeletes;
  EXPECT_EQ(make_summary({&deletes}, nullptr)["operation"], "delete");
  EXPECT_EQ(make_summary({&deletes, &batch}, nullptr)["operation"], "overwrite");
  EXPECT_EQ(make_summary({}, nullptr)["operation"], "append");
}

}  // namespace
}  // namespace millrace::lakehouse
