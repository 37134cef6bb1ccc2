#include "connectors/lakehouse/sink/table_keys.h"

#include <algorithm>

#include "connectors/lakehouse/table/manifest.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

bool has(const std::vector<int32_t>& ids, int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool can_be_key(const Type& type) {
  return type.is_primitive() && type.id != TypeId::Float && type.id != TypeId::Double;
}

}  // namespace

std::vector<int32_t> key_ids(const TableSchema& schema, const std::vector<std::string>& names,
                             bool ignore_case) {
  std::vector<int32_t> ids = names.empty() ? schema.identifier_ids : std::vector<int32_t>();
  for (const std::string& name : names) {
    const NestedField* column = schema.column(name, ignore_case);
    if (column == nullptr) {
      throw ConfigException("replacing rows: key column " + name + " is no column of the table");
    }
    ids.push_back(column->id);
  }
  if (ids.empty()) {
    throw ConfigException(
        "replacing rows: the table has no identifier fields; name the key columns in "
        "iceberg.tables.default-id-columns or iceberg.table.<name>.id-columns");
  }
  for (const int32_t id : ids) {
    const bool at_top = std::any_of(schema.fields.begin(), schema.fields.end(),
                                    [id](const NestedField& field) { return field.id == id; });
    const NestedField* field = schema.field(id);
    if (at_top && can_be_key(*field->type)) continue;
    throw ConfigException("replacing rows: column " + schema.path_of(id) +
                          " cannot be part of the key; it is " +
                          (at_top ? type_text(*field->type) : std::string("inside another column")));
  }
  return ids;
}

void require_partition_of_key(const PartitionSpec& spec, const std::vector<int32_t>& keys) {
  for (const PartitionField& field : spec.fields) {
    if (has(keys, field.source_id) || field.transform.kind == TransformKind::Void) continue;
    throw ConfigException("replacing rows: partition " + field.name +
                          " is of a column outside the key, so that rows in the key's former partitions "
                          "would stay; partition by key columns, or add it to the key");
  }
}

void require_one_spec(const LoadedTable& table, const std::string& branch) {
  const PartitionSpec spec = table.metadata.default_spec();
  const auto head = table.metadata.ref(branch);
  const auto snapshot = head ? table.metadata.snapshot(*head) : std::nullopt;
  // Deletes without a partition reach all files.
  if (!snapshot || snapshot->manifest_list.empty() || spec.is_unpartitioned()) return;
  const std::string& list = snapshot->manifest_list;
  for (const ManifestFile& manifest : read_manifest_list(table.files->read(list), list)) {
    if (manifest.content != ManifestContent::Data || !manifest.has_live_files()) continue;
    if (manifest.spec_id == spec.id) continue;
    throw ConfigException("replacing rows: the table has files of partition spec " +
                          std::to_string(manifest.spec_id) + " besides its present one, " +
                          std::to_string(spec.id) + ", which deletes by key do not reach; rewrite its "
                          "data files first");
  }
}

bool is_without_rows(const TableMetadata& table, const std::string& branch) {
  const auto head = table.ref(branch);
  const auto snapshot = head ? table.snapshot(*head) : std::nullopt;
  if (!snapshot) return true;
  const auto total = snapshot->summary.find("total-data-files");
  return total != snapshot->summary.end() && total->second == "0";
}

TableSchema with_identifiers(TableSchema schema, const std::vector<int32_t>& keys) {
  schema.identifier_ids = keys;
  for (NestedField& field : schema.fields) {
    if (has(keys, field.id)) field.required = true;
  }
  return schema;
}

}  // namespace millrace::lakehouse
