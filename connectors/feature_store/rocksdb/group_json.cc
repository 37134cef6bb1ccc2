#include "connectors/feature_store/rocksdb/group_json.h"

namespace millrace::feature_store {
namespace {

using avro::Json;

template <typename Number>
void put(Json& out, const char* name, const std::optional<Number>& value) {
  if (value) out[name] = *value;
}

template <typename Value>
std::optional<Value> maybe(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? std::nullopt : std::optional<Value>(found->get<Value>());
}

Json online_of(const FeatureGroup& group) {
  Json types = Json::object();
  for (const auto& [feature, type] : group.online_types) types[feature] = type.text();
  return {{"types", types},
          {"offlineOnly", group.offline_only},
          {"indexes", group.indexes},
          {"pkIndex", group.hash_index ? "hash" : "ordered"}};
}

void read_online(const Json& json, FeatureGroup& group) {
  for (const auto& [feature, type] : json.at("types").items()) {
    group.online_types.emplace(feature, parse_column_type(type.get<std::string>()));
  }
  group.offline_only = json.at("offlineOnly").get<std::set<std::string>>();
  group.indexes = json.at("indexes").get<std::vector<std::vector<std::string>>>();
  group.hash_index = json.at("pkIndex") == "hash";
}

}  // namespace

Json group_to_json(const FeatureGroup& group) {
  Json json = {{"id", group.id},         {"projectId", group.project_id},
               {"project", group.project}, {"name", group.name},
               {"version", group.version}, {"topic", group.topic},
               {"subject", group.subject}, {"primaryKey", group.primary_key},
               {"eventTime", group.event_time}};
  put(json, "featureStoreId", group.feature_store_id);
  put(json, "ttlSeconds", group.ttl_seconds);
  json["online"] = online_of(group);
  json["complex"] = group.complex_types;
  Json types = Json::object();
  for (const auto& [feature, type] : group.feature_types) types[feature] = type.text;
  json["types"] = types;
  return json;
}

FeatureGroupPtr group_from_json(const Json& json) {
  auto group = std::make_shared<FeatureGroup>();
  group->id = json.at("id").get<int64_t>();
  group->project_id = json.at("projectId").get<int64_t>();
  group->feature_store_id = maybe<int64_t>(json, "featureStoreId");
  group->project = json.at("project").get<std::string>();
  group->name = json.at("name").get<std::string>();
  group->version = json.at("version").get<int32_t>();
  group->topic = json.at("topic").get<std::string>();
  group->subject = json.at("subject").get<std::string>();
  group->primary_key = json.at("primaryKey").get<std::vector<std::string>>();
  group->event_time = json.at("eventTime").get<std::string>();
  group->ttl_seconds = maybe<int64_t>(json, "ttlSeconds");
  read_online(json.at("online"), *group);
  group->complex_types = json.at("complex").get<std::map<std::string, std::string>>();
  for (const auto& [feature, type] : json.at("types").items()) {
    group->feature_types.emplace(feature, parse_feature_type(type.get<std::string>()));
  }
  return group;
}

Json key_to_json(const KeySchema& key) {
  Json parts = Json::array();
  for (size_t i = 0; i < key.size(); ++i) {
    parts.push_back({{"name", key.names()[i]}, {"type", key.types()[i].text}});
  }
  return parts;
}

KeySchema key_from_json(const Json& json) {
  std::vector<std::string> names;
  std::vector<FeatureType> types;
  for (const Json& part : json) {
    names.push_back(part.at("name").get<std::string>());
    types.push_back(parse_feature_type(part.at("type").get<std::string>()));
  }
  return {std::move(names), std::move(types)};
}

}  // namespace millrace::feature_store
