#include "connectors/feature_store/model/group_document.h"

#include <fmt/format.h>

#include <limits>

#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

/// What `parse` makes of text; its DataException with the place.
template <class Parse>
auto parsed(const DocumentContext& context, const std::string& place, Parse parse) {
  try {
    return parse();
  } catch (const DataException& error) {
    fail_at(context, place, error.what());
  }
}

ColumnType column_at(const Json& json, const std::string& place, const DocumentContext& context) {
  const std::string text = as_text(json, place, context);
  return parsed(context, place, [&] { return parse_column_type(text); });
}

void read_online(JsonObject& online, FeatureGroup& group) {
  const DocumentContext& context = online.context();
  online.members("types", [&](const std::string& name, const Json& type, const std::string& place) {
    group.online_types.insert_or_assign(name, column_at(type, place, context));
  });
  for (std::string& name : online.texts("offlineOnly")) group.offline_only.insert(std::move(name));
  online.list("indexes", [&](const Json& index, const std::string& place) {
    group.indexes.push_back(as_texts(index, place, context));
    if (group.indexes.back().empty()) fail_at(context, place, "an index has columns");
  });
  if (const auto kind = online.text("pkIndex")) {
    if (*kind != "hash" && *kind != "ordered") {
      online.fail("pkIndex", fmt::format("\"{}\" is neither hash nor ordered", *kind));
    }
    group.hash_index = *kind == "hash";
  }
  online.warn_of_others();
}

/// Adds the names of those that are `primary` to `primary`.
void read_feature(JsonObject feature, FeatureGroup& group, std::vector<std::string>& primary) {
  const DocumentContext& context = feature.context();
  const std::string name = feature.required_text("name");
  const std::string type = feature.required_text("type");
  const FeatureType parsed_type =
      parsed(context, feature.place("type"), [&] { return parse_feature_type(type); });
  if (!group.feature_types.emplace(name, parsed_type).second) {
    feature.fail("name", fmt::format("the feature {} is there twice", name));
  }
  if (const auto online = feature.text("onlineType"); online && !online->empty()) {
    // Those of `online.types` come first.
    group.online_types.emplace(name, parsed(context, feature.place("onlineType"),
                                            [&] { return parse_column_type(*online); }));
  }
  if (feature.flag("primary").value_or(false)) primary.push_back(name);
  // Members of Hopsworks that say nothing of online rows.
  for (const char* other : {"description", "partition", "foreign", "hudiPrecombineKey", "onDemand",
                            "defaultValue", "featureGroupId"}) {
    feature.find(other);
  }
  feature.warn_of_others();
}

void read_features(JsonObject& object, FeatureGroup& group) {
  const DocumentContext& context = object.context();
  std::vector<std::string> primary;
  object.list("features", [&](const Json& item, std::string place) {
    read_feature(JsonObject(item, std::move(place), context), group, primary);
  });
  if (group.primary_key.empty()) group.primary_key = std::move(primary);
}

void read_schemas(JsonObject& object, FeatureGroup& group) {
  const DocumentContext& context = object.context();
  object.members(
      "schemas", [&](const std::string& key, const Json& json, const std::string& place) {
        const std::optional<int64_t> id = whole_number<int64_t>(key);
        if (!id || *id < 0)
          fail_at(context, place, "a schema's name is its id in the registry, a number");
        const bool added =
            group.schemas
                .emplace(*id, parsed(context, place,
                                     [&] {
                                       return json.is_string()
                                                  ? avro::Schema::parse(json.get<std::string>())
                                                  : avro::Schema::from_json(json);
                                     }))
                .second;
        if (!added) fail_at(context, place, "the id is there twice");
      });
}

void read_ttl(JsonObject& object, FeatureGroup& group) {
  const auto in_document = object.whole("ttlSeconds", 1, kMaxTtlSeconds);
  const auto of_hopsworks = object.whole("ttl", 0, kMaxTtlSeconds);
  const bool enabled = object.flag("ttlEnabled").value_or(true);
  if (in_document) group.ttl_seconds = in_document;
  if (!in_document && of_hopsworks && *of_hopsworks > 0 && enabled)
    group.ttl_seconds = of_hopsworks;
}

void read_names(JsonObject& object, FeatureGroup& group) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  group.id = object.required_whole("id");
  group.project_id = object.whole("projectId").value_or(0);
  group.feature_store_id = object.whole("featurestoreId");
  group.name = object.required_text("name");
  group.version = static_cast<int32_t>(object.whole("version", 1, kMost).value_or(1));
  const std::optional<std::string> store = object.text("featurestoreName");
  group.project = object.text("project").value_or(store.value_or(""));
  if (group.project.empty()) object.fail("project", "it is missing");
  group.topic = object.text("topic").value_or("");
  for (const char* name : {"topicName", "onlineTopicName"}) {  // REST: now, and in old releases
    const std::optional<std::string> topic = object.text(name);
    if (group.topic.empty() && topic) group.topic = *topic;
  }
  group.subject = object.text("subject").value_or("");
  group.deleted = object.flag("deleted").value_or(false);
  group.online_enabled = object.flag("onlineEnabled").value_or(true);
}

}  // namespace

FeatureGroup parse_feature_group(const Json& json, const std::string& place,
                                 const DocumentContext& context) {
  JsonObject object(json, place, context);
  FeatureGroup group;
  read_names(object, group);
  group.primary_key = object.texts("primaryKey");
  group.event_time = object.text("eventTime").value_or("");
  read_ttl(object, group);
  if (auto online = object.object("online")) read_online(*online, group);
  object.members("complex", [&](const std::string& name, const Json& type, const std::string& at) {
    const std::string text = as_text(type, at, context);
    const FeatureType known = parsed(context, at, [&] { return parse_feature_type(text); });
    if (known.kind != FeatureKind::Complex) {
      fail_at(context, at, fmt::format("{} is no array, map, struct or uniontype", text));
    }
    group.complex_types.emplace(name, known.text);
  });
  read_features(object, group);
  read_schemas(object, group);
  object.warn_of_others();
  return group;
}

}  // namespace millrace::feature_store
