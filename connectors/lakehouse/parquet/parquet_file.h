#pragma once
// A Parquet file of Arrow's whose running row group can be looked at and closed.

#include <arrow/type_fwd.h>
#include <parquet/properties.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/lakehouse/parquet/data_file_writer.h"
#include "connectors/lakehouse/parquet/output_stream.h"

namespace parquet {
class FileMetaData;
class ParquetFileWriter;
class RowGroupWriter;
namespace arrow {
class FileWriter;
}
}  // namespace parquet

namespace millrace::lakehouse {

/// Throws ConnectException without a path; parquet::ParquetException too.
class ParquetFile {
 public:
  /// `stream` and `pool` outlive it. `plain` are paths of columns without a dictionary.
  ParquetFile(std::shared_ptr<OutputStream> stream, std::shared_ptr<arrow::Schema> schema,
              const DataFileOptions& options, const std::vector<std::string>& plain,
              arrow::MemoryPool* pool);
  ~ParquetFile();

  /// Into the row group that is open, or a new one.
  void write(const arrow::RecordBatch& batch);
  /// About what the open row group would take in the file.
  int64_t row_group_bytes() const;
  void end_row_group();
  void put_footer(const std::string& key, const std::string& value);
  std::shared_ptr<parquet::FileMetaData> close();

 private:
  class Contents;

  parquet::RowGroupWriter* row_group_ = nullptr;  // Arrow's; null: none is open
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

}  // namespace millrace::lakehouse
