// The committer on a table of a file catalog, with small files of any bytes for data.

#include "connectors/lakehouse/commit/table_committer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <semaphore>
#include <set>

#include "connectors/lakehouse/table/manifest.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {
namespace {

using testing_support::TemporaryFolder;

const TableName kOrders = parse_table_name("db.orders");

/// Holds commits back until told otherwise, so that batches gather.
class GatedCatalog : public Catalog {
 public:
  explicit GatedCatalog(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)) {}
  std::optional<LoadedTable> load(const TableName& table) override { return catalog_->load(table); }
  LoadedTable create(const TableName& table, const NewTable& what) override {
    return catalog_->create(table, what);
  }
  LoadedTable commit(const TableName& table, const LoadedTable& base, const TableChange& change) override {
    arrived.release();
    go_on.acquire();
    ++commits;
    return catalog_->commit(table, base, change);
  }

  std::counting_semaphore<> arrived{0};
  std::counting_semaphore<> go_on{0};
  std::atomic<int> commits = 0;

 private:
  std::shared_ptr<Catalog> catalog_;
};

class TableCommitterTest : public ::testing::Test {
 protected:
  TableCommitterTest() {
    catalog_ = make_catalog("c", {{"type", "hadoop"}, {"warehouse", folder_.path().string()}});
    NewTable what;
    what.schema.fields = {{1, "a", false, primitive(TypeId::Long)}};
    table_ = catalog_->create(kOrders, what);
  }
  WrittenBatch batch(int32_t partition, int64_t start, int64_t end, const std::string& file = "") {
    WrittenBatch batch;
    batch.cluster = "c";
    batch.steps = {{{"t", partition}, {start, end}}};
    batch.schema = std::make_shared<TableSchema>(table_->metadata.current_schema());
    if (file.empty()) return batch;
    DataFile data;
    data.path = table_->metadata.data_folder() + "/" + file;
    data.file_size = 3;
    data.metrics.record_count = end - std::max<int64_t>(start, 0);
    const auto out = table_->files->create(data.path);
    out->write(std::vector<uint8_t>{1, 2, 3});
    out->finish();
    batch.files = {data};
    return batch;
  }
  static std::future<BatchOutcome> submit(TableCommitter& committer, WrittenBatch batch) {
    const auto answer = std::make_shared<std::promise<BatchOutcome>>();
    committer.submit(std::move(batch), [answer](const BatchOutcome& outcome) { answer->set_value(outcome); });
    return answer->get_future();
  }
  std::unique_ptr<TableCommitter> committer(std::shared_ptr<Catalog> catalog = nullptr) {
    return std::make_unique<TableCommitter>(catalog ? catalog : catalog_, kOrders, table_->metadata.uuid(),
                                            CommitOptions());
  }
  /// Paths of the head's data files, out of its manifests.
  std::vector<std::string> files() {
    const auto now = catalog_->load(kOrders);
    const auto head = now->metadata.snapshot(*now->metadata.ref("main"));
    std::vector<std::string> paths;
    for (const ManifestFile& manifest :
         read_manifest_list(now->files->read(head->manifest_list), head->manifest_list)) {
      const std::string bytes = now->files->read(manifest.path);
      EXPECT_EQ(static_cast<int64_t>(bytes.size()), manifest.length);
      const auto entries = read_manifest(bytes, manifest, now->metadata.current_schema(),
                                         *now->metadata.spec(manifest.spec_id));
      for (const ManifestEntry& entry : entries) paths.push_back(entry.file.path);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  std::string path(const std::string& file) const { return table_->metadata.data_folder() + "/" + file; }

  TemporaryFolder folder_;
  std::shared_ptr<Catalog> catalog_;
  std::optional<LoadedTable> table_;
};

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
