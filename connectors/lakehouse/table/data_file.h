#pragma once
// A data or delete file as manifests describe it (iceberg-sink.md §5.5).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/lakehouse/table/partition_spec.h"

namespace millrace::lakehouse {

enum class FileContent : int8_t { Data = 0, PositionDeletes = 1, EqualityDeletes = 2 };

/// By field id. What is not known is left out.
struct FileMetrics {
  int64_t record_count = 0;
  std::map<int32_t, int64_t> column_sizes = {};  // bytes, compressed
  std::map<int32_t, int64_t> value_counts = {};  // nulls included
  std::map<int32_t, int64_t> null_counts = {};
  std::map<int32_t, int64_t> nan_counts = {};
  std::map<int32_t, std::string> lower_bounds = {};  // binary form of single values
  std::map<int32_t, std::string> upper_bounds = {};
  std::vector<int64_t> split_offsets = {};  // where row groups begin
};

struct DataFile {
  FileContent content = FileContent::Data;
  std::string path;  // full URI, as the table's location spells it
  std::string format = "PARQUET";
  int32_t spec_id = 0;
  PartitionValues partition = {};
  int64_t file_size = 0;  // bytes
  FileMetrics metrics = {};
  std::vector<int32_t> equality_ids = {};
  std::optional<int32_t> sort_order_id = {};
  std::optional<std::string> key_metadata = {};          // of encrypted files
  std::optional<std::string> referenced_data_file = {};  // of position deletes for one file
};

}  // namespace millrace::lakehouse
