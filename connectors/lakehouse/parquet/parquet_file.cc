#include "connectors/lakehouse/parquet/parquet_file.h"

#include <arrow/record_batch.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <limits>

#include "connectors/lakehouse/parquet/arrow_errors.h"

namespace millrace::lakehouse {
namespace {

arrow::Compression::type compression_of(const std::string& name) {
  if (name == "lz4") return arrow::Compression::LZ4;  // Parquet's; Arrow's name means framed
  return value_of(arrow::util::Codec::GetCompressionType(name), "choosing the compression " + name);
}

std::shared_ptr<parquet::WriterProperties> writer_properties(const DataFileOptions& options,
                                                             const std::vector<std::string>& plain,
                                                             arrow::MemoryPool* pool) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(pool)
      ->compression(compression_of(options.compression))
      ->data_pagesize(options.page_bytes)
      ->max_rows_per_page(options.page_rows)
      ->dictionary_pagesize_limit(options.dictionary_bytes)
      ->max_row_group_length(std::numeric_limits<int64_t>::max())  // bytes decide
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->enable_store_decimal_as_integer()
      ->created_by("millrace");
  if (options.compression_level > 0) builder.compression_level(options.compression_level);
  for (const std::string& path : plain) builder.disable_dictionary(path);
  return builder.build();
}

}  // namespace

/// Arrow's writer of record batches does not show the row group it writes. This stands between it
/// and the file, and remembers.
class ParquetFile::Contents : public parquet::ParquetFileWriter::Contents {
 public:
  Contents(std::unique_ptr<parquet::ParquetFileWriter> file, parquet::RowGroupWriter*& open)
      : parquet::ParquetFileWriter::Contents(
            std::static_pointer_cast<parquet::schema::GroupNode>(file->schema()->schema_root()),
            nullptr),
        file_(std::move(file)),
        open_(open) {}

  void Close() override {
    open_ = nullptr;
    file_->Close();
    file_metadata_ = file_->metadata();
  }
  parquet::RowGroupWriter* AppendRowGroup() override { return open_ = file_->AppendRowGroup(); }
  parquet::RowGroupWriter* AppendBufferedRowGroup() override {
    return open_ = file_->AppendBufferedRowGroup();
  }
  int64_t num_rows() const override { return file_->num_rows(); }
  int num_columns() const override { return file_->num_columns(); }
  int num_row_groups() const override { return file_->num_row_groups(); }
  const std::shared_ptr<parquet::WriterProperties>& properties() const override {
    return file_->properties();
  }
  void AddKeyValueMetadata(
      const std::shared_ptr<const parquet::KeyValueMetadata>& metadata) override {
    file_->AddKeyValueMetadata(metadata);
  }

 private:
  std::unique_ptr<parquet::ParquetFileWriter> file_;
  parquet::RowGroupWriter*& open_;
};

ParquetFile::ParquetFile(std::shared_ptr<OutputStream> stream,
                         std::shared_ptr<arrow::Schema> schema, const DataFileOptions& options, const std::vector<std::string>& plain,
                         arrow::MemoryPool* pool) {
  const auto properties = writer_properties(options, plain, pool);
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().build();
  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  check(parquet::arrow::ToParquetSchema(schema.get(), *properties, *arrow_properties, &descriptor),
        "translating the schema");
  auto file = parquet::ParquetFileWriter::Open(
      std::move(stream),
      std::static_pointer_cast<parquet::schema::GroupNode>(descriptor->schema_root()), properties);
  auto watched = std::make_unique<parquet::ParquetFileWriter>();
  watched->Open(std::make_unique<Contents>(std::move(file), row_group_));
  check(parquet::arrow::FileWriter::Make(pool, std::move(watched), std::move(schema),
                                         arrow_properties, &writer_),
        "beginning the file");
}
ParquetFile::~ParquetFile() = default;

void ParquetFile::write(const arrow::RecordBatch& batch) {
  if (row_group_ == nullptr) check(writer_->NewBufferedRowGroup(), "beginning a row group");
  check(writer_->WriteRecordBatch(batch), "writing rows");
}

int64_t ParquetFile::row_group_bytes() const {
  if (row_group_ == nullptr) return 0;
  const auto buffered = row_group_->estimated_buffered_stats();
  return row_group_->total_compressed_bytes() + row_group_->total_compressed_bytes_written() +
         buffered.def_level_bytes + buffered.rep_level_bytes + buffered.value_bytes +
         buffered.dict_bytes;
}

void ParquetFile::end_row_group() {
  if (row_group_ == nullptr) return;
  // Arrow's writer closes it again before the next, which does nothing.
  row_group_->Close();
  row_group_ = nullptr;
}

void ParquetFile::put_footer(const std::string& key, const std::string& value) {
  check(writer_->AddKeyValueMetadata(arrow::key_value_metadata({key}, {value})),
        "adding to the footer");
}

std::shared_ptr<parquet::FileMetaData> ParquetFile::close() {
  check(writer_->Close(), "writing the footer");
  return writer_->metadata();
}

}  // namespace millrace::lakehouse
