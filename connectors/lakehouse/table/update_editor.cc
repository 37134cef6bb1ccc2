#include "connectors/lakehouse/table/update_editor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "connectors/lakehouse/table/metadata.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// Java refuses a table whose times go back (trap 22).
int64_t latest_time(const Json& document) {
  int64_t latest = members::int64(document, "last-updated-ms", kDocument);
  for (const char* log : {"snapshot-log", "metadata-log"}) {
    latest = highest(members::array(document, log, kDocument), "timestamp-ms", latest);
  }
  return latest;
}

}  // namespace

UpdateEditor::UpdateEditor(Json document, int64_t now_ms)
    : document_(std::move(document)), now_ms_(now_ms), floor_ms_(latest_time(document_)) {
  now_ms_ = std::max(now_ms_, floor_ms_);
}

void UpdateEditor::apply(const Json& update) {
  struct Action {
    const char* name;
    void (UpdateEditor::*run)(const Json&);
  };
  static constexpr Action kActions[] = {
      {"assign-uuid", &UpdateEditor::assign_uuid},
      {"upgrade-format-version", &UpdateEditor::upgrade_format_version},
      {"set-location", &UpdateEditor::set_location},
      {"set-properties", &UpdateEditor::set_properties},
      {"remove-properties", &UpdateEditor::remove_properties},
      {"add-schema", &UpdateEditor::add_schema},
      {"set-current-schema", &UpdateEditor::set_current_schema},
      {"add-spec", &UpdateEditor::add_spec},
      {"set-default-spec", &UpdateEditor::set_default_spec},
      {"add-sort-order", &UpdateEditor::add_sort_order},
      {"set-default-sort-order", &UpdateEditor::set_default_sort_order},
      {"add-snapshot", &UpdateEditor::add_snapshot},
      {"set-snapshot-ref", &UpdateEditor::set_snapshot_ref},
      {"remove-snapshot-ref", &UpdateEditor::remove_snapshot_ref},
      {"remove-snapshots", &UpdateEditor::remove_snapshots},
      {"set-statistics", &UpdateEditor::set_statistics}};
  const std::string name = members::text(update, "action", "update");
  for (const Action& action : kActions) {
    if (name == action.name) return (this->*action.run)(update);
  }
  throw UnsupportedException("update `" + name + "` is not known");
}

Json UpdateEditor::finish() && {
  document_["last-updated-ms"] = std::max(now_ms_, floor_ms_);
  return std::move(document_);
}

int32_t UpdateEditor::version() const {
  return members::int32(document_, "format-version", kDocument);
}

void UpdateEditor::assign_uuid(const Json& update) {
  const std::string uuid = members::text(update, "uuid", "assign-uuid");
  const Json* present = members::find(document_, "table-uuid", kDocument);
  if (present != nullptr && *present != uuid) {
    throw DataException(fmt::format("assign-uuid: the table has the UUID {} already",
                                    members::text(document_, "table-uuid", kDocument)));
  }
  document_["table-uuid"] = uuid;
}

void UpdateEditor::upgrade_format_version(const Json& update) {
  const int32_t wanted = members::int32(update, "format-version", "upgrade-format-version");
  const int32_t present = version();
  if (wanted < present) {
    throw DataException(
        fmt::format("upgrade-format-version: the table has version {} and cannot go back to {}",
                    present, wanted));
  }
  if (wanted > 3) {
    throw UnsupportedException(
        fmt::format("upgrade-format-version: version {} is not supported", wanted));
  }
  document_["format-version"] = wanted;
  if (present < 2 && wanted >= 2) {
    if (members::find(document_, "table-uuid", kDocument) == nullptr) {
      document_["table-uuid"] = new_uuid();
    }
    document_["last-sequence-number"] = 0;
    document_.erase("schema");
    document_.erase("partition-spec");
  }
  if (present < 3 && wanted >= 3) document_["next-row-id"] = 0;
}

void UpdateEditor::set_location(const Json& update) {
  document_["location"] = members::text(update, "location", "set-location");
}

void UpdateEditor::set_properties(const Json& update) {
  const Json& updates = members::get(update, "updates", "set-properties");
  if (!updates.is_object()) throw DataException("set-properties: `updates` must be an object");
  for (const auto& [name, value] : updates.items()) {
    if (!value.is_string()) {
      throw DataException(fmt::format("set-properties: `{}` must be text", name));
    }
    document_["properties"][name] = value;
  }
}

void UpdateEditor::remove_properties(const Json& update) {
  for (const Json& name : members::array(update, "removals", "remove-properties")) {
    if (!name.is_string()) throw DataException("remove-properties: a name must be text");
    document_["properties"].erase(name.get<std::string>());
  }
}

TableMetadata TableMetadata::apply(const std::vector<Json>& updates, int64_t now_ms) const {
  UpdateEditor editor(*document_, now_ms);
  for (const Json& update : updates) editor.apply(update);
  return TableMetadata(std::move(editor).finish());
}

}  // namespace millrace::lakehouse
