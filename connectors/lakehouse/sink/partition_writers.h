#pragma once
// The open files of one table: a buffer and, once it was full, a data file for each partition
// (iceberg-sink.md trap 25).

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/lakehouse/columns/row_copy.h"
#include "connectors/lakehouse/columns/row_writer.h"
#include "connectors/lakehouse/parquet/data_file_writer.h"
#include "connectors/lakehouse/table/partition_spec.h"

namespace millrace::lakehouse {

/// Where and how files are written.
struct FileTarget {
  std::shared_ptr<FileIO> files;
  std::string data_folder;
  std::string name_stem;  // `<task>-<uuid>`, unique in the table
  TableSchemaPtr schema;
  PartitionSpecPtr spec;
  DataFileOptions options;
  int64_t file_bytes = int64_t{512} << 20;  // a file of this size is ended
  size_t memory_bytes = size_t{128} << 20;  // of buffers and encoders together
};

/// Used by one thread.
class PartitionWriters {
 public:
  /// Rows that a buffer holds before they go to the encoder.
  static constexpr int64_t kBufferRows = 16'384;
  /// Bytes in a buffer at which its rows go on, however few they are.
  static constexpr int64_t kBufferBytes = int64_t{64} << 20;

  PartitionWriters(FileTarget target, RowOptions rows);
  ~PartitionWriters();

  /// Adds a row to its partition. False: `reject` says why. Throws what storage throws; the row is
  /// buffered then all the same.
  bool write(const Record& record, Reject& reject);
  /// Adds a row of another batch, which has the columns in the same places; `copy` is for the two schemas.
  /// Throws as write().
  void copy(const RowCopy& copy, const ColumnBatch& from, int64_t row);
  RowWriter& rows() noexcept { return rows_; }
  int64_t row_count() const noexcept { return row_count_; }
  /// Bytes of all files so far, about.
  int64_t file_bytes() const;
  /// Held by buffers and encoders, used or not.
  int64_t memory_bytes() const noexcept { return memory_; }
  /// Ends all files and hands them over. Throws what storage throws; call it again then.
  std::vector<DataFile> finish();
  /// Files that are ended already, of a batch that is dropped; the open ones go with this object.
  std::vector<DataFile> take_ended() { return std::exchange(done_, {}); }
  const FileTarget& target() const noexcept { return target_; }

 private:
  struct Partition;

  Partition& partition_of(const ColumnBatch& batch, int64_t row);
  bool is_of(const Partition& partition, const ColumnBatch& batch, int64_t row) const;
  PartitionValues values_of(const ColumnBatch& batch, int64_t row) const;
  void added();
  bool is_full(const Partition& partition) const;
  void count_row(Partition& partition);
  void count_memory(Partition& partition);
  void drain(Partition& partition);
  void end_file(Partition& partition);
  void keep_within_memory();

  const FileTarget target_;
  RowWriter rows_;
  const RowCopy same_;  // from buffer to buffer
  std::vector<std::vector<size_t>> source_paths_;  // of the spec's fields, into columns and children
  std::vector<const NestedField*> sources_;
  std::map<std::string, std::unique_ptr<Partition>> partitions_;  // by the bytes of their values
  Partition* last_ = nullptr;
  std::vector<DataFile> done_;
  std::vector<size_t> varying_;  // columns of varying width
  int64_t memory_ = 0;
  int64_t row_count_ = 0;
  uint64_t clock_ = 0;  // of uses
  int32_t files_ = 0;
};

}  // namespace millrace::lakehouse
