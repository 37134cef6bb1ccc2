// The JSON objects that a change of a table is made of.

#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse::change {

Json assert_uuid(const std::string& uuid) {
  return {{"type", "assert-table-uuid"}, {"uuid", uuid}};
}

Json assert_ref(const std::string& branch, std::optional<int64_t> snapshot_id) {
  return {{"type", "assert-ref-snapshot-id"},
          {"ref", branch},
          {"snapshot-id", snapshot_id ? Json(*snapshot_id) : Json()}};
}

Json assert_schema(int32_t schema_id) {
  return {{"type", "assert-current-schema-id"}, {"current-schema-id", schema_id}};
}

Json assert_last_field_id(int32_t field_id) {
  return {{"type", "assert-last-assigned-field-id"}, {"last-assigned-field-id", field_id}};
}

Json add_snapshot(const Snapshot& snapshot) {
  return {{"action", "add-snapshot"}, {"snapshot", to_json(snapshot)}};
}

Json set_branch(const std::string& branch, int64_t snapshot_id) {
  return {{"action", "set-snapshot-ref"},
          {"ref-name", branch},
          {"type", "branch"},
          {"snapshot-id", snapshot_id}};
}

Json set_branch(const TableMetadata& table, const std::string& branch, int64_t snapshot_id) {
  Json update = set_branch(branch, snapshot_id);
  const auto refs = table.document().find("refs");
  if (refs == table.document().end()) return update;
  const auto ref = refs->find(branch);
  if (ref == refs->end()) return update;
  for (const char* name : {"min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms"}) {
    const auto kept = ref->find(name);
    if (kept != ref->end()) update[name] = *kept;
  }
  return update;
}

Json set_properties(const std::map<std::string, std::string>& properties) {
  return {{"action", "set-properties"}, {"updates", properties}};
}

Json remove_properties(const std::vector<std::string>& names) {
  return {{"action", "remove-properties"}, {"removals", names}};
}

Json remove_snapshots(const std::vector<int64_t>& ids) {
  return {{"action", "remove-snapshots"}, {"snapshot-ids", ids}};
}

Json add_schema(const TableSchema& schema, int32_t last_column_id) {
  return {
      {"action", "add-schema"}, {"schema", to_json(schema)}, {"last-column-id", last_column_id}};
}

Json set_current_schema(int32_t schema_id) {
  return {{"action", "set-current-schema"}, {"schema-id", schema_id}};
}

Json add_spec(const PartitionSpec& spec) { return {{"action", "add-spec"}, {"spec", to_json(spec)}}; }

Json set_default_spec(int32_t spec_id) {
  return {{"action", "set-default-spec"}, {"spec-id", spec_id}};
}

}  // namespace millrace::lakehouse::change
