// How long a commit takes from submit to its outcome: commit_bench [FOLDER [COMMITS [BEFORE]]].
// For each catalog a new table gets BEFORE commits of one file, thus as many manifests; the COMMITS
// after them are measured. Prints `CATALOG P50_MS P99_MS WORST_MS`. Data files are described, not
// written.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/commit/table_committer.h"

namespace millrace::lakehouse {
namespace {

constexpr int kColumns = 6;
constexpr int64_t kRows = 1'000'000;  // of each file
constexpr std::chrono::seconds kLimit{60};

NewTable orders() {
  NewTable what;
  for (int32_t id = 1; id <= kColumns; ++id) {
    what.schema.fields.push_back({id, "c" + std::to_string(id), false, primitive(TypeId::Long)});
  }
  return what;
}

/// What a writer tells of a file: counts and bounds of each column.
DataFile described_file(const TableMetadata& table, int64_t number) {
  DataFile file;
  file.path = table.data_folder() + "/" + std::to_string(number) + ".parquet";
  file.file_size = 30'000'000;
  file.metrics.record_count = kRows;
  file.metrics.split_offsets = {4};
  for (int32_t id = 1; id <= kColumns; ++id) {
    file.metrics.column_sizes[id] = 5'000'000;
    file.metrics.value_counts[id] = kRows;
    file.metrics.null_counts[id] = 0;
    file.metrics.lower_bounds[id] = std::string(8, '\0');
    file.metrics.upper_bounds[id] = std::string(7, '\1') + '\0';
  }
  return file;
}

WrittenBatch batch(const TableMetadata& table, const TableSchemaPtr& schema, int64_t number) {
  WrittenBatch batch;
  batch.cluster = "bench";
  const int64_t start = number == 0 ? OffsetStep::kUnknown : number * kRows;
  batch.steps = {{{"orders", 0}, {start, (number + 1) * kRows}}};
  batch.schema = schema;
  batch.files = {described_file(table, number)};
  batch.connector = "bench";
  batch.task = "bench-0";
  return batch;
}

/// Milliseconds of each commit, those before the measure included.
std::vector<double> commit_times(const Properties& settings, int64_t commits) {
  const auto catalog = make_catalog("bench", settings);
  const TableName name = parse_table_name("db.orders");
  const LoadedTable table = catalog->create(name, orders());
  const auto schema = std::make_shared<TableSchema>(table.metadata.current_schema());
  TableCommitter committer(catalog, name, table.metadata.uuid(), CommitOptions());
  std::vector<double> times;
  for (int64_t number = 0; number < commits; ++number) {
    WrittenBatch next = batch(table.metadata, schema, number);
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = committer.submit_and_wait(std::move(next), kLimit);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (!outcome || outcome->fate != BatchFate::Committed) {
      throw ConnectException("commit " + std::to_string(number) + " did not come about: " +
                             (outcome ? outcome->reason : "no answer in time"));
    }
    times.push_back(took.count());
  }
  return times;
}

void report(const char* catalog, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    return times[static_cast<size_t>(static_cast<double>(times.size() - 1) * part)];
  };
  std::printf("%s %.3f %.3f %.3f\n", catalog, at(0.5), at(0.99), times.back());
}

void run(const std::filesystem::path& folder, int64_t commits, int64_t before) {
  const std::filesystem::path work = folder / "millrace-commit-bench";
  std::filesystem::create_directories(work / "sql");
  const auto measure = [&](const char* catalog, const Properties& settings) {
    std::vector<double> times = commit_times(settings, before + commits);
    report(catalog, {times.begin() + before, times.end()});
  };
  measure("file", {{"type", "hadoop"}, {"warehouse", work / "file"}});
  measure("sql", {{"type", "jdbc"},
                  {"uri", "jdbc:sqlite:" + (work / "catalog.db").string()},
                  {"warehouse", work / "sql"}});
  std::filesystem::remove_all(work);
}

}  // namespace
}  // namespace millrace::lakehouse

int main(int argc, char** argv) {
  try {
    millrace::lakehouse::run(argc > 1 ? argv[1] : std::filesystem::temp_directory_path(),
                             argc > 2 ? std::stol(argv[2]) : 200,
                             argc > 3 ? std::stol(argv[3]) : 100);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "commit_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
