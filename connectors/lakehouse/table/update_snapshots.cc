// Updates of snapshots, references and statistics.

#include <fmt/format.h>

#include <algorithm>

#include "connectors/lakehouse/table/metadata.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "connectors/lakehouse/table/update_editor.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// Elements of the list for which `gone` says so are taken out.
template <class Gone>
void erase_where(Json& list, Gone gone) {
  Json kept = Json::array();
  for (Json& item : list) {
    if (!gone(item)) kept.push_back(std::move(item));
  }
  list = std::move(kept);
}

int64_t snapshot_of(const Json& item) {
  return members::int64(item, "snapshot-id", kDocument);
}

/// Entries behind the last one whose snapshot is gone: what is before a hole says nothing certain.
void trim_log(Json& log, const std::set<int64_t>& gone) {
  Json kept = Json::array();
  for (Json& entry : log) {
    if (gone.contains(snapshot_of(entry))) {
      kept = Json::array();
    } else {
      kept.push_back(std::move(entry));
    }
  }
  log = std::move(kept);
}

}  // namespace

void UpdateEditor::check_row_ids(const Json& snapshot) {
  const int64_t next = members::int64(document_, "next-row-id", kDocument);
  const int64_t first = members::int64(snapshot, "first-row-id", "add-snapshot");
  const int64_t added = members::int64(snapshot, "added-rows", "add-snapshot");
  if (first < next || added < 0) {
    throw DataException(
        fmt::format("add-snapshot: first row id {} is below the table's {}", first, next));
  }
  document_["next-row-id"] = first + added;
}

void UpdateEditor::add_snapshot(const Json& update) {
  Json json = members::get(update, "snapshot", "add-snapshot");
  const Snapshot snapshot = snapshot_from_json(json);
  Json& snapshots = document_["snapshots"];
  if (element(snapshots, "snapshot-id", snapshot.id) != nullptr) {
    throw DataException(fmt::format("add-snapshot: there is a snapshot {} already", snapshot.id));
  }
  if (version() == 1) {
    json.erase("sequence-number");
  } else {
    const int64_t last = members::int64(document_, "last-sequence-number", kDocument);
    if (snapshot.sequence_number <= last && snapshot.parent_id) {
      throw DataException(
          fmt::format("add-snapshot: sequence number {} is not above the table's {}",
                      snapshot.sequence_number, last));
    }
    document_["last-sequence-number"] = std::max(last, snapshot.sequence_number);
  }
  if (version() > 2) check_row_ids(json);
  now_ms_ = std::max(now_ms_, snapshot.timestamp_ms);
  added_snapshots_.insert(snapshot.id);
  snapshots.push_back(std::move(json));
}

void UpdateEditor::move_main(int64_t snapshot_id) {
  document_["current-snapshot-id"] = snapshot_id;
  int64_t time = now_ms_;
  if (added_snapshots_.contains(snapshot_id)) {
    const Json& snapshot = *element(document_["snapshots"], "snapshot-id", snapshot_id);
    time = std::max(floor_ms_, members::int64(snapshot, "timestamp-ms", "snapshot"));
  }
  document_["snapshot-log"].push_back({{"timestamp-ms", time}, {"snapshot-id", snapshot_id}});
  floor_ms_ = std::max(floor_ms_, time);
}

void UpdateEditor::set_snapshot_ref(const Json& update) {
  const std::string name = members::text(update, "ref-name", "set-snapshot-ref");
  const std::string type = members::text(update, "type", "set-snapshot-ref");
  const int64_t id = members::int64(update, "snapshot-id", "set-snapshot-ref");
  if (type != "branch" && (type != "tag" || name == kMainBranch)) {
    throw DataException(fmt::format("set-snapshot-ref: `{}` cannot be a {}", name, type));
  }
  if (element(document_["snapshots"], "snapshot-id", id) == nullptr) {
    throw DataException(fmt::format("set-snapshot-ref: there is no snapshot {}", id));
  }
  Json& refs = document_["refs"];
  Json ref = Json::object();
  if (refs.contains(name) && members::text(refs[name], "type", name) == type) ref = refs[name];
  for (const auto& [member, value] : update.items()) {
    if (member != "action" && member != "ref-name") ref[member] = value;
  }
  refs[name] = std::move(ref);
  const auto current = members::optional_int64(document_, "current-snapshot-id", kDocument);
  if (name == kMainBranch && current != id) move_main(id);
}

void UpdateEditor::remove_snapshot_ref(const Json& update) {
  const std::string name = members::text(update, "ref-name", "remove-snapshot-ref");
  document_["refs"].erase(name);
  if (name != kMainBranch) return;
  document_["current-snapshot-id"] = version() > 2 ? Json() : Json(kNoSnapshot);
  document_["snapshot-log"] = Json::array();
}

void UpdateEditor::remove_snapshots(const Json& update) {
  std::set<int64_t> gone;
  for (const Json& id : members::array(update, "snapshot-ids", "remove-snapshots")) {
    gone.insert(members::as_int64(id, "snapshot-ids", "remove-snapshots"));
  }
  for (const auto& [name, ref] : document_["refs"].items()) {
    if (gone.contains(snapshot_of(ref))) {
      throw DataException(
          fmt::format("remove-snapshots: snapshot {} is that of reference {}: remove "
                      "the reference first",
                      snapshot_of(ref), name));
    }
  }
  const auto is_gone = [&gone](const Json& item) { return gone.contains(snapshot_of(item)); };
  for (const char* name : {"snapshots", "statistics", "partition-statistics"}) {
    if (document_.contains(name)) erase_where(document_[name], is_gone);
  }
  trim_log(document_["snapshot-log"], gone);
}

void UpdateEditor::set_statistics(const Json& update) {
  const Json& statistics = members::get(update, "statistics", "set-statistics");
  const int64_t id = members::int64(statistics, "snapshot-id", "set-statistics");
  if (!document_.contains("statistics")) document_["statistics"] = Json::array();
  Json& list = document_["statistics"];
  erase_where(list, [id](const Json& item) { return snapshot_of(item) == id; });
  list.push_back(statistics);
}

}  // namespace millrace::lakehouse
