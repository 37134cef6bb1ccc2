#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>

#include <algorithm>

#include "connectors/lakehouse/parquet/arrow_arrays.h"
#include "connectors/lakehouse/parquet/arrow_schema.h"
#include "connectors/lakehouse/parquet/dictionaries.h"
#include "connectors/lakehouse/parquet/parquet_file.h"
#include "connectors/lakehouse/table/schema_json.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// Rows of about so many bytes go to Arrow at a time: the row group's size is looked at in between,
/// and levels of nested columns are made for that many.
constexpr int64_t kSliceBytes = int64_t{4} << 20;

/// Where row groups begin, and what columns take in all of them.
void add_layout(const parquet::FileMetaData& footer, FileMetrics& metrics) {
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto row_group = footer.RowGroup(group);
    for (int column = 0; column < row_group->num_columns(); ++column) {
      const auto chunk = row_group->ColumnChunk(column);
      const int32_t id = footer.schema()->Column(column)->schema_node()->field_id();
      metrics.column_sizes[id] += chunk->total_compressed_size();
      if (column > 0) continue;
      metrics.split_offsets.push_back(chunk->has_dictionary_page()
                                          ? chunk->dictionary_page_offset()
                                          : chunk->data_page_offset());
    }
  }
}

class ParquetWriter : public DataFileWriter {
 public:
  ParquetWriter(std::unique_ptr<OutputFile> file, TableSchemaPtr schema,
                const DataFileOptions& options)
      : path_(file->path()),
        schema_(std::move(schema)),
        options_(options),
        arrow_schema_(arrow_schema(*schema_)),
        stream_(std::make_shared<OutputStream>(std::move(file))),
        metrics_(schema_, options.metrics) {}
  ~ParquetWriter() override { stream_->abandon(); }

  void write(const ColumnBatch& batch) override {
    if (batch.rows() == 0) return;
    guarded("writing", [&] {
      open(batch);
      write_rows(batch);
      metrics_.add(batch);
      rows_ += batch.rows();
    });
  }
  int64_t rows() const noexcept override { return rows_; }
  int64_t file_bytes() const noexcept override {
    return stream_->file().size() + (file_ ? file_->row_group_bytes() : 0);
  }
  int64_t memory_bytes() const noexcept override { return pool_.bytes_allocated(); }
  void end_row_group() override {
    guarded("writing", [&] {
      if (file_) file_->end_row_group();
    });
  }
  DataFile finish() override;

 private:
  void open(const ColumnBatch& first) {
    if (file_) return;
    const auto plain = columns_without_dictionary(first, options_.dictionary_bytes);
    file_ = std::make_unique<ParquetFile>(stream_, arrow_schema_, options_, plain, &pool_);
  }
  void write_rows(const ColumnBatch& batch) {
    const auto rows = arrow_batch(batch, arrow_schema_, &pool_);
    const int64_t row_bytes = static_cast<int64_t>(batch.bytes()) / batch.rows() + 1;
    const int64_t slice = std::max<int64_t>(1, std::min(kSliceBytes, options_.row_group_bytes) /
                                                   row_bytes);
    for (int64_t row = 0; row < batch.rows(); row += slice) {
      file_->write(*rows->Slice(row, slice));
      if (file_->row_group_bytes() >= options_.row_group_bytes) file_->end_row_group();
    }
  }
  void put_footer() {
    file_->put_footer("iceberg.schema", to_json(*schema_).dump());
    if (options_.equality_ids.empty()) return;
    std::string ids;
    for (const int32_t id : options_.equality_ids) {
      ids += (ids.empty() ? "" : ", ") + std::to_string(id);
    }
    file_->put_footer("delete-type", "equality");
    file_->put_footer("delete-field-ids", ids);
  }
  /// Errors get the path; what the file threw comes as it was. After one of them all calls fail.
  template <class Work>
  void guarded(const char* action, Work&& work) {
    if (failed_) throw ConnectException(describe_failure(action, "it failed before"));
    failed_ = true;
    try {
      work();
    } catch (const parquet::ParquetException& e) {
      stream_->rethrow();
      throw ConnectException(describe_failure(action, e.what()));
    } catch (const ConnectException& e) {
      stream_->rethrow();
      throw ConnectException(describe_failure(action, e.what()));
    }
    failed_ = false;
  }
  std::string describe_failure(const char* action, const std::string& reason) const {
    return std::string(action) + " " + path_ + ": " + reason;
  }

  std::string path_;
  TableSchemaPtr schema_;
  DataFileOptions options_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  // The process has an allocator; a second one, as Arrow's default, would keep what this one needs.
  arrow::ProxyMemoryPool pool_{arrow::system_memory_pool()};
  std::shared_ptr<OutputStream> stream_;
  std::unique_ptr<ParquetFile> file_;  // opened by the first rows
  MetricsCollector metrics_;
  int64_t rows_ = 0;
  bool failed_ = false;
};

DataFile ParquetWriter::finish() {
  DataFile result;
  guarded("finishing", [&] {
    open(ColumnBatch(schema_));  // of no rows, when none came
    put_footer();
    const auto footer = file_->close();
    stream_->file().finish();
    result.file_size = stream_->file().size();
    result.metrics = metrics_.take();
    add_layout(*footer, result.metrics);
  });
  failed_ = true;  // it is closed
  if (!options_.equality_ids.empty()) {
    result.content = FileContent::EqualityDeletes;
    result.equality_ids = options_.equality_ids;
  }
  return result;
}

}  // namespace

std::unique_ptr<DataFileWriter> make_parquet_writer(std::unique_ptr<OutputFile> file,
                                                    TableSchemaPtr schema,
                                                    const DataFileOptions& options) {
  return std::make_unique<ParquetWriter>(std::move(file), std::move(schema), options);
}

}  // namespace millrace::lakehouse
