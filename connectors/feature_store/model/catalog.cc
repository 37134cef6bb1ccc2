#include "connectors/feature_store/model/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "connectors/feature_store/model/catalog_checks.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

template <class Map>
auto found_or_null(const Map& map, std::string_view name) -> typename Map::mapped_type {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : found->second;
}

/// Each by its name; throws where one is there twice.
template <class Map, class Items>
void index_by_name(Map& map, const Items& items, const char* what) {
  for (const auto& item : items) {
    if (!map.emplace(item.name, &item).second) {
      throw ConfigException(fmt::format("{} {} is there twice", what, item.name));
    }
  }
}

void check_count(size_t count, size_t most, const char* what) {
  if (count > most) {
    throw ConfigException(fmt::format("there are {} {}, and {} are the most", count, what, most));
  }
}

/// Whether views and services name what is there.
class NameChecks {
 public:
  explicit NameChecks(const Catalog& catalog) : catalog_(catalog) {}

  void check(const FeatureView& view) {
    const std::string what =
        fmt::format("feature view {} {} of {}", view.name, view.version, view.project);
    check_count(view.features.size(), kMaxViewFeatures, ("features of " + what).c_str());
    std::set<std::string> names;
    for (const ViewFeature& feature : view.features) {
      check_feature(group_of(feature.group_id, what), feature.feature, what);
      if (!names.insert(feature.name()).second) {
        throw ConfigException(fmt::format(
            "{}: two features are named {}; give one of them a prefix", what, feature.name()));
      }
    }
    for (const auto& [key, name] : view.serving_keys) {
      check_key_feature(group_of(key.first, what), key.second, what);
    }
  }

  void check(const FeastView& view) {
    const std::string what = "Feast view " + view.name;
    const FeatureGroup& group = group_of(view.group_id, what);
    for (const auto& [entity, feature] : view.entities) check_key_feature(group, feature, what);
  }

  void check(const FeastService& service) {
    const std::string what = "Feast service " + service.name;
    for (const std::string& feature : service.features) {
      const size_t colon = feature.find(':');
      const FeastView* view = catalog_.feast_view(std::string_view(feature).substr(0, colon));
      if (colon == std::string::npos || view == nullptr) {
        throw ConfigException(
            fmt::format("{}: {} is no VIEW:FEATURE of a view there is", what, feature));
      }
      check_feature(group_of(view->group_id, what), feature.substr(colon + 1), what);
    }
  }

  void check(const FeastPushSource& source) {
    if (catalog_.feast_view(source.view) != nullptr) return;
    throw ConfigException(
        fmt::format("Feast push source {}: there is no view {}", source.name, source.view));
  }

 private:
  const FeatureGroup& group_of(int64_t id, const std::string& what) const {
    const FeatureGroup* group = catalog_.group(id);
    if (group != nullptr) return *group;
    throw ConfigException(fmt::format("{}: there is no feature group {}", what, id));
  }

  void check_feature(const FeatureGroup& group, const std::string& feature,
                     const std::string& what) {
    if (group.deleted) return;  // lookups say so
    if (group.offline_only.contains(feature)) {
      throw ConfigException(
          fmt::format("{}: {} of {} is not online", what, feature, describe_group(group)));
    }
    auto known = known_.find(group.id);
    if (known == known_.end()) known = known_.emplace(group.id, known_features(group)).first;
    if (known->second.may_have(feature)) return;
    throw ConfigException(
        fmt::format("{}: {} has no feature {}", what, describe_group(group), feature));
  }

  static void check_key_feature(const FeatureGroup& group, const std::string& feature,
                                const std::string& what) {
    const auto& key = group.primary_key;
    if (group.deleted || std::find(key.begin(), key.end(), feature) != key.end()) return;
    throw ConfigException(fmt::format("{}: {} is not in the primary key of {}", what, feature,
                                      describe_group(group)));
  }

  const Catalog& catalog_;
  std::unordered_map<int64_t, KnownFeatures> known_ = {};
};

}  // namespace

void check_view(const Catalog& catalog, const FeatureView& view) {
  NameChecks(catalog).check(view);
}

Catalog::Catalog(Parts parts, const Catalog* before) : parts_(std::move(parts)) {
  check_count(parts_.groups.size(), kMaxGroups, "feature groups");
  check_count(parts_.views.size(), kMaxViews, "feature views");
  check_count(parts_.feast_views.size(), kMaxViews, "Feast views");
  check_count(parts_.feast_services.size(), kMaxViews, "Feast services");
  check_count(parts_.push_sources.size(), kMaxViews, "Feast push sources");
  index_groups(before);
  index_views();
  index_feast();
}

void Catalog::index_groups(const Catalog* before) {
  for (const FeatureGroupPtr& group : parts_.groups) {
    if (before == nullptr || before->group(group->id) != group.get()) check_group(*group);
    const auto [same, is_new] = by_id_.emplace(group->id, group);
    if (!is_new) {
      throw ConfigException(fmt::format("{} and {} have one id", describe_group(*same->second),
                                        describe_group(*group)));
    }
    if (group->deleted) continue;
    auto& tables = databases_[group->database()].tables;
    const auto [other, is_first] = tables.emplace(group->table(), group.get());
    if (!is_first) {
      throw ConfigException(fmt::format("{} and {} have one name and version",
                                        describe_group(*other->second), describe_group(*group)));
    }
    if (group->topic.empty()) continue;
    const auto [sharing, is_alone] = by_topic_.emplace(group->topic, group.get());
    if (!is_alone) sharing->second = nullptr;
  }
}

void Catalog::index_views() {
  NameChecks names(*this);
  for (const FeatureView& view : parts_.views) {
    names.check(view);
    auto& versions = databases_[view.database()].views[view.name];
    if (versions.emplace(view.version, &view).second) continue;
    throw ConfigException(fmt::format("feature view {} {} of {} is there twice", view.name,
                                      view.version, view.project));
  }
}

void Catalog::index_feast() {
  index_by_name(feast_views_, parts_.feast_views, "Feast view");
  index_by_name(feast_services_, parts_.feast_services, "Feast service");
  index_by_name(push_sources_, parts_.push_sources, "Feast push source");
  NameChecks names(*this);
  for (const FeastView& view : parts_.feast_views) names.check(view);
  for (const FeastService& service : parts_.feast_services) names.check(service);
  for (const FeastPushSource& source : parts_.push_sources) names.check(source);
}

const FeatureGroup* Catalog::group(int64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

FeatureGroupPtr Catalog::group_ptr(int64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

const FeatureGroup* Catalog::table(std::string_view database, std::string_view table) const {
  const auto found = databases_.find(database);
  return found == databases_.end() ? nullptr : found_or_null(found->second.tables, table);
}

bool Catalog::has_database(std::string_view database) const {
  return databases_.contains(database);
}

const FeatureGroup* Catalog::group_of_topic(std::string_view topic) const {
  return found_or_null(by_topic_, topic);
}

const FeatureView* Catalog::view(std::string_view database, std::string_view name,
                                 int32_t version) const {
  const auto found = databases_.find(database);
  if (found == databases_.end()) return nullptr;
  const auto versions = found->second.views.find(name);
  if (versions == found->second.views.end()) return nullptr;
  const auto view = versions->second.find(version);
  return view == versions->second.end() ? nullptr : view->second;
}

const FeastView* Catalog::feast_view(std::string_view name) const {
  return found_or_null(feast_views_, name);
}

const FeastService* Catalog::feast_service(std::string_view name) const {
  return found_or_null(feast_services_, name);
}

const FeastPushSource* Catalog::push_source(std::string_view name) const {
  return found_or_null(push_sources_, name);
}

}  // namespace millrace::feature_store
