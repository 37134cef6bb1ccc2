// Merged manifests, expired snapshots, and other writers who do the same.

#include "connectors/lakehouse/commit/positions.h"
#include "tests/unit/lakehouse/commit/committer_fixture.h"

namespace millrace::lakehouse {
namespace {

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

}  // namespace
}  // namespace millrace::lakehouse
