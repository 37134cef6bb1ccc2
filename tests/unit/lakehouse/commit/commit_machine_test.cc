#include "connectors/lakehouse/commit/commit_machine.h"

#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

using Millis = std::chrono::milliseconds;
using Step = CommitMachine::Step;

class CommitMachineTest : public ::testing::Test {
 protected:
  static TableMetadata new_table() {
    NewTable what;
    what.location = "/w/t";
    what.schema.fields = {{1, "a", false, primitive(TypeId::Long)}};
    return TableMetadata::create(what, "00000000-0000-4000-8000-000000000001", 0);
  }
  static PreparedBatch batch(int32_t partition, int64_t start, int64_t end) {
    PreparedBatch prepared;
    prepared.batch.cluster = "c";
    prepared.batch.steps = {{{"t", partition}, {start, end}}};
    ManifestFile manifest;
    manifest.path = "/w/t/m" + std::to_string(partition);
    manifest.added_files = 1;
    prepared.manifests = {manifest};
    return prepared;
  }
  void begin(std::vector<PreparedBatch> batches) {
    CommitOptions options;
    options.total = Millis{1'000};
    machine_.emplace(std::move(batches), table_.uuid(), options,
                     CommitIds{[this] { return "commit-" + std::to_string(++ids_); },
                               [this](const TableMetadata&) { return ++ids_; }});
  }
  CommitMachine::Action next() { return machine_->next(now_, now_.count()); }
  void load() {
    ASSERT_EQ(next().step, Step::Load);
    machine_->loaded(table_, {});
  }
  CommitMachine::Action publish() {
    load();
    CommitMachine::Action action = next();
    EXPECT_EQ(action.step, Step::Publish);
    return action;
  }
  void wait() {
    const auto action = next();
    ASSERT_EQ(action.step, Step::Wait);
    now_ += action.wait;
    machine_->waited();
  }
  /// What a catalog does with it; false for a conflict.
  bool apply(const CommitMachine::Action& action) {
    for (const Json& requirement : action.change.requirements) {
      if (!table_.unmet(requirement).empty()) return false;
    }
    table_ = table_.apply(action.change.updates, now_.count());
    return true;
  }
  const BatchOutcome& outcome(size_t at = 0) {
    EXPECT_EQ(next().step, Step::Done);
    return machine_->outcomes().at(at);
  }
  void commit_at_once(PreparedBatch one) {
    begin({std::move(one)});
    ASSERT_TRUE(apply(publish()));
    machine_->committed();
    ASSERT_EQ(outcome().fate, BatchFate::Committed);
  }
  std::optional<int64_t> stored(int32_t partition) {
    return read_positions(table_, "main").positions.next("c", {"t", partition});
  }

  TableMetadata table_ = new_table();
  std::optional<CommitMachine> machine_;
  Millis now_{0};
  int64_t ids_ = 0;
};

TEST_F(CommitMachineTest, BatchesThatFitGoTogetherAndTheOthersAreFenced) {
  begin({batch(0, -1, 5), batch(0, 5, 9), batch(1, 3, 4), batch(2, -1, 1)});
  const auto action = publish();
  EXPECT_EQ(action.manifests.size(), 3U);
  ASSERT_TRUE(apply(action));
  machine_->committed();
  EXPECT_EQ(outcome(0).fate, BatchFate::Committed);
  EXPECT_EQ(outcome(1).fate, BatchFate::Committed);
  EXPECT_EQ(outcome(2).fate, BatchFate::Fenced);
  EXPECT_FALSE(outcome(2).in_doubt);
  EXPECT_EQ(outcome(3).fate, BatchFate::Committed);
  EXPECT_EQ(stored(0), 9);
  EXPECT_FALSE(stored(1));
  const auto snapshot = table_.snapshot(*table_.ref("main"));
  EXPECT_EQ(snapshot->id, outcome(0).snapshot_id);
  EXPECT_EQ(snapshot->summary.at("millrace.kafka.ranges"), R"({"t":{"0":[-1,9],"2":[-1,1]}})");
}

TEST_F(CommitMachineTest, AConflictIsCheckedAndTriedAgain) {
  begin({batch(0, -1, 5)});
  const auto first = publish();
  machine_->conflict("another was faster");
  wait();
  const auto second = publish();
  EXPECT_NE(first.list_path, second.list_path);
  EXPECT_EQ(machine_->dead_lists(), std::vector{first.list_path});
  ASSERT_TRUE(apply(second));
  machine_->committed();
  EXPECT_EQ(outcome().fate, BatchFate::Committed);
}

TEST_F(CommitMachineTest, AfterAConflictWithTheSameMessagesTheBatchIsFenced) {
  begin({batch(0, -1, 5)});
  publish();
  machine_->conflict("another was faster");
  wait();
  const auto mine = std::exchange(machine_, std::nullopt);
  commit_at_once(batch(0, -1, 7));
  machine_.emplace(*mine);
  load();
  EXPECT_EQ(outcome().fate, BatchFate::Fenced);
  EXPECT_FALSE(outcome().in_doubt);
  EXPECT_EQ(outcome().reason, "the table has 7 for t-0, and the batch began at no offset");
}

TEST_F(CommitMachineTest, AnUnknownOutcomeThatWasAppliedIsFound) {
  begin({batch(0, -1, 5)});
  const auto action = publish();
  ASSERT_TRUE(apply(action));
  machine_->unknown("timeout");
  wait();
  load();
  EXPECT_EQ(outcome().fate, BatchFate::Committed);
  EXPECT_EQ(outcome().snapshot_id, *table_.ref("main"));
  EXPECT_TRUE(machine_->dead_lists().empty()) << "nothing is deleted after an unknown outcome";
}

TEST_F(CommitMachineTest, AnUnknownOutcomeThatWasNotIsTriedAgainAndMayLandLate) {
  begin({batch(0, -1, 5)});
  const auto first = publish();
  machine_->unknown("timeout");
  wait();
  const auto second = publish();
  ASSERT_TRUE(apply(first)) << "it was only late";
  ASSERT_FALSE(apply(second));
  machine_->conflict("late");
  wait();
  load();
  EXPECT_EQ(outcome().fate, BatchFate::Committed);
  EXPECT_EQ(table_.snapshot_ids().size(), 1U);
  EXPECT_EQ(machine_->dead_lists(), std::vector{second.list_path});
}

TEST_F(CommitMachineTest, ALateOneFailsAfterTheSecondTry) {
  begin({batch(0, -1, 5)});
  const auto first = publish();
  machine_->unknown("timeout");
  wait();
  ASSERT_TRUE(apply(publish()));
  machine_->committed();
  EXPECT_EQ(outcome().fate, BatchFate::Committed);
  EXPECT_FALSE(apply(first));
}

TEST_F(CommitMachineTest, AnotherTableOfThatNameFencesAll) {
  begin({batch(0, -1, 5), batch(1, -1, 5)});
  EXPECT_EQ(next().step, Step::Load);
  NewTable what;
  what.location = "/w/t";
  machine_->loaded(TableMetadata::create(what, new_uuid(), 0), {});
  EXPECT_EQ(outcome(0).fate, BatchFate::Fenced);
  EXPECT_EQ(outcome(1).fate, BatchFate::Fenced);
}

TEST_F(CommitMachineTest, OnlyVersionTwoIsWritten) {
  for (const int version : {1, 3}) {
    Json document = new_table().document();
    document["format-version"] = version;
    if (version == 3) document["next-row-id"] = 0;
    table_ = TableMetadata(document);
    begin({batch(0, -1, 5)});
    load();
    EXPECT_EQ(outcome().fate, BatchFate::Failed);
    EXPECT_THROW(std::rethrow_exception(outcome().error), UnsupportedException);
  }
}

TEST_F(CommitMachineTest, GivesUpWhenTheTimeIsOver) {
  begin({batch(0, -1, 5)});
  int tries = 0;
  while (next().step == Step::Load) {
    ++tries;
    machine_->load_failed(std::make_exception_ptr(RetriableException("away")), true);
    const auto action = next();
    if (action.step != Step::Wait) break;
    now_ += action.wait;
    machine_->waited();
  }
  EXPECT_EQ(outcome().fate, BatchFate::Failed);
  EXPECT_FALSE(outcome().in_doubt);
  EXPECT_EQ(tries, 4) << "after 0, 100, 300 and 700 ms of 1 s";
}

TEST_F(CommitMachineTest, WhatIsGivenUpInDoubtStaysInDoubt) {
  begin({batch(0, -1, 5)});
  publish();
  machine_->unknown("timeout");
  machine_->give_up("the worker is stopping");
  EXPECT_EQ(outcome().fate, BatchFate::Failed);
  EXPECT_TRUE(outcome().in_doubt);
}

TEST_F(CommitMachineTest, AnErrorThatWillNotPassFailsAtOnce) {
  begin({batch(0, -1, 5)});
  const auto action = publish();
  machine_->failed(std::make_exception_ptr(ConnectException("forbidden")), false);
  EXPECT_EQ(outcome().fate, BatchFate::Failed);
  EXPECT_EQ(machine_->dead_lists(), std::vector{action.list_path});
}

/// Two manifests that the table has, and rules to merge from three on.
class MergingMachineTest : public CommitMachineTest {
 protected:
  MergingMachineTest() {
    table_ = table_.apply(
        {change::set_properties({{"commit.manifest.min-count-to-merge", "3"}})}, 0);
    commit_at_once(batch(5, -1, 1));
    for (const char* path : {"/w/t/old1", "/w/t/old2"}) {
      ManifestFile manifest;
      manifest.path = path;
      manifest.added_files = 1;
      manifest.sequence_number = manifest.min_sequence_number = 1;
      carried_.push_back(manifest);
    }
  }
  CommitMachine::Action load_and_next() {
    EXPECT_EQ(next().step, Step::Load);
    machine_->loaded(table_, carried_);
    return next();
  }
  static ManifestFile merged(const std::string& path) {
    ManifestFile manifest;
    manifest.path = path;
    manifest.added_files = 1;
    manifest.existing_files = 2;
    manifest.min_sequence_number = 1;
    return manifest;
  }

  std::vector<ManifestFile> carried_;
};

TEST_F(MergingMachineTest, MergesOnceAndKeepsItOverAttempts) {
  begin({batch(0, -1, 5)});
  const auto merge = load_and_next();
  ASSERT_EQ(merge.step, Step::Merge);
  ASSERT_EQ(merge.merges.size(), 1U);
  ASSERT_EQ(merge.merges[0].size(), 3U);
  EXPECT_TRUE(merge.merges[0][0].is_new);
  EXPECT_EQ(merge.merges[0][0].file.path, "/w/t/m0");
  EXPECT_FALSE(merge.merges[0][1].is_new);
  machine_->merged({merged("/w/t/merged")});
  const auto first = next();
  ASSERT_EQ(first.step, Step::Publish);
  ASSERT_EQ(first.manifests.size(), 1U);
  EXPECT_EQ(first.manifests[0].path, "/w/t/merged");
  EXPECT_EQ(first.manifests[0].min_sequence_number, 1);
  EXPECT_EQ(first.manifests[0].sequence_number, table_.last_sequence_number() + 1);
  machine_->conflict("another was faster");
  wait();
  const auto second = load_and_next();
  ASSERT_EQ(second.step, Step::Publish) << "what is merged is merged";
  ASSERT_TRUE(apply(second));
  const auto summary = table_.snapshot(*table_.ref("main"))->summary;
  EXPECT_EQ(summary.at("manifests-created"), "1");
  EXPECT_EQ(summary.at("manifests-kept"), "0");
  EXPECT_EQ(summary.at("manifests-replaced"), "2");
  machine_->committed();
  EXPECT_EQ(outcome().fate, BatchFate::Committed);
  EXPECT_EQ(machine_->dead_manifests(), std::vector<std::string>{"/w/t/m0"});
}

TEST_F(MergingMachineTest, AMergeOfAnotherHeadIsDead) {
  begin({batch(0, -1, 5)});
  ASSERT_EQ(load_and_next().step, Step::Merge);
  machine_->merged({merged("/w/t/merged1")});
  ASSERT_EQ(next().step, Step::Publish);
  machine_->conflict("another compacted");
  wait();
  carried_ = {carried_[0]};
  carried_[0].path = "/w/t/compacted";
  const auto second = load_and_next();
  ASSERT_EQ(second.step, Step::Publish) << "two are not enough";
  EXPECT_EQ(second.manifests.size(), 2U);
  ASSERT_TRUE(apply(second));
  machine_->committed();
  EXPECT_EQ(machine_->dead_manifests(), std::vector<std::string>{"/w/t/merged1"});
}

TEST_F(MergingMachineTest, WhatMayBeAppliedIsNotDead) {
  begin({batch(0, -1, 5)});
  ASSERT_EQ(load_and_next().step, Step::Merge);
  machine_->merged({merged("/w/t/merged1")});
  ASSERT_EQ(next().step, Step::Publish);
  machine_->unknown("timeout");
  wait();
  carried_.pop_back();
  ASSERT_EQ(load_and_next().step, Step::Publish);
  machine_->committed();
  EXPECT_EQ(machine_->dead_manifests(), std::vector<std::string>());
}

TEST_F(MergingMachineTest, WhatCannotBeMergedStays) {
  begin({batch(0, -1, 5)});
  ASSERT_EQ(load_and_next().step, Step::Merge);
  machine_->merged({std::nullopt});
  const auto action = next();
  ASSERT_EQ(action.step, Step::Publish);
  EXPECT_EQ(action.manifests.size(), 3U);
  ASSERT_TRUE(apply(action));
  EXPECT_EQ(table_.snapshot(*table_.ref("main"))->summary.at("manifests-kept"), "2");
  machine_->committed();
  EXPECT_EQ(machine_->dead_manifests(), std::vector<std::string>());
}

TEST_F(MergingMachineTest, ASnapshotWithoutFilesMergesNothing) {
  carried_.push_back(carried_[0]);
  PreparedBatch pin = batch(0, -1, 5);
  pin.manifests.clear();
  begin({pin});
  EXPECT_EQ(load_and_next().step, Step::Publish);
}

TEST_F(CommitMachineTest, NoBatchesAreDone) {
  begin({});
  EXPECT_EQ(next().step, Step::Done);
}

}  // namespace
}  // namespace millrace::lakehouse
