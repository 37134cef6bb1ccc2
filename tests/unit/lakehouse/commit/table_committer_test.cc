// The committer: batches, groups, fences.

#include <set>

#include "tests/unit/lakehouse/commit/committer_fixture.h"

namespace millrace::lakehouse {
namespace {

TEST_F(TableCommitterTest, WhatItCommitsCanBeRead) {
  const auto one = committer();
  EXPECT_EQ(submit(*one, batch(0, -1, 5, "a.parquet")).get().fate, BatchFate::Committed);
  EXPECT_EQ(submit(*one, batch(0, 5, 9, "b.parquet")).get().fate, BatchFate::Committed);
  EXPECT_EQ(files(), (std::vector{path("a.parquet"), path("b.parquet")}));
  EXPECT_EQ(one->stats().commits, 2U);
  EXPECT_EQ(one->stats().rows, 9U);
  EXPECT_EQ(one->stats().bytes, 6U);
}

TEST_F(TableCommitterTest, AFencedBatchIsFencedAloneAndItsFilesGo) {
  const auto one = committer();
  EXPECT_EQ(submit(*one, batch(0, -1, 5, "a.parquet")).get().fate, BatchFate::Committed);
  const BatchOutcome late = submit(*one, batch(0, -1, 7, "late.parquet")).get();
  EXPECT_EQ(late.fate, BatchFate::Fenced);
  EXPECT_FALSE(table_->files->exists(path("late.parquet")));
  EXPECT_TRUE(table_->files->exists(path("a.parquet")));
  EXPECT_EQ(files(), std::vector{path("a.parquet")});
  EXPECT_EQ(one->stats().fenced_batches, 1U);
}

TEST_F(TableCommitterTest, WhatGathersMeanwhileIsOneSnapshot) {
  const auto gate = std::make_shared<GatedCatalog>(catalog_);
  const auto one = committer(gate);
  auto first = submit(*one, batch(0, -1, 5));
  gate->arrived.acquire();
  std::vector<std::future<BatchOutcome>> others;
  others.push_back(submit(*one, batch(0, 5, 6, "a.parquet")));
  others.push_back(submit(*one, batch(1, -1, 2, "b.parquet")));
  others.push_back(submit(*one, batch(0, 6, 9, "c.parquet")));
  gate->go_on.release(2);
  EXPECT_EQ(first.get().fate, BatchFate::Committed);
  std::set<int64_t> snapshots;
  for (auto& other : others) {
    const BatchOutcome outcome = other.get();
    EXPECT_EQ(outcome.fate, BatchFate::Committed);
    snapshots.insert(outcome.snapshot_id);
  }
  EXPECT_EQ(snapshots.size(), 1U);
  EXPECT_EQ(gate->commits, 2);
  EXPECT_EQ(files().size(), 3U);
}

// Deletes do not reach what their own snapshot adds, so a key must not come twice in one.

TEST_F(TableCommitterTest, WhatDeletesIsCommittedAlone) {
  const auto gated = std::make_shared<GatedCatalog>(catalog_);
  const auto one = committer(gated);
  auto first = submit(*one, batch(0, -1, 5));
  gated->arrived.acquire();
  std::vector<std::future<BatchOutcome>> others;
  for (const int32_t number : {1, 2, 3, 4, 5}) {
    WrittenBatch next = batch(number, -1, 2, std::to_string(number) + ".parquet");
    if (number == 3 || number == 4) {
      next.files[0].content = FileContent::EqualityDeletes;
      next.files[0].equality_ids = {1};
    }
    others.push_back(submit(*one, std::move(next)));
  }
  gated->go_on.release(5);
  EXPECT_EQ(first.get().fate, BatchFate::Committed);
  std::vector<int64_t> snapshots;
  for (auto& other : others) snapshots.push_back(other.get().snapshot_id);
  EXPECT_EQ(snapshots[0], snapshots[1]);
  EXPECT_EQ(std::set<int64_t>(snapshots.begin(), snapshots.end()).size(), 4U);
}

TEST_F(TableCommitterTest, ASpecThatCameMeanwhileIsFound) {
  const auto one = committer();
  EXPECT_EQ(submit(*one, batch(0, -1, 5, "a.parquet")).get().fate, BatchFate::Committed);
  PartitionSpec spec;
  spec.fields = {{1, 1000, "a", Transform{}}};
  const auto now = catalog_->load(kOrders);
  const auto changed = catalog_->commit(
      kOrders, *now, {.requirements = {}, .updates = {change::add_spec(spec), change::set_default_spec(-1)}});
  WrittenBatch next = batch(0, 5, 9, "b.parquet");
  next.files[0].spec_id = changed.metadata.default_spec().id;
  next.files[0].partition = {int64_t{7}};
  const BatchOutcome outcome = submit(*one, std::move(next)).get();
  EXPECT_EQ(outcome.fate, BatchFate::Committed);
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(TableCommitterTest, AnotherTableOfThatNameGetsNothing) {
  TableCommitter one(catalog_, kOrders, new_uuid(), CommitOptions());
  EXPECT_EQ(submit(one, batch(0, -1, 5)).get().fate, BatchFate::Fenced);
  EXPECT_FALSE(catalog_->load(kOrders)->metadata.ref("main"));
}

TEST_F(TableCommitterTest, ItsEndWaitsForWhatWasHandedOver) {
  std::future<BatchOutcome> outcome;
  {
    const auto one = committer();
    outcome = submit(*one, batch(0, -1, 5));
  }
  EXPECT_EQ(outcome.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(outcome.get().fate, BatchFate::Committed);
}

}  // namespace
}  // namespace millrace::lakehouse
