#include <fmt/format.h>

#include <charconv>

#include "connectors/lakehouse/table/field_ids.h"
#include "connectors/lakehouse/table/metadata.h"
#include "connectors/lakehouse/table/metadata_document.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr const char* kFormatVersion = "format-version";
constexpr int32_t kDefaultVersion = 2;

/// The version, taken out of the properties.
int32_t take_version(std::map<std::string, std::string>& properties) {
  const auto found = properties.extract(kFormatVersion);
  if (found.empty()) return kDefaultVersion;
  const std::string& text = found.mapped();
  if (text == "2") return 2;
  if (text == "3") return 3;
  throw UnsupportedException(
      fmt::format("tables of format version `{}` are not made, only 2 and 3", text));
}

int32_t new_id(const std::map<int32_t, int32_t>& renamed, int32_t id, std::string_view what) {
  const auto found = renamed.find(id);
  if (found != renamed.end()) return found->second;
  throw DataException(
      fmt::format("{} refers to field {}, which the schema does not have", what, id));
}

TableSchema new_schema(const TableSchema& given, std::map<int32_t, int32_t>& renamed,
                       int32_t& next) {
  TableSchema schema{.id = 0, .fields = with_new_ids(given.fields, next, &renamed)};
  for (int32_t id : given.identifier_ids) {
    schema.identifier_ids.push_back(new_id(renamed, id, "the set of identifier fields"));
  }
  check_schema(schema);
  return schema;
}

PartitionSpec new_spec(const PartitionSpec& given, const TableSchema& schema,
                       const std::map<int32_t, int32_t>& renamed) {
  PartitionSpec spec{.id = 0, .fields = given.fields};
  int32_t next = kNoPartitionField + 1;
  for (PartitionField& field : spec.fields) {
    field.source_id = new_id(renamed, field.source_id, "partition field " + field.name);
    field.field_id = next++;
    const Type& source = *schema.field(field.source_id)->type;
    if (!accepts(field.transform, source)) {
      throw DataException(
          fmt::format("partition field {}: transform {} does not take values of "
                      "type {}",
                      field.name, transform_text(field.transform), type_text(source)));
    }
  }
  return spec;
}

std::string without_slash(std::string location) {
  while (location.size() > 1 && location.ends_with('/')) location.pop_back();
  return location;
}

}  // namespace

TableMetadata TableMetadata::create(const NewTable& table, const std::string& uuid,
                                    int64_t now_ms) {
  std::map<std::string, std::string> properties = table.properties;
  const int32_t version = take_version(properties);
  std::map<int32_t, int32_t> renamed;
  int32_t next = 1;
  const TableSchema schema = new_schema(table.schema, renamed, next);
  const PartitionSpec spec = new_spec(table.spec, schema, renamed);
  const Json unsorted = {{"order-id", 0}, {"fields", Json::array()}};
  Json document = {
      {kFormatVersion, version},
      {"table-uuid", uuid},
      {"location", without_slash(table.location)},
      {"last-sequence-number", 0},
      {"last-updated-ms", now_ms},
      {"last-column-id", next - 1},
      {"current-schema-id", 0},
      {"schemas", Json::array({to_json(schema)})},
      {"default-spec-id", 0},
      {"partition-specs", Json::array({to_json(spec)})},
      {"last-partition-id", kNoPartitionField + static_cast<int32_t>(spec.fields.size())},
      {"default-sort-order-id", 0},
      {"sort-orders", Json::array({unsorted})},
      {"properties", Json::object()},
      {"current-snapshot-id", version > 2 ? Json() : Json(kNoSnapshot)}};
  for (const auto& [name, value] : properties) document["properties"][name] = value;
  if (version > 2) document["next-row-id"] = 0;
  document["refs"] = Json::object();
  for (const char* name :
       {"snapshots", "statistics", "partition-statistics", "snapshot-log", "metadata-log"}) {
    document[name] = Json::array();
  }
  return TableMetadata(std::move(document));
}

}  // namespace millrace::lakehouse
