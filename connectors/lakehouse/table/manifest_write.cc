#include <fmt/format.h>

#include <algorithm>

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest.h"
#include "connectors/lakehouse/table/manifest_partition.h"
#include "connectors/lakehouse/table/manifest_writer.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

template <typename T>
avro::Value optional_value(const std::optional<T>& value) {
  return value ? avro::Value(*value) : avro::Value();
}

/// What is empty is not known.
template <typename T>
avro::Value map_value(const std::map<int32_t, T>& map) {
  if (map.empty()) return {};
  avro::Array pairs;
  for (const auto& [key, value] : map) pairs.push_back(avro::Record{{key, value}});
  return pairs;
}

template <typename T>
avro::Value list_value(const std::vector<T>& list) {
  if (list.empty()) return {};
  return avro::Array(list.begin(), list.end());
}

avro::Value file_value(const DataFile& file, const std::vector<TypePtr>& types) {
  avro::Record record;
  record.fields.resize(FileField::Count);
  auto& fields = record.fields;
  const FileMetrics& metrics = file.metrics;
  fields[FileField::Content] = static_cast<int32_t>(file.content);
  fields[FileField::Path] = file.path;
  fields[FileField::Format] = file.format;
  fields[FileField::Partition] = partition_to_avro(file.partition, types);
  fields[FileField::RecordCount] = metrics.record_count;
  fields[FileField::FileSize] = file.file_size;
  fields[FileField::ColumnSizes] = map_value(metrics.column_sizes);
  fields[FileField::ValueCounts] = map_value(metrics.value_counts);
  fields[FileField::NullCounts] = map_value(metrics.null_counts);
  fields[FileField::NanCounts] = map_value(metrics.nan_counts);
  fields[FileField::LowerBounds] = map_value(metrics.lower_bounds);
  fields[FileField::UpperBounds] = map_value(metrics.upper_bounds);
  fields[FileField::KeyMetadata] = optional_value(file.key_metadata);
  fields[FileField::SplitOffsets] = list_value(metrics.split_offsets);
  fields[FileField::EqualityIds] = list_value(file.equality_ids);
  if (file.content != FileContent::PositionDeletes) {
    fields[FileField::SortOrderId] = optional_value(file.sort_order_id);
  }
  fields[FileField::ReferencedDataFile] = optional_value(file.referenced_data_file);
  return record;
}

avro::Value entry_value(const ManifestEntry& entry, const std::vector<TypePtr>& types) {
  avro::Record record;
  record.fields.resize(EntryField::Count);
  auto& fields = record.fields;
  fields[EntryField::Status] = static_cast<int32_t>(entry.status);
  fields[EntryField::SnapshotId] = optional_value(entry.snapshot_id);
  fields[EntryField::SequenceNumber] = optional_value(entry.sequence_number);
  fields[EntryField::FileSequenceNumber] = optional_value(entry.file_sequence_number);
  fields[EntryField::File] = file_value(entry.file, types);
  return record;
}

[[noreturn]] void fail(const DataFile& file, const std::string& what) {
  throw DataException(fmt::format("writing a manifest: the file {} {}", file.path, what));
}

void check(const ManifestEntry& entry, ManifestContent content) {
  const bool is_data = entry.file.content == FileContent::Data;
  if (is_data != (content == ManifestContent::Data)) {
    fail(entry.file, is_data ? "holds data, the manifest deletes" : "holds deletes, the manifest data");
  }
  // They would inherit those of the commit that writes this manifest, which is not theirs.
  if (entry.status != EntryStatus::Added &&
      (!entry.sequence_number || !entry.file_sequence_number || !entry.snapshot_id)) {
    fail(entry.file, "is not new, but the sequence numbers or the snapshot it came with are not known");
  }
  if (entry.file.content == FileContent::EqualityDeletes && entry.file.equality_ids.empty()) {
    fail(entry.file, "holds equality deletes without columns");
  }
}

void add_rows(int64_t& sum, const DataFile& file) {
  const int64_t rows = file.metrics.record_count;
  if (rows < 0 || __builtin_add_overflow(sum, rows, &sum)) {
    fail(file, fmt::format("cannot have {} rows", rows));
  }
}

void count(ManifestFile& manifest, const ManifestEntry& entry) {
  switch (entry.status) {
    case EntryStatus::Added:
      ++manifest.added_files;
      return add_rows(manifest.added_rows, entry.file);
    case EntryStatus::Existing:
      ++manifest.existing_files;
      return add_rows(manifest.existing_rows, entry.file);
    case EntryStatus::Deleted:
      ++manifest.deleted_files;
      return add_rows(manifest.deleted_rows, entry.file);
  }
}

/// The type of a field whose column was dropped: what the transform always gives, else that of its
/// values. No reader can ask for it by column any more.
TypePtr type_without_source(const PartitionField& field, size_t index,
                            const std::vector<ManifestEntry>& entries) {
  switch (field.transform.kind) {
    case TransformKind::Bucket:
    case TransformKind::Year:
    case TransformKind::Month:
    case TransformKind::Hour: return primitive(TypeId::Int);
    case TransformKind::Day: return primitive(TypeId::Date);
    case TransformKind::Unknown:
      throw UnsupportedException(fmt::format(
          "writing a manifest: the transform {} of partition field {} is not known",
          field.transform.text, field.name));
    default: break;
  }
  constexpr TypeId kTypes[] = {TypeId::Int,   TypeId::Boolean, TypeId::Int,   TypeId::Long,
                               TypeId::Float, TypeId::Double,  TypeId::Binary};
  for (const ManifestEntry& entry : entries) {
    if (index >= entry.file.partition.size()) continue;
    const Literal& value = entry.file.partition[index];
    if (!is_null(value)) return primitive(kTypes[value.index()]);
  }
  return primitive(TypeId::Int);
}

avro::Metadata header(const TableSchema& schema, const PartitionSpec& spec, ManifestContent content) {
  return {{"schema", to_json(schema).dump()},
          {"schema-id", std::to_string(schema.id)},
          {"partition-spec", fields_to_json(spec).dump()},
          {"partition-spec-id", std::to_string(spec.id)},
          {"format-version", "2"},
          {"content", content == ManifestContent::Data ? "data" : "deletes"}};
}

}  // namespace

ManifestWriter::ManifestWriter(const TableSchema& schema, const PartitionSpec& spec,
                               ManifestContent content, std::vector<TypePtr> types)
    : types_(std::move(types)),
      writer_(manifest_schema(partition_fields(spec, types_)), avro::Codec::Deflate,
              header(schema, spec, content)),
      summaries_(types_) {
  file_.spec_id = spec.id;
  file_.content = content;
}

void ManifestWriter::add(const ManifestEntry& entry) {
  check(entry, file_.content);
  writer_.append(entry_value(entry, types_));
  summaries_.add(entry.file.partition);
  count(file_, entry);
  if (entry.status == EntryStatus::Deleted || !entry.sequence_number) return;
  lowest_ = std::min(lowest_.value_or(*entry.sequence_number), *entry.sequence_number);
}

WrittenManifest ManifestWriter::finish() {
  WrittenManifest written{writer_.finish(), std::move(file_)};
  written.file.length = static_cast<int64_t>(written.bytes.size());
  written.file.partitions = summaries_.finish();
  written.file.min_sequence_number = lowest_.value_or(0);
  return written;
}

WrittenManifest write_manifest(const TableSchema& schema, const PartitionSpec& spec,
                               ManifestContent content, const std::vector<ManifestEntry>& entries) {
  std::vector<TypePtr> types = partition_types(schema, spec);
  for (size_t i = 0; i < types.size(); ++i) {
    if (!types[i]) types[i] = type_without_source(spec.fields[i], i, entries);
  }
  ManifestWriter writer(schema, spec, content, std::move(types));
  for (const ManifestEntry& entry : entries) writer.add(entry);
  return writer.finish();
}

}  // namespace millrace::lakehouse
