#include <fmt/format.h>

#include <limits>

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest.h"
#include "connectors/lakehouse/table/manifest_partition.h"
#include "connectors/lakehouse/table/manifest_reader.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

template <typename T>
std::optional<T> optional_of(const avro::Value& value) {
  if (value.is_null()) return std::nullopt;
  return value.as<T>();
}

/// An enumeration of numbers from 0 to `last`.
template <typename Enum>
Enum enum_of(const avro::Value& value, Enum last, const char* what) {
  const int32_t number = value.as<int32_t>();
  if (number < 0 || number > static_cast<int32_t>(last)) {
    throw DataException(fmt::format("{} {} is not known", what, number));
  }
  return static_cast<Enum>(number);
}

template <typename T>
std::map<int32_t, T> map_of(const avro::Value& value) {
  std::map<int32_t, T> map;
  if (value.is_null()) return map;
  for (const avro::Value& pair : value.as<avro::Array>()) {
    const auto& fields = pair.as<avro::Record>().fields;
    map.insert_or_assign(fields[0].as<int32_t>(), fields[1].as<T>());
  }
  return map;
}

template <typename T>
std::vector<T> list_of(const avro::Value& value) {
  std::vector<T> list;
  if (value.is_null()) return list;
  for (const avro::Value& item : value.as<avro::Array>()) {
    const int64_t number = item.as<int64_t>();
    if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max()) {
      throw DataException(fmt::format("{} is no field id", number));
    }
    list.push_back(static_cast<T>(number));
  }
  return list;
}

DataFile file_of(const avro::Value& value, int32_t spec_id, const std::vector<TypePtr>& types) {
  const auto& fields = value.as<avro::Record>().fields;
  DataFile file;
  file.content = enum_of(fields[FileField::Content], FileContent::EqualityDeletes, "file content");
  file.path = fields[FileField::Path].as<std::string>();
  file.format = fields[FileField::Format].as<std::string>();
  file.spec_id = spec_id;
  file.partition = partition_from_avro(fields[FileField::Partition], types);
  file.file_size = fields[FileField::FileSize].as<int64_t>();
  FileMetrics& metrics = file.metrics;
  metrics.record_count = fields[FileField::RecordCount].as<int64_t>();
  metrics.column_sizes = map_of<int64_t>(fields[FileField::ColumnSizes]);
  metrics.value_counts = map_of<int64_t>(fields[FileField::ValueCounts]);
  metrics.null_counts = map_of<int64_t>(fields[FileField::NullCounts]);
  metrics.nan_counts = map_of<int64_t>(fields[FileField::NanCounts]);
  metrics.lower_bounds = map_of<std::string>(fields[FileField::LowerBounds]);
  metrics.upper_bounds = map_of<std::string>(fields[FileField::UpperBounds]);
  metrics.split_offsets = list_of<int64_t>(fields[FileField::SplitOffsets]);
  file.equality_ids = list_of<int32_t>(fields[FileField::EqualityIds]);
  file.sort_order_id = optional_of<int32_t>(fields[FileField::SortOrderId]);
  file.key_metadata = optional_of<std::string>(fields[FileField::KeyMetadata]);
  file.referenced_data_file = optional_of<std::string>(fields[FileField::ReferencedDataFile]);
  return file;
}

/// New entries have the numbers of the commit that added the manifest. Version 1 has none at all.
void inherit(ManifestEntry& entry, const ManifestFile& manifest) {
  if (!entry.snapshot_id) entry.snapshot_id = manifest.added_snapshot_id;
  if (entry.status != EntryStatus::Added && manifest.sequence_number != 0) return;
  if (!entry.sequence_number) entry.sequence_number = manifest.sequence_number;
  if (!entry.file_sequence_number) entry.file_sequence_number = manifest.sequence_number;
}

ManifestEntry entry_of(const avro::Value& value, const ManifestFile& manifest,
                       const std::vector<TypePtr>& types) {
  const auto& fields = value.as<avro::Record>().fields;
  ManifestEntry entry;
  entry.status = enum_of(fields[EntryField::Status], EntryStatus::Deleted, "status");
  entry.snapshot_id = optional_of<int64_t>(fields[EntryField::SnapshotId]);
  entry.sequence_number = optional_of<int64_t>(fields[EntryField::SequenceNumber]);
  entry.file_sequence_number = optional_of<int64_t>(fields[EntryField::FileSequenceNumber]);
  entry.file = file_of(fields[EntryField::File], manifest.spec_id, types);
  inherit(entry, manifest);
  return entry;
}

const avro::Node& record_field(const avro::Node& record, int32_t id, const char* name) {
  for (const avro::Field& field : record.fields) {
    if (avro::number(field.properties, kFieldIdKey) != id) continue;
    if (field.type->kind == avro::Kind::Record) return *field.type;
  }
  throw DataException(fmt::format("its schema has no record {}", name));
}

}  // namespace

ManifestReader::ManifestReader(std::string_view bytes, const ManifestFile& file,
                               const TableSchema& schema, const PartitionSpec& spec,
                               const ManifestReader* like)
    : manifest_(file), types_(partition_types(schema, spec)) {
  named([&] {
    file_.emplace(bytes, like == nullptr ? nullptr : &*like->file_);
    if (like != nullptr && file_->schema() == like->file_->schema()) {
      projection_ = like->projection_;
      return;
    }
    const avro::Node& data_file = record_field(file_->schema()->root(), 2, "data_file");
    const avro::Node& partition = record_field(data_file, 102, "partition");
    projection_ = std::make_shared<avro::Projection>(
        file_->schema(), manifest_read_schema(partition_read_fields(spec, types_, partition)),
        avro::FieldMatch::FieldId);
  });
}

template <class Call>
void ManifestReader::named(const Call& call) const {
  try {
    call();
  } catch (const DataException& error) {
    throw DataException(fmt::format("reading the manifest {}: {}", manifest_.path, error.what()));
  }
}

bool ManifestReader::next(ManifestEntry& entry) {
  bool found = false;
  named([&] {
    avro::Value value;
    found = file_->next(*projection_, value);
    if (found) entry = entry_of(value, manifest_, types_);
  });
  return found;
}

const avro::Node& ManifestReader::written() const { return file_->schema()->root(); }

std::vector<ManifestEntry> read_manifest(std::string_view bytes, const ManifestFile& file,
                                         const TableSchema& schema, const PartitionSpec& spec) {
  ManifestReader reader(bytes, file, schema, spec);
  std::vector<ManifestEntry> entries;
  for (ManifestEntry entry; reader.next(entry);) entries.push_back(std::move(entry));
  return entries;
}

}  // namespace millrace::lakehouse
