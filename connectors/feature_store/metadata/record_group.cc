#include "connectors/feature_store/metadata/record_group.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/feature_store/model/group_document.h"
#include "connectors/feature_store/model/json_object.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

/// Splits `<group>_<version>`; a name without a version is one of version 1.
void set_name(std::string_view record, FeatureGroup& group) {
  group.name = record;
  const size_t underscore = record.rfind('_');
  if (underscore == std::string_view::npos || underscore == 0) return;
  const auto version = whole_number<int32_t>(record.substr(underscore + 1));
  // `_01` is no version: the table's name would be another one.
  if (!version || *version < 1 || record.substr(underscore + 1) != std::to_string(*version)) return;
  group.name = record.substr(0, underscore);
  group.version = *version;
}

/// What the record's name and the headers tell; none when the schema is no record.
std::optional<FeatureGroup> named_group(const GroupHints& hints) {
  if (!hints.schema || hints.schema->root().kind != avro::Kind::Record) return std::nullopt;
  FeatureGroup group;
  group.id = hints.group_id;
  group.project_id = hints.project_id;
  group.topic = hints.topic;
  group.schemas.emplace(hints.schema_id, hints.schema);
  const std::string_view full = hints.schema->root().name;
  const size_t dot = full.rfind('.');
  set_name(dot == std::string_view::npos ? full : full.substr(dot + 1), group);
  group.project = dot == std::string_view::npos ? fmt::format("project_{}", hints.project_id)
                                                : std::string(full.substr(0, dot));
  return group;
}

}  // namespace

std::optional<FeatureGroup> group_of_attributes(const GroupHints& hints) {
  std::optional<FeatureGroup> group = named_group(hints);
  if (!group) return std::nullopt;
  const avro::Node& record = hints.schema->root();
  const DocumentContext context{fmt::format("the attributes of schema {}", hints.schema_id)};
  JsonObject attributes(record.properties, "", context);
  const Json* key = attributes.find("primaryKey");
  if (key == nullptr) return std::nullopt;
  group->primary_key = key->is_string() ? std::vector<std::string>{key->get<std::string>()}
                                        : as_texts(*key, "primaryKey", context);
  if (group->primary_key.empty()) return std::nullopt;
  group->event_time = attributes.text("eventTime").value_or("");
  group->ttl_seconds = attributes.whole("ttlSeconds", 1, kMaxTtlSeconds);
  return group;
}

std::optional<FeatureGroup> group_of_schema(const GroupHints& hints,
                                            const std::vector<std::string>& primary_key) {
  std::optional<FeatureGroup> group = named_group(hints);
  if (!group || primary_key.empty()) return std::nullopt;
  const auto& fields = hints.schema->root().fields;
  for (const std::string& name : primary_key) {
    const auto is_it = [&](const avro::Field& field) { return field.name == name; };
    if (std::none_of(fields.begin(), fields.end(), is_it)) return std::nullopt;
  }
  group->primary_key = primary_key;
  return group;
}

}  // namespace millrace::feature_store
