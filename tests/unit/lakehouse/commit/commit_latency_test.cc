// How long commits take on a table of about a hundred manifests: printed, not judged, since machines
// differ. MILLRACE_LATENCY_COMMITS=1000 for numbers worth noting.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>

#include "connectors/lakehouse/commit/table_committer.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {
namespace {

using testing_support::TemporaryFolder;

constexpr int64_t kManifests = 100;
constexpr int32_t kColumns = 8;

int64_t commits_wanted() {
  const char* text = std::getenv("MILLRACE_LATENCY_COMMITS");
  return text == nullptr ? 10 : std::strtoll(text, nullptr, 10);
}

class CommitLatency : public ::testing::TestWithParam<std::pair<const char*, bool>> {
 protected:
  CommitLatency() {
    const std::string folder = folder_.path().string();
    Properties settings = {{"type", GetParam().first}, {"warehouse", folder}};
    if (settings["type"] == "jdbc") settings["uri"] = "jdbc:sqlite:" + folder + "/catalog.db";
    catalog_ = make_catalog("c", settings);
    NewTable what;
    for (int32_t id = 1; id <= kColumns; ++id) {
      what.schema.fields.push_back({id, "column" + std::to_string(id), false, primitive(TypeId::Long)});
    }
    what.properties = {{"write.metadata.delete-after-commit.enabled", "true"},
                       {"write.metadata.previous-versions-max", "20"}};
    if (!GetParam().second) what.properties["commit.manifest-merge.enabled"] = "false";
    table_ = catalog_->create(name_, what);
    schema_ = std::make_shared<TableSchema>(table_->metadata.current_schema());
    CommitOptions options;
    options.expiry.keep = 200;
    committer_ = std::make_unique<TableCommitter>(catalog_, name_, table_->metadata.uuid(), options);
  }
  /// One file, as a task of four partitions writes it.
  double commit() {
    WrittenBatch batch;
    batch.cluster = "c";
    for (int32_t partition = 0; partition < 4; ++partition) {
      batch.steps[{"orders", partition}] = {next_ == 0 ? OffsetStep::kUnknown : next_, next_ + 1000};
    }
    next_ += 1000;
    batch.schema = schema_;
    DataFile file;
    file.path = table_->metadata.data_folder() + "/00000-0-" + new_uuid() + ".parquet";
    file.file_size = 1 << 20;
    file.metrics.record_count = 4000;
    for (int32_t id = 1; id <= kColumns; ++id) {
      file.metrics.column_sizes[id] = next_ * id;
      file.metrics.value_counts[id] = 4000;
      file.metrics.null_counts[id] = 0;
      file.metrics.lower_bounds[id] = to_bytes(next_ - id);
      file.metrics.upper_bounds[id] = to_bytes(next_ + id);
    }
    batch.files = {file};
    const auto began = std::chrono::steady_clock::now();
    const auto outcome = committer_->submit_and_wait(std::move(batch), std::chrono::minutes(1));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    EXPECT_TRUE(outcome && outcome->fate == BatchFate::Committed);
    return took.count();
  }
  int64_t files() {
    const auto now = catalog_->load(name_);
    const std::string list = now->metadata.snapshot(*now->metadata.ref("main"))->manifest_list;
    int64_t count = 0;
    for (const ManifestFile& manifest : read_manifest_list(now->files->read(list), list)) {
      count += manifest.added_files + manifest.existing_files;
    }
    return count;
  }

  TemporaryFolder folder_;
  const TableName name_ = parse_table_name("db.orders");
  std::shared_ptr<Catalog> catalog_;
  std::optional<LoadedTable> table_;
  TableSchemaPtr schema_;
  std::unique_ptr<TableCommitter> committer_;
  int64_t next_ = 0;
};

TEST_P(CommitLatency, WithAHundredManifests) {
  for (int64_t i = 0; i < kManifests; ++i) commit();
  std::vector<double> times(static_cast<size_t>(commits_wanted()));
  const std::clock_t cpu = std::clock();
  std::generate(times.begin(), times.end(), [this] { return commit(); });
  const double cpu_ms = 1e3 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  EXPECT_EQ(files(), kManifests + static_cast<int64_t>(times.size()));
  std::sort(times.begin(), times.end());
  const auto at = [&times](size_t percent) { return times[(times.size() - 1) * percent / 100]; };
  std::printf("%s, %s: %zu commits, ms: p50 %.1f, p90 %.1f, p99 %.1f, max %.1f; CPU %.1f a commit\n", GetParam().first,
              GetParam().second ? "merging" : "not merging", times.size(), at(50), at(90), at(99),
              times.back(), cpu_ms / static_cast<double>(times.size()));
}

INSTANTIATE_TEST_SUITE_P(Catalogs, CommitLatency,
                         ::testing::Values(std::pair("hadoop", true), std::pair("hadoop", false),
                                           std::pair("jdbc", true), std::pair("jdbc", false)));

}  // namespace
}  // namespace millrace::lakehouse
