#pragma once
// A committer on a table of a file catalog, with small files of any bytes for data.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <semaphore>

#include "connectors/lakehouse/commit/table_committer.h"
#include "connectors/lakehouse/table/manifest.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {

using testing_support::TemporaryFolder;

inline const TableName kOrders = parse_table_name("db.orders");

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

}  // namespace millrace::lakehouse
