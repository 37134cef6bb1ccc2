#pragma once
// What a task hands over to the committer, and what becomes of it (iceberg-sink.md §4.2).

#include <algorithm>
#include <cstdint>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "connectors/lakehouse/table/manifest.h"
#include "millrace/ids.h"

namespace millrace::lakehouse {

/// Of one partition: what the table must say before the batch, and what it says after it.
struct OffsetStep {
  /// The table knows nothing of the partition yet: the step pins where it begins.
  static constexpr int64_t kUnknown = -1;
  /// Whatever the table says: an operator moves the offset.
  static constexpr int64_t kAny = -2;

  int64_t start = kUnknown;
  int64_t end = 0;  // negative: forget the partition

  bool operator==(const OffsetStep&) const = default;
};

/// Files, and the messages they came from: all of each partition from `start` to `end`. Committed as a
/// whole or not at all, since a file may mix partitions.
struct WrittenBatch {
  std::string cluster;  // id
  std::map<TopicPartition, OffsetStep> steps;
  std::vector<DataFile> files;  // data and delete files, of any spec
  TableSchemaPtr schema;        // the files were written with
  std::string connector;
  std::string task;
  int64_t newest_ms = -1;  // record timestamp; negative: none known

  bool has_deletes() const {
    return std::any_of(files.begin(), files.end(),
                       [](const DataFile& file) { return file.content != FileContent::Data; });
  }
};

enum class BatchFate : uint8_t {
  Committed,
  Fenced,  // the table does not say what the batch began with; the batch is gone for good
  Failed,  // with an error
};

struct BatchOutcome {
  BatchFate fate = BatchFate::Failed;
  int64_t snapshot_id = 0;           // of the commit
  /// Nobody knows whether a try was or will be applied, or by whom: the files must not be deleted.
  bool in_doubt = false;
  std::string reason = {};           // of a fenced one
  std::exception_ptr error = {};     // of a failed one
};

}  // namespace millrace::lakehouse
