#include "connectors/feature_store/model/view_document.h"

#include <fmt/format.h>

#include <limits>

namespace millrace::feature_store {
namespace {

constexpr int64_t kMaxVersion = std::numeric_limits<int32_t>::max();

int32_t version_of(JsonObject& object) {
  return static_cast<int32_t>(object.whole("version", 1, kMaxVersion).value_or(1));
}

std::string database_of(const std::string& project) {
  FeatureView named;
  named.project = project;
  return named.database();
}

const Json& required(JsonObject& object, const char* name) {
  const Json* found = object.find(name);
  if (found == nullptr) object.fail(name, "it is missing");
  return *found;
}

void read_view_item(JsonObject item, const GroupNames& groups, FeatureView& view) {
  ViewFeature feature;
  feature.group_id = groups.id_of(required(item, "featureGroup"), item.place("featureGroup"),
                                  view.project, item.context());
  feature.prefix = item.text("prefix").value_or("");
  feature.label = item.flag("label").value_or(false);
  const std::optional<std::string> one = item.text("feature");
  std::vector<std::string> names = item.texts("features");
  if (one) names.push_back(*one);
  if (names.empty() || (one && names.size() > 1)) {
    item.fail("feature", "a name is wanted, or a list of them as features");
  }
  for (std::string& name : names) {
    feature.feature = std::move(name);
    view.features.push_back(feature);
  }
  item.warn_of_others();
}

void read_serving_key(JsonObject item, const GroupNames& groups, FeatureView& view) {
  const int64_t group = groups.id_of(required(item, "featureGroup"), item.place("featureGroup"),
                                     view.project, item.context());
  view.serving_keys.insert_or_assign({group, item.required_text("feature")},
                                     item.required_text("name"));
  item.warn_of_others();
}

/// An item of `features` in Hopsworks' answer: its name begins with the prefix.
ViewFeature hopsworks_feature(JsonObject item) {
  ViewFeature feature;
  const std::string name = item.required_text("name");
  feature.feature = item.text("featureGroupFeatureName").value_or(name);
  if (!name.ends_with(feature.feature)) {
    item.fail("name", fmt::format("it does not end with the feature's name, {}", feature.feature));
  }
  feature.prefix = name.substr(0, name.size() - feature.feature.size());
  // Helper columns are, like labels, no part of the vector.
  feature.label = item.flag("label").value_or(false) ||
                  item.flag("trainingHelperColumn").value_or(false) ||
                  item.flag("inferenceHelperColumn").value_or(false);
  auto group = item.object("featuregroup");
  if (!group) item.fail("featuregroup", "it is missing: the group may have been deleted");
  feature.group_id = group->required_whole("id");
  return feature;
}

void read_hopsworks_key(JsonObject item, FeatureView& view) {
  auto group = item.object("featureGroup");
  if (!group) return;
  const std::string feature = item.required_text("featureName");
  const bool is_required = item.flag("required").value_or(true);
  const std::string own = item.text("prefix").value_or("") + feature;
  // A key that is not asked for comes from the one it is joined with.
  view.serving_keys.insert_or_assign({group->required_whole("id"), feature},
                                     is_required ? own : item.text("joinOn").value_or(own));
}

}  // namespace

GroupNames::GroupNames(const std::vector<FeatureGroupPtr>& groups) {
  for (const FeatureGroupPtr& group : groups) {
    if (!group->deleted) groups_.push_back({group->database(), group->table(), group->id});
  }
}

int64_t GroupNames::id_of(const Json& reference, const std::string& place,
                          const std::string& project, const DocumentContext& context) const {
  if (reference.is_string()) return find(project, reference.get<std::string>(), place, context);
  if (reference.is_object()) {
    JsonObject object(reference, place, context);
    const std::optional<int64_t> id = object.whole("id");
    const std::string own = object.text("project").value_or(project);
    const std::optional<std::string> name = object.text("name");
    const int32_t version = version_of(object);
    object.warn_of_others();
    if (id) return *id;
    if (!name) fail_at(context, place, "id is missing, or name and version");
    return find(own, fmt::format("{}_{}", *name, version), place, context);
  }
  // A number by itself is read as a member is.
  const Json wrapped = {{"id", reference}};
  return JsonObject(wrapped, place, context).required_whole("id");
}

int64_t GroupNames::find(const std::string& project, const std::string& table,
                         const std::string& place, const DocumentContext& context) const {
  const std::string database = database_of(project);
  const Named* found = nullptr;
  for (const Named& group : groups_) {
    if (group.table != table || (!project.empty() && group.database != database)) continue;
    if (found != nullptr) {
      fail_at(context, place,
              fmt::format("there are several groups {}; say of which project", table));
    }
    found = &group;
  }
  if (found != nullptr) return found->id;
  fail_at(context, place,
          fmt::format("there is no feature group {}{}", table,
                      project.empty() ? "" : " in project " + project));
}

FeatureView parse_feature_view(const Json& json, const std::string& place, const GroupNames& groups,
                               const DocumentContext& context) {
  JsonObject object(json, place, context);
  FeatureView view;
  view.project = object.required_text("project");
  view.name = object.required_text("name");
  view.version = version_of(object);
  view.id = object.whole("id");
  object.list("features", [&](const Json& item, std::string at) {
    read_view_item(JsonObject(item, std::move(at), context), groups, view);
  });
  object.list("servingKeys", [&](const Json& item, std::string at) {
    read_serving_key(JsonObject(item, std::move(at), context), groups, view);
  });
  object.warn_of_others();
  return view;
}

FeatureView parse_hopsworks_view(const Json& json, const std::string& place,
                                 const std::string& project, const DocumentContext& context) {
  JsonObject object(json, place, context);
  FeatureView view;
  view.project = project;
  view.name = object.required_text("name");
  view.version = version_of(object);
  view.id = object.whole("id");
  std::multimap<int64_t, ViewFeature> by_index;
  object.list("features", [&](const Json& item, std::string at) {
    JsonObject feature(item, std::move(at), context);
    const int64_t index = feature.whole("index").value_or(static_cast<int64_t>(by_index.size()));
    by_index.emplace(index, hopsworks_feature(feature));
  });
  for (auto& [index, feature] : by_index) view.features.push_back(std::move(feature));
  object.list("servingKeys", [&](const Json& item, std::string at) {
    read_hopsworks_key(JsonObject(item, std::move(at), context), view);
  });
  return view;
}

FeastView parse_feast_view(const Json& json, const std::string& place, const GroupNames& groups,
                           const DocumentContext& context) {
  JsonObject object(json, place, context);
  FeastView view;
  view.name = object.required_text("name");
  view.group_id =
      groups.id_of(required(object, "featureGroup"), object.place("featureGroup"), "", context);
  object.members("entities",
                 [&](const std::string& key, const Json& feature, const std::string& at) {
                   view.entities.emplace(key, as_text(feature, at, context));
                 });
  object.warn_of_others();
  return view;
}

FeastService parse_feast_service(const Json& json, const std::string& place,
                                 const DocumentContext& context) {
  JsonObject object(json, place, context);
  FeastService service{object.required_text("name"), object.texts("features")};
  object.warn_of_others();
  return service;
}

FeastPushSource parse_feast_push_source(const Json& json, const std::string& place,
                                        const DocumentContext& context) {
  JsonObject object(json, place, context);
  FeastPushSource source{object.required_text("name"), object.required_text("view")};
  object.warn_of_others();
  return source;
}

}  // namespace millrace::feature_store
