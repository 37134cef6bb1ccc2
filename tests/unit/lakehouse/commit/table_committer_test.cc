// The committer on a table of a file catalog, with small files of any bytes for data.

#include "connectors/lakehouse/commit/table_committer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <semaphore>
#include <set>

#include "connectors/lakehouse/table/manifest.h"
#include "millrace/errors.h"
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
  std::unique_ptr<TableCommitter> committer(std::shared_ptr<Catalog> catalog = nullptr,
                                            CommitOptions options = {}) {
    return std::make_unique<TableCommitter>(catalog ? catalog : catalog_, kOrders, table_->metadata.uuid(),
                                            std::move(options));
  }
  Snapshot head() {
    const auto now = catalog_->load(kOrders);
    return *now->metadata.snapshot(*now->metadata.ref("main"));
  }
  std::vector<ManifestFile> manifests() {
    const std::string list = head().manifest_list;
    return read_manifest_list(table_->files->read(list), list);
  }
  void set(const std::map<std::string, std::string>& properties) {
    catalog_->commit(kOrders, *catalog_->load(kOrders),
                     {.requirements = {}, .updates = {change::set_properties(properties)}});
  }
  /// Batches of one file each, from `start` on, one commit each.
  void commit_each(TableCommitter& committer, int64_t start, int64_t count) {
    for (int64_t at = start; at < start + count; ++at) {
      const BatchOutcome outcome =
          submit(committer, batch(0, at == 0 ? -1 : at, at + 1, std::to_string(at) + ".parquet")).get();
      ASSERT_EQ(outcome.fate, BatchFate::Committed) << outcome.reason;
    }
  }
  /// In the folder of metadata.
  int64_t count_files(const std::string& part) {
    const auto names = table_->files->list(table_->metadata.metadata_folder());
    return std::count_if(names.begin(), names.end(), [&](const std::string& name) {
      return name.find(part) != std::string::npos;
    });
  }
  /// Paths of the head's data files, out of its manifests.
  std::vector<std::string> files() {
    const auto now = catalog_->load(kOrders);
    std::vector<std::string> paths;
    for (const ManifestFile& manifest : manifests()) {
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

TEST_F(TableCommitterTest, ManifestsAreMergedAndEachFileIsThereOnce) {
  set({{"commit.manifest.min-count-to-merge", "4"}});
  const auto one = committer();
  commit_each(*one, 0, 3);
  EXPECT_EQ(manifests().size(), 3U);
  commit_each(*one, 3, 1);
  ASSERT_EQ(manifests().size(), 1U);
  const ManifestFile merged = manifests()[0];
  EXPECT_EQ(merged.added_files, 1);
  EXPECT_EQ(merged.existing_files, 3);
  EXPECT_EQ(merged.min_sequence_number, 1);
  EXPECT_EQ(merged.sequence_number, 4);
  EXPECT_EQ(merged.added_snapshot_id, head().id);
  const auto now = catalog_->load(kOrders);
  std::vector<int64_t> numbers;
  for (const ManifestEntry& entry : read_manifest(now->files->read(merged.path), merged,
                                                  now->metadata.current_schema(), {})) {
    numbers.push_back(*entry.sequence_number);
    EXPECT_EQ(now->metadata.snapshot(*entry.snapshot_id)->sequence_number, *entry.sequence_number);
  }
  EXPECT_EQ(numbers, (std::vector<int64_t>{4, 3, 2, 1}));
  EXPECT_EQ(head().summary.at("manifests-replaced"), "3");
  EXPECT_EQ(count_files("-m0.avro"), 4) << "the one of the last batch is in no list";
  commit_each(*one, 4, 6);
  EXPECT_EQ(manifests().size(), 1U);
  EXPECT_EQ(files().size(), 10U);
}

TEST_F(TableCommitterTest, WhatCannotBeReadIsCarriedAsItIs) {
  set({{"commit.manifest.min-count-to-merge", "3"}});
  const auto one = committer();
  commit_each(*one, 0, 2);
  const ManifestFile second = manifests()[0];
  const auto out = table_->files->create(second.path);
  out->write(std::vector<uint8_t>{1, 2, 3});
  out->finish();
  commit_each(*one, 2, 1);
  EXPECT_EQ(manifests().size(), 3U);
  EXPECT_EQ(manifests()[1].path, second.path);
  commit_each(*one, 3, 1);
  EXPECT_EQ(manifests().size(), 4U) << "the newest two are not enough, and the bad one is between";
  commit_each(*one, 4, 1);
  EXPECT_EQ(manifests().size(), 3U);
  EXPECT_EQ(manifests()[1].path, second.path);
}

TEST_F(TableCommitterTest, OldSnapshotsExpireWithTheCommit) {
  CommitOptions options;
  options.expiry = {.keep = 2};
  const auto one = committer(nullptr, options);
  commit_each(*one, 0, 6);
  const auto now = catalog_->load(kOrders);
  EXPECT_EQ(now->metadata.snapshot_ids().size(), 2U);
  EXPECT_EQ(now->metadata.document()["snapshot-log"].size(), 2U);
  EXPECT_EQ(files().size(), 6U);
  EXPECT_EQ(count_files("snap-"), 6) << "files are left to the removal of orphans";
}

TEST_F(TableCommitterTest, MetadataFilesAreTrimmed) {
  set({{"write.metadata.delete-after-commit.enabled", "true"},
       {"write.metadata.previous-versions-max", "3"}});
  const auto one = committer();
  commit_each(*one, 0, 8);
  EXPECT_EQ(count_files(".metadata.json"), 4) << "the newest and three before it";
}

/// Another writer on the same table.
class ForeignWriterTest : public TableCommitterTest {
 protected:
  /// A snapshot without our keys that has `manifests`.
  void publish(const std::string& operation, const std::vector<ManifestFile>& manifests) {
    const auto base = catalog_->load(kOrders);
    Snapshot snapshot = next_snapshot(base->metadata);
    snapshot.summary = {{"operation", operation}};
    std::vector<ManifestFile> list = manifests;
    for (ManifestFile& manifest : list) {
      if (manifest.added_snapshot_id != 0) continue;
      manifest.added_snapshot_id = snapshot.id;
      manifest.sequence_number = snapshot.sequence_number;
      manifest.min_sequence_number = snapshot.sequence_number;
    }
    base->files->publish(
        snapshot.manifest_list,
        write_manifest_list({snapshot.id, snapshot.parent_id, snapshot.sequence_number}, list));
    catalog_->commit(kOrders, *base,
                     {{change::assert_ref("main", snapshot.parent_id)},
                      {change::add_snapshot(snapshot), change::set_branch("main", snapshot.id)}});
  }
  /// All live files become one, of another name, in place of those that are deleted.
  void compact() {
    const auto base = catalog_->load(kOrders);
    const Snapshot snapshot = next_snapshot(base->metadata);
    std::vector<ManifestEntry> entries;
    for (const ManifestFile& manifest : manifests()) {
      for (ManifestEntry& entry : read_manifest(base->files->read(manifest.path), manifest,
                                                base->metadata.current_schema(), {})) {
        entry.status = EntryStatus::Deleted;
        entries.push_back(std::move(entry));
      }
    }
    ManifestEntry one;
    one.file.path = path("compacted.parquet");
    entries.push_back(one);
    WrittenManifest written =
        write_manifest(base->metadata.current_schema(), {}, ManifestContent::Data, entries);
    written.file.path = base->metadata.metadata_folder() + "/compacted-m0.avro";
    base->files->publish(written.file.path, written.bytes);
    publish("replace", {written.file});
  }
  void expire_all_but_head() {
    const auto base = catalog_->load(kOrders);
    std::vector<int64_t> gone = base->metadata.snapshot_ids();
    std::erase(gone, *base->metadata.ref("main"));
    catalog_->commit(kOrders, *base, {.requirements = {}, .updates = {change::remove_snapshots(gone)}});
  }
  std::vector<std::string> live_files() {
    std::vector<std::string> live;
    const auto now = catalog_->load(kOrders);
    for (const ManifestFile& manifest : manifests()) {
      for (const ManifestEntry& entry : read_manifest(now->files->read(manifest.path), manifest,
                                                      now->metadata.current_schema(), {})) {
        if (entry.status != EntryStatus::Deleted) live.push_back(entry.file.path);
      }
    }
    std::sort(live.begin(), live.end());
    return live;
  }

 private:
  static Snapshot next_snapshot(const TableMetadata& table) {
    Snapshot snapshot;
    snapshot.id = new_snapshot_id(table);
    snapshot.parent_id = table.ref("main");
    snapshot.sequence_number = table.last_sequence_number() + 1;
    snapshot.timestamp_ms = table.last_updated_ms();
    snapshot.manifest_list = table.metadata_folder() + "/snap-" + std::to_string(snapshot.id) + ".avro";
    return snapshot;
  }
};

TEST_F(ForeignWriterTest, ACompactionBetweenBatchesIsBuiltOn) {
  const auto one = committer();
  commit_each(*one, 0, 3);
  compact();
  commit_each(*one, 3, 2);
  EXPECT_EQ(live_files(), (std::vector{path("3.parquet"), path("4.parquet"), path("compacted.parquet")}));
  EXPECT_EQ(submit(*one, batch(0, 0, 7, "late.parquet")).get().fate, BatchFate::Fenced);
}

TEST_F(ForeignWriterTest, ACompactionDuringTheCommitIsAConflictThatPasses) {
  const auto gate = std::make_shared<GatedCatalog>(catalog_);
  commit_each(*committer(), 0, 2);
  const auto one = committer(gate);
  auto outcome = submit(*one, batch(0, 2, 3, "2.parquet"));
  gate->arrived.acquire();
  compact();
  gate->go_on.release(2);
  EXPECT_EQ(outcome.get().fate, BatchFate::Committed);
  EXPECT_EQ(one->stats().conflicts, 1U);
  EXPECT_EQ(live_files(), (std::vector{path("2.parquet"), path("compacted.parquet")}));
}

TEST_F(ForeignWriterTest, WhatACompactionDeletedIsLeftOutOfMerges) {
  set({{"commit.manifest.min-count-to-merge", "2"}});
  const auto one = committer();
  commit_each(*one, 0, 1);
  compact();
  EXPECT_EQ(manifests().at(0).deleted_files, 1);
  commit_each(*one, 1, 1);
  ASSERT_EQ(manifests().size(), 1U);
  EXPECT_EQ(manifests()[0].deleted_files, 0);
  EXPECT_EQ(live_files(), (std::vector{path("1.parquet"), path("compacted.parquet")}));
}

TEST_F(ForeignWriterTest, ExpiryOfAllButTheHeadLosesNoOffsets) {
  const auto one = committer();
  commit_each(*one, 0, 3);
  expire_all_but_head();
  commit_each(*one, 3, 1);
  compact();
  expire_all_but_head();
  EXPECT_FALSE(head().summary.contains(kOffsetsKey)) << "the checkpoint alone has them now";
  EXPECT_EQ(submit(*one, batch(0, 0, 7, "late.parquet")).get().fate, BatchFate::Fenced);
  commit_each(*one, 4, 1);
  EXPECT_EQ(live_files(), (std::vector{path("4.parquet"), path("compacted.parquet")}));
}

TEST_F(ForeignWriterTest, ExpiryDuringTheCommitIsNoHarm) {
  const auto gate = std::make_shared<GatedCatalog>(catalog_);
  commit_each(*committer(), 0, 3);
  CommitOptions options;
  options.expiry = {.keep = 1};
  const auto one = committer(gate, options);
  auto outcome = submit(*one, batch(0, 3, 4, "3.parquet"));
  gate->arrived.acquire();
  expire_all_but_head();
  gate->go_on.release(2);
  EXPECT_EQ(outcome.get().fate, BatchFate::Committed);
  EXPECT_EQ(catalog_->load(kOrders)->metadata.snapshot_ids().size(), 1U);
  EXPECT_EQ(live_files().size(), 4U);
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
  broken->to_fail = 2;
  WrittenBatch first = batch(0, -1, 5, "a.parquet");
  first.task = "1";
  WrittenBatch second = batch(0, 5, 9, "b.parquet");
  second.task = "1";
  auto stuck = submit(*one, first);
  broken->failed.acquire();
  auto behind = submit(*one, second);
  EXPECT_EQ(stuck.get().fate, BatchFate::Committed);
  EXPECT_EQ(behind.get().fate, BatchFate::Committed);
  EXPECT_EQ(files().size(), 2U);
  EXPECT_EQ(count_files("-m0.avro"), 2) << "what was not written whole is not there";
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
