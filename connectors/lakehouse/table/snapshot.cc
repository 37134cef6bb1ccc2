#include <fmt/format.h>

#include "connectors/lakehouse/table/json_members.h"
#include "connectors/lakehouse/table/metadata.h"

namespace millrace::lakehouse {
namespace {

std::map<std::string, std::string> summary_from(const Json& json, const std::string& what) {
  std::map<std::string, std::string> summary;
  const Json* members = members::find(json, "summary", what);
  if (members == nullptr || !members->is_object()) return summary;
  for (const auto& [name, value] : members->items()) {
    summary[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return summary;
}

}  // namespace

Json to_json(const Snapshot& snapshot) {
  Json json = {{"sequence-number", snapshot.sequence_number}, {"snapshot-id", snapshot.id}};
  if (snapshot.parent_id) json["parent-snapshot-id"] = *snapshot.parent_id;
  json["timestamp-ms"] = snapshot.timestamp_ms;
  json["summary"] = snapshot.summary;
  json["manifest-list"] = snapshot.manifest_list;
  if (snapshot.schema_id) json["schema-id"] = *snapshot.schema_id;
  return json;
}

Snapshot snapshot_from_json(const Json& json) {
  Snapshot snapshot;
  snapshot.id = members::int64(json, "snapshot-id", "snapshot");
  const std::string what = fmt::format("snapshot {}", snapshot.id);
  snapshot.parent_id = members::optional_int64(json, "parent-snapshot-id", what);
  snapshot.sequence_number = members::optional_int64(json, "sequence-number", what).value_or(0);
  snapshot.timestamp_ms = members::int64(json, "timestamp-ms", what);
  // Of version 1 a snapshot may have its manifests in the document instead.
  if (members::find(json, "manifest-list", what) != nullptr) {
    snapshot.manifest_list = members::text(json, "manifest-list", what);
  }
  snapshot.summary = summary_from(json, what);
  snapshot.schema_id = members::optional_int32(json, "schema-id", what);
  return snapshot;
}

}  // namespace millrace::lakehouse
