// Several manifests as one (iceberg-sink.md §5.13).

#include <fmt/format.h>

#include <algorithm>

#include "connectors/lakehouse/table/manifest_reader.h"
#include "connectors/lakehouse/table/manifest_writer.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

const avro::Node& without_null(const avro::Node& node) {
  if (node.kind != avro::Kind::Union) return node;
  for (const avro::Node* branch : node.members) {
    if (branch->kind != avro::Kind::Null) return *branch;
  }
  return node;
}

/// The first field of `written`, at any depth, that `known` does not have; null: it has them all.
const avro::Field* unknown_field(const avro::Node& written_or_null, const avro::Node& known_or_null) {
  const avro::Node& written = without_null(written_or_null);
  const avro::Node& known = without_null(known_or_null);
  for (const avro::Field& field : written.fields) {
    const auto id = avro::number(field.properties, kFieldIdKey);
    const auto same = std::find_if(known.fields.begin(), known.fields.end(), [&](const auto& other) {
      return id && avro::number(other.properties, kFieldIdKey) == id;
    });
    if (same == known.fields.end()) return &field;
    if (const auto* inner = unknown_field(*field.type, *same->type)) return inner;
  }
  if (written.kind != avro::Kind::Array || known.kind != avro::Kind::Array) return nullptr;
  return unknown_field(*written.members.at(0), *known.members.at(0));
}

std::vector<TypePtr> writable_types(const TableSchema& schema, const PartitionSpec& spec) {
  std::vector<TypePtr> types = partition_types(schema, spec);
  for (size_t i = 0; i < types.size(); ++i) {
    // Of fixed values writers do not agree whether a length stands before them.
    if (types[i] && types[i]->id != TypeId::Fixed) continue;
    throw UnsupportedException(fmt::format(
        "merging manifests: values of partition field {} of spec {} cannot be written again",
        spec.fields[i].name, spec.id));
  }
  return types;
}

}  // namespace

struct ManifestMerger::Parts {
  TableSchema schema;
  PartitionSpec spec;
  std::vector<TypePtr> types;
  avro::SchemaPtr known;
  ManifestWriter writer;
  std::unique_ptr<ManifestReader> last = nullptr;  // manifests of one table have the same schema mostly
};

ManifestMerger::ManifestMerger(const TableSchema& schema, const PartitionSpec& spec,
                               ManifestContent content) {
  const std::vector<TypePtr> types = writable_types(schema, spec);
  parts_ = std::make_unique<Parts>(
      Parts{schema, spec, types, manifest_schema(partition_fields(spec, types)),
            ManifestWriter(schema, spec, content, types)});
}

ManifestMerger::~ManifestMerger() = default;

void ManifestMerger::add(std::string_view bytes, const ManifestFile& file, bool is_new) {
  auto next = std::make_unique<ManifestReader>(bytes, file, parts_->schema, parts_->spec,
                                               parts_->last.get());
  parts_->last = std::move(next);
  ManifestReader& reader = *parts_->last;
  if (const auto* field = unknown_field(reader.written(), parts_->known->root())) {
    throw UnsupportedException(fmt::format(
        "merging the manifest {}: its field {} is not known", file.path, field->name));
  }
  int64_t live = 0;
  for (ManifestEntry entry; reader.next(entry);) {
    if (entry.status == EntryStatus::Deleted) continue;
    ++live;
    if (is_new) {
      entry.snapshot_id = entry.sequence_number = entry.file_sequence_number = std::nullopt;
    } else {
      entry.status = EntryStatus::Existing;
    }
    parts_->writer.add(entry);
  }
  if (live != int64_t{file.added_files} + file.existing_files) {
    throw DataException(fmt::format("merging the manifest {}: it has {} live files, its list says {}",
                                    file.path, live, int64_t{file.added_files} + file.existing_files));
  }
}

WrittenManifest ManifestMerger::finish() { return parts_->writer.finish(); }

}  // namespace millrace::lakehouse
