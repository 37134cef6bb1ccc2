#include "connectors/lakehouse/table/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "connectors/lakehouse/table/json_members.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr const char* kLogLength = "write.metadata.previous-versions-max";
constexpr int32_t kDefaultLogLength = 100;

std::string without_slash(std::string text) {
  while (text.size() > 1 && text.ends_with('/') && !text.ends_with("://")) text.pop_back();
  return text;
}

/// What the first of the properties that is set says, else `fallback`.
std::string folder(const TableMetadata& table, std::initializer_list<const char*> properties,
                   const char* fallback) {
  for (const char* name : properties) {
    if (const std::string* path = table.property(name)) return without_slash(*path);
  }
  return without_slash(table.location()) + fallback;
}

size_t log_length(const TableMetadata& table) {
  int32_t length = kDefaultLogLength;
  if (const std::string* text = table.property(kLogLength)) {
    length = whole_number<int32_t>(*text).value_or(length);
  }
  return static_cast<size_t>(std::max(length, 1));
}

}  // namespace

TableMetadata::TableMetadata(Json document) {
  complete_document(document);
  document_ = std::make_shared<const Json>(std::move(document));
}

TableMetadata TableMetadata::parse(std::string_view text) {
  return TableMetadata(parse_document(text));
}

std::string TableMetadata::to_text() const {
  return document_->dump(-1, ' ', false, Json::error_handler_t::replace);
}

int32_t TableMetadata::format_version() const {
  return members::int32(*document_, "format-version", kDocument);
}

std::string TableMetadata::uuid() const {
  const bool has = members::find(*document_, "table-uuid", kDocument) != nullptr;
  return has ? members::text(*document_, "table-uuid", kDocument) : std::string();
}

std::string TableMetadata::location() const {
  return members::text(*document_, "location", kDocument);
}

int64_t TableMetadata::last_sequence_number() const {
  return members::optional_int64(*document_, "last-sequence-number", kDocument).value_or(0);
}

int64_t TableMetadata::last_updated_ms() const {
  return members::int64(*document_, "last-updated-ms", kDocument);
}

int32_t TableMetadata::last_column_id() const {
  return members::int32(*document_, "last-column-id", kDocument);
}

int32_t TableMetadata::last_partition_id() const {
  return members::int32(*document_, "last-partition-id", kDocument);
}

std::map<std::string, std::string> TableMetadata::properties() const {
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : members::get(*document_, "properties", kDocument).items()) {
    if (value.is_string()) all.emplace(name, value.get<std::string>());
  }
  return all;
}

const std::string* TableMetadata::property(const std::string& name) const {
  const Json& properties = members::get(*document_, "properties", kDocument);
  const Json* value = members::find(properties, name, kDocument);
  return value == nullptr ? nullptr : value->get_ptr<const std::string*>();
}

std::string TableMetadata::metadata_folder() const {
  return folder(*this, {"write.metadata.path"}, "/metadata");
}

std::string TableMetadata::data_folder() const {
  return folder(*this, {"write.data.path", "write.folder-storage.path"}, "/data");
}

TableSchema TableMetadata::current_schema() const {
  const int32_t id = members::int32(*document_, "current-schema-id", kDocument);
  if (auto current = schema(id)) return *std::move(current);
  throw DataException(fmt::format("{}: the current schema {} is not in `schemas`", kDocument, id));
}

std::optional<TableSchema> TableMetadata::schema(int32_t id) const {
  const Json* found = element(members::array(*document_, "schemas", kDocument), "schema-id", id);
  return found == nullptr ? std::nullopt : std::optional(schema_from_json(*found));
}

PartitionSpec TableMetadata::default_spec() const {
  const int32_t id = members::int32(*document_, "default-spec-id", kDocument);
  if (auto found = spec(id)) return *std::move(found);
  throw DataException(
      fmt::format("{}: the default spec {} is not in `partition-specs`", kDocument, id));
}

std::optional<PartitionSpec> TableMetadata::spec(int32_t id) const {
  const Json& specs = members::array(*document_, "partition-specs", kDocument);
  const Json* found = element(specs, "spec-id", id);
  return found == nullptr ? std::nullopt : std::optional(spec_from_json(*found));
}

std::optional<int64_t> TableMetadata::ref(const std::string& name) const {
  const Json& refs = members::get(*document_, "refs", kDocument);
  const Json* found = members::find(refs, name, kDocument);
  if (found == nullptr) return std::nullopt;
  return members::int64(*found, "snapshot-id", kDocument);
}

std::optional<Snapshot> TableMetadata::snapshot(int64_t id) const {
  const Json& snapshots = members::array(*document_, "snapshots", kDocument);
  const Json* found = element(snapshots, "snapshot-id", id);
  return found == nullptr ? std::nullopt : std::optional(snapshot_from_json(*found));
}

std::vector<int64_t> TableMetadata::snapshot_ids() const {
  std::vector<int64_t> ids;
  for (const Json& snapshot : members::array(*document_, "snapshots", kDocument)) {
    ids.push_back(members::int64(snapshot, "snapshot-id", "snapshot"));
  }
  return ids;
}

TableMetadata TableMetadata::with_previous(const std::string& previous_location,
                                           int64_t previous_updated_ms,
                                           std::vector<std::string>* dropped) const {
  Json document = *document_;
  Json& log = document["metadata-log"];
  log.push_back({{"timestamp-ms", previous_updated_ms}, {"metadata-file", previous_location}});
  const size_t length = log_length(*this);
  const size_t extra = log.size() > length ? log.size() - length : 0;
  for (size_t i = 0; dropped != nullptr && i < extra; ++i) {
    dropped->push_back(members::text(log[i], "metadata-file", kDocument));
  }
  log.erase(log.begin(), log.begin() + static_cast<Json::difference_type>(extra));
  return TableMetadata(std::move(document));
}

}  // namespace millrace::lakehouse
