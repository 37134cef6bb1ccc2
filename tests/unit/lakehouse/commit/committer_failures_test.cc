// Batches whose manifests cannot be written.

#include "millrace/errors.h"
#include "tests/unit/lakehouse/commit/committer_fixture.h"

namespace millrace::lakehouse {
namespace {

/// Files of a folder, with manifests that cannot be written for now.
class FailingFiles : public FileIO {
 public:
  explicit FailingFiles(std::shared_ptr<FileIO> files) : files_(std::move(files)) {}
  std::unique_ptr<OutputFile> create(const std::string& path) override {
    if (path.find("-m0.avro") != std::string::npos && to_fail > 0) {
      --to_fail;
      failed.release();
      throw RetriableException("writing " + path + ": the disk is full");
    }
    return files_->create(path);
  }
  std::string read(const std::string& path) override { return files_->read(path); }
  bool exists(const std::string& path) override { return files_->exists(path); }
  std::vector<std::string> list(const std::string& folder) override { return files_->list(folder); }
  bool publish(const std::string& path, std::string_view bytes) override {
    return files_->publish(path, bytes);
  }
  void remove(const std::string& path) override { files_->remove(path); }

  std::atomic<int> to_fail = 0;
  std::counting_semaphore<> failed{0};

 private:
  std::shared_ptr<FileIO> files_;
};

/// Tables with those files.
class FailingCatalog : public GatedCatalog {
 public:
  FailingCatalog(std::shared_ptr<Catalog> catalog, std::shared_ptr<FileIO> files)
      : GatedCatalog(std::move(catalog)), files_(std::move(files)) {
    go_on.release(1000);
  }
  std::optional<LoadedTable> load(const TableName& table) override {
    auto loaded = GatedCatalog::load(table);
    if (loaded) loaded->files = files_;
    return loaded;
  }
  LoadedTable commit(const TableName& table, const LoadedTable& base, const TableChange& change) override {
    LoadedTable after = GatedCatalog::commit(table, base, change);
    after.files = files_;
    return after;
  }

 private:
  std::shared_ptr<FileIO> files_;
};

/// Batches of different tasks that are taken together, behind a first one.

class GatheredTest : public TableCommitterTest {
 protected:
  void gather(const std::shared_ptr<GatedCatalog>& gate, TableCommitter& one,
              std::vector<WrittenBatch> batches) {
    auto first = submit(one, batch(100, -1, 5));
    gate->arrived.acquire();
    for (WrittenBatch& each : batches) outcomes_.push_back(submit(one, std::move(each)));
    gate->go_on.release(1000);
    EXPECT_EQ(first.get().fate, BatchFate::Committed);
  }
  WrittenBatch of_task(const std::string& task, WrittenBatch batch) {
    batch.task = task;
    return batch;
  }
  BatchOutcome outcome(size_t at) { return outcomes_.at(at).get(); }

  std::vector<std::future<BatchOutcome>> outcomes_;
};

TEST_F(GatheredTest, ABatchWithoutManifestsFailsAlone) {
  const auto gate = std::make_shared<GatedCatalog>(catalog_);
  const auto one = committer(gate);
  WrittenBatch bad = of_task("2", batch(1, -1, 5, "bad.parquet"));
  bad.files[0].partition = {int64_t{1}};  // of an unpartitioned table
  gather(gate, *one,
         {of_task("1", batch(0, -1, 5, "a.parquet")), bad,
          of_task("2", batch(1, 5, 9, "after.parquet")), of_task("3", batch(2, -1, 5, "b.parquet"))});
  EXPECT_EQ(outcome(0).fate, BatchFate::Committed);
  const BatchOutcome failed = outcome(1);
  EXPECT_EQ(failed.fate, BatchFate::Failed);
  EXPECT_FALSE(failed.in_doubt);
  EXPECT_THROW(std::rethrow_exception(failed.error), DataException);
  EXPECT_EQ(outcome(2).fate, BatchFate::Fenced) << "it goes on from what failed";
  EXPECT_EQ(outcome(3).fate, BatchFate::Committed);
  EXPECT_EQ(files(), (std::vector{path("a.parquet"), path("b.parquet")}));
  EXPECT_EQ(one->stats().failed_batches, 1U);
}

TEST_F(TableCommitterTest, AFullDiskHoldsBackItsTaskAloneAndPasses) {
  const auto broken = std::make_shared<FailingFiles>(table_->files);
  const auto gate = std::make_shared<FailingCatalog>(catalog_, broken);
  const auto one = committer(gate);
  broken->to_fail = 1'000'000;
  WrittenBatch first = batch(0, -1, 5, "a.parquet");
  first.task = "1";
  WrittenBatch second = batch(1, -1, 9);
  second.task = "1";
  WrittenBatch other = batch(2, -1, 7);
  other.task = "2";
  auto stuck = submit(*one, first);
  broken->failed.acquire();
  auto behind = submit(*one, second);
  EXPECT_EQ(submit(*one, other).get().fate, BatchFate::Committed);
  EXPECT_NE(behind.wait_for(std::chrono::seconds(0)), std::future_status::ready) << "out of order";
  broken->to_fail = 0;
  EXPECT_EQ(stuck.get().fate, BatchFate::Committed);
  EXPECT_EQ(behind.get().fate, BatchFate::Committed);
  EXPECT_EQ(files(), std::vector{path("a.parquet")});
  EXPECT_EQ(count_files("-m0.avro"), 1) << "what was not written whole is not there";
}

TEST_F(TableCommitterTest, WhoCannotWriteManifestsInTimeFailsAndTheOthersDoNot) {
  const auto broken = std::make_shared<FailingFiles>(table_->files);
  const auto gate = std::make_shared<FailingCatalog>(catalog_, broken);
  CommitOptions options;
  options.total = std::chrono::milliseconds(0);
  const auto one = committer(gate, options);
  broken->to_fail = 1;
  const BatchOutcome failed = submit(*one, batch(0, -1, 5, "a.parquet")).get();
  EXPECT_EQ(failed.fate, BatchFate::Failed);
  EXPECT_FALSE(failed.in_doubt);
  EXPECT_THROW(std::rethrow_exception(failed.error), RetriableException);
  EXPECT_EQ(submit(*one, batch(1, -1, 5, "b.parquet")).get().fate, BatchFate::Committed);
  EXPECT_EQ(files(), std::vector{path("b.parquet")});
}

TEST_F(TableCommitterTest, ItsEndDoesNotWaitForAFullDisk) {
  const auto broken = std::make_shared<FailingFiles>(table_->files);
  broken->to_fail = 1'000'000;
  auto one = committer(std::make_shared<FailingCatalog>(catalog_, broken));
  auto stuck = submit(*one, batch(0, -1, 5, "a.parquet"));
  broken->failed.acquire();
  one.reset();
  EXPECT_EQ(stuck.get().fate, BatchFate::Failed);
}

}  // namespace
}  // namespace millrace::lakehouse
