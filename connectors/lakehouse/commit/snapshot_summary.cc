#include "connectors/lakehouse/commit/snapshot_summary.h"

#include <optional>
#include <set>

#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

/// What a group of batches adds.
struct Added {
  int64_t data_files = 0;
  int64_t records = 0;
  int64_t size = 0;
  int64_t delete_files = 0;
  int64_t equality_delete_files = 0;
  int64_t equality_deletes = 0;
  int64_t position_delete_files = 0;
  int64_t position_deletes = 0;
  std::set<std::string> partitions;
};

std::string partition_key(const DataFile& file) {
  std::string key = std::to_string(file.spec_id);
  for (const Literal& value : file.partition) {
    if (is_null(value)) {
      key += "/-";
      continue;
    }
    const std::string bytes = to_bytes(value);
    key += "/" + std::to_string(bytes.size()) + ":" + bytes;
  }
  return key;
}

void add(Added& added, const DataFile& file) {
  const int64_t rows = file.metrics.record_count;
  added.size += file.file_size;
  added.partitions.insert(partition_key(file));
  if (file.content == FileContent::Data) {
    ++added.data_files;
    added.records += rows;
    return;
  }
  ++added.delete_files;
  const bool equality = file.content == FileContent::EqualityDeletes;
  (equality ? added.equality_delete_files : added.position_delete_files) += 1;
  (equality ? added.equality_deletes : added.position_deletes) += rows;
}

std::optional<int64_t> number(const Snapshot& snapshot, const std::string& key) {
  const auto at = snapshot.summary.find(key);
  return at == snapshot.summary.end() ? std::nullopt : whole_number<int64_t>(at->second);
}

}  // namespace

std::map<std::string, std::string> make_summary(const std::vector<const WrittenBatch*>& batches,
                                                const Snapshot* parent) {
  Added added;
  for (const WrittenBatch* batch : batches) {
    for (const DataFile& file : batch->files) add(added, file);
  }
  std::map<std::string, std::string> summary;
  // A snapshot without files is an append of nothing.
  summary["operation"] = added.delete_files == 0 ? "append"
                         : added.data_files == 0 ? "delete"
                                                 : "overwrite";
  const auto count = [&summary](const char* key, int64_t value) {
    if (value > 0) summary[key] = std::to_string(value);
  };
  count("added-data-files", added.data_files);
  count("added-records", added.records);
  count("added-files-size", added.size);
  count("added-delete-files", added.delete_files);
  count("added-equality-delete-files", added.equality_delete_files);
  count("added-equality-deletes", added.equality_deletes);
  count("added-position-delete-files", added.position_delete_files);
  count("added-position-deletes", added.position_deletes);
  summary["changed-partition-count"] = std::to_string(added.partitions.size());
  const auto total = [&](const char* key, int64_t more) {
    const std::optional<int64_t> before = parent == nullptr ? 0 : number(*parent, key);
    if (before) summary[key] = std::to_string(*before + more);
  };
  total("total-records", added.records);
  total("total-files-size", added.size);
  total("total-data-files", added.data_files);
  total("total-delete-files", added.delete_files);
  total("total-position-deletes", added.position_deletes);
  total("total-equality-deletes", added.equality_deletes);
  return summary;
}

}  // namespace millrace::lakehouse
