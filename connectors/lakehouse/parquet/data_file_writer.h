#pragma once
// Data files (iceberg-sink.md §5.8). The implementation is Arrow's; nothing here shows it.

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/lakehouse/columns/column_batch.h"
#include "connectors/lakehouse/storage/file_io.h"

namespace millrace::lakehouse {

/// Table properties `write.parquet.*` and `write.metadata.metrics.*`, with Iceberg's defaults.
struct DataFileOptions {
  std::string compression = "zstd";  // uncompressed, snappy, gzip, lz4, zstd, brotli
  int32_t compression_level = 3;
  int64_t row_group_bytes = int64_t{128} << 20;
  int64_t page_bytes = int64_t{1} << 20;
  int32_t page_rows = 20'000;
  int64_t dictionary_bytes = int64_t{2} << 20;
  std::map<int32_t, ColumnMetricsMode> metrics = {};
  /// Of delete files: what they are told apart by; written to the footer.
  std::vector<int32_t> equality_ids = {};
};
/// Throws ConfigException for values that mean nothing.
DataFileOptions data_file_options(const TableSchema& schema,
                                  const std::map<std::string, std::string>& properties);

/// Used by one thread; after an exception all calls fail. Destroyed without finish(): no file stays
/// behind.
class DataFileWriter {
 public:
  virtual ~DataFileWriter() = default;
  /// Takes the rows of `batch` as they are; it can be cleared afterwards. Begins a row group when
  /// the running one has grown to its size.
  virtual void write(const ColumnBatch& batch) = 0;
  virtual int64_t rows() const noexcept = 0;
  /// Bytes in the file and, about, of what is still encoded in memory.
  virtual int64_t file_bytes() const noexcept = 0;
  virtual int64_t memory_bytes() const noexcept = 0;
  /// Ends and closes the row group that is open, so that its memory is free.
  virtual void end_row_group() = 0;
  /// The file is durable. Size and metrics; path, spec and partition are the caller's.
  virtual DataFile finish() = 0;
};

std::unique_ptr<DataFileWriter> make_parquet_writer(std::unique_ptr<OutputFile> file,
                                                    TableSchemaPtr schema,
                                                    const DataFileOptions& options);

}  // namespace millrace::lakehouse
