#include <fmt/format.h>

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest.h"
#include "connectors/lakehouse/table/manifest_schema.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

avro::Value text_value(const std::optional<std::string>& text) {
  return text ? avro::Value(*text) : avro::Value();
}

avro::Value summary_value(const PartitionSummary& summary) {
  avro::Record record;
  record.fields.resize(SummaryField::Count);
  record.fields[SummaryField::ContainsNull] = summary.contains_null;
  if (summary.contains_nan) record.fields[SummaryField::ContainsNan] = *summary.contains_nan;
  record.fields[SummaryField::LowerBound] = text_value(summary.lower_bound);
  record.fields[SummaryField::UpperBound] = text_value(summary.upper_bound);
  return record;
}

avro::Value manifest_value(const ManifestFile& manifest) {
  avro::Record record;
  record.fields.resize(ListField::Count);
  auto& fields = record.fields;
  fields[ListField::Path] = manifest.path;
  fields[ListField::Length] = manifest.length;
  fields[ListField::SpecId] = manifest.spec_id;
  fields[ListField::Content] = static_cast<int32_t>(manifest.content);
  fields[ListField::SequenceNumber] = manifest.sequence_number;
  fields[ListField::MinSequenceNumber] = manifest.min_sequence_number;
  fields[ListField::AddedSnapshotId] = manifest.added_snapshot_id;
  fields[ListField::AddedFiles] = manifest.added_files;
  fields[ListField::ExistingFiles] = manifest.existing_files;
  fields[ListField::DeletedFiles] = manifest.deleted_files;
  fields[ListField::AddedRows] = manifest.added_rows;
  fields[ListField::ExistingRows] = manifest.existing_rows;
  fields[ListField::DeletedRows] = manifest.deleted_rows;
  if (!manifest.partitions.empty()) {
    avro::Array summaries;
    for (const PartitionSummary& summary : manifest.partitions) {
      summaries.push_back(summary_value(summary));
    }
    fields[ListField::Partitions] = std::move(summaries);
  }
  fields[ListField::KeyMetadata] = text_value(manifest.key_metadata);
  return record;
}

std::optional<std::string> text_of(const avro::Value& value) {
  if (value.is_null()) return std::nullopt;
  return value.as<std::string>();
}

PartitionSummary summary_of(const avro::Value& value) {
  const auto& fields = value.as<avro::Record>().fields;
  PartitionSummary summary;
  summary.contains_null = fields[SummaryField::ContainsNull].as<bool>();
  const avro::Value& nan = fields[SummaryField::ContainsNan];
  if (!nan.is_null()) summary.contains_nan = nan.as<bool>();
  summary.lower_bound = text_of(fields[SummaryField::LowerBound]);
  summary.upper_bound = text_of(fields[SummaryField::UpperBound]);
  return summary;
}

/// Without it a manifest might be taken for empty, and its files be lost.
int32_t files_of(const avro::Value& value, const std::string& manifest) {
  if (!value.is_null()) return value.as<int32_t>();
  throw DataException(fmt::format(
      "it does not count the files of {}; rewrite the table's manifests with a newer writer",
      manifest));
}

int64_t number_or_zero(const avro::Value& value) {
  return value.is_null() ? 0 : value.as<int64_t>();
}

ManifestFile manifest_of(const avro::Value& value) {
  const auto& fields = value.as<avro::Record>().fields;
  ManifestFile manifest;
  manifest.path = fields[ListField::Path].as<std::string>();
  manifest.length = fields[ListField::Length].as<int64_t>();
  manifest.spec_id = fields[ListField::SpecId].as<int32_t>();
  const int32_t content = fields[ListField::Content].as<int32_t>();
  if (content != 0 && content != 1) {
    throw DataException(fmt::format("content {} of {} is not known", content, manifest.path));
  }
  manifest.content = static_cast<ManifestContent>(content);
  manifest.sequence_number = fields[ListField::SequenceNumber].as<int64_t>();
  manifest.min_sequence_number = fields[ListField::MinSequenceNumber].as<int64_t>();
  manifest.added_snapshot_id = number_or_zero(fields[ListField::AddedSnapshotId]);
  manifest.added_files = files_of(fields[ListField::AddedFiles], manifest.path);
  manifest.existing_files = files_of(fields[ListField::ExistingFiles], manifest.path);
  manifest.deleted_files = files_of(fields[ListField::DeletedFiles], manifest.path);
  manifest.added_rows = number_or_zero(fields[ListField::AddedRows]);
  manifest.existing_rows = number_or_zero(fields[ListField::ExistingRows]);
  manifest.deleted_rows = number_or_zero(fields[ListField::DeletedRows]);
  if (const avro::Value& partitions = fields[ListField::Partitions]; !partitions.is_null()) {
    for (const avro::Value& summary : partitions.as<avro::Array>()) {
      manifest.partitions.push_back(summary_of(summary));
    }
  }
  manifest.key_metadata = text_of(fields[ListField::KeyMetadata]);
  return manifest;
}

}  // namespace

std::string write_manifest_list(const ManifestListInfo& info,
                                const std::vector<ManifestFile>& manifests) {
  const avro::Metadata metadata = {
      {"snapshot-id", std::to_string(info.snapshot_id)},
      {"parent-snapshot-id",
       info.parent_snapshot_id ? std::to_string(*info.parent_snapshot_id) : "null"},
      {"sequence-number", std::to_string(info.sequence_number)},
      {"format-version", "2"}};
  avro::FileWriter writer(manifest_list_schema(), avro::Codec::Deflate, metadata);
  for (const ManifestFile& manifest : manifests) writer.append(manifest_value(manifest));
  return writer.finish();
}

std::vector<ManifestFile> read_manifest_list(std::string_view bytes, const std::string& path) {
  try {
    avro::FileReader reader(bytes);
    const avro::Projection projection(reader.schema(), manifest_list_read_schema(),
                                      avro::FieldMatch::FieldId);
    std::vector<ManifestFile> manifests;
    for (avro::Value value; reader.next(projection, value);) {
      manifests.push_back(manifest_of(value));
    }
    return manifests;
  } catch (const DataException& error) {
    throw DataException(fmt::format("reading the manifest list {}: {}", path, error.what()));
  }
}

}  // namespace millrace::lakehouse
