#pragma once
// All metadata at one moment.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/feature_store/model/feature_group.h"

namespace millrace::feature_store {

/// Immutable; any thread.
class Catalog {
 public:
  Catalog() = default;
  struct Parts {
    std::vector<FeatureGroupPtr> groups = {};
    std::vector<FeatureView> views = {};
    std::vector<FeastView> feast_views = {};
    std::vector<FeastService> feast_services = {};
    std::vector<FeastPushSource> push_sources = {};
  };
  /// Throws ConfigException for two groups with one id, or one name and version of a project
  /// (groups that are deleted aside), for groups that break a limit of §8 as far as their types are
  /// known, and for views of groups or features that are not there. What `before` holds is not
  /// checked a second time.
  explicit Catalog(Parts parts, const Catalog* before = nullptr);
  Catalog(const Catalog&) = delete;  // what lookups give points into it
  Catalog& operator=(const Catalog&) = delete;

  /// Null: none.
  const FeatureGroup* group(int64_t id) const;
  FeatureGroupPtr group_ptr(int64_t id) const;
  /// By names as clients have them: database, and `<name>_<version>`. None that is deleted.
  const FeatureGroup* table(std::string_view database, std::string_view table) const;
  bool has_database(std::string_view database) const;
  /// The group whose rows come on a topic without headers; null when none or several say so.
  const FeatureGroup* group_of_topic(std::string_view topic) const;
  const FeatureView* view(std::string_view database, std::string_view name, int32_t version) const;
  const FeastView* feast_view(std::string_view name) const;
  const FeastService* feast_service(std::string_view name) const;
  const FeastPushSource* push_source(std::string_view name) const;
  const Parts& parts() const noexcept { return parts_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class Value>
  using ByName = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
  struct Database {
    ByName<const FeatureGroup*> tables = {};
    ByName<std::map<int32_t, const FeatureView*>> views = {};  // by version
  };

  void index_groups(const Catalog* before);
  void index_views();
  void index_feast();

  Parts parts_;
  std::unordered_map<int64_t, FeatureGroupPtr> by_id_;
  ByName<Database> databases_;
  ByName<const FeatureGroup*> by_topic_;  // null: of several
  ByName<const FeastView*> feast_views_;
  ByName<const FeastService*> feast_services_;
  ByName<const FeastPushSource*> push_sources_;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

/// Throws ConfigException for a view of groups or features that `catalog` has not.
void check_view(const Catalog& catalog, const FeatureView& view);

/// A document and what messages call it: a file or a key of the configuration.
struct CatalogText {
  std::string text = {};
  std::string origin = {};
};

inline constexpr size_t kMaxGroups = 10'000;       // of a catalog
inline constexpr size_t kMaxViews = 10'000;        // of each kind
inline constexpr size_t kMaxViewFeatures = 5'000;  // of one view

/// Reads documents of feature-store-sink.md §7. What an earlier one has (a group's id or name and
/// version, a view's name) is left out of later ones; views refer to groups of any. Members that
/// nobody knows are left out, and `warnings`, if given, gets one line for each. Throws
/// ConfigException that names the document and the place in it.
///
///     {"featureGroups": [{
///        "project": "bank", "projectId": 119, "featurestoreId": 67,
///        "id": 42, "name": "txn", "version": 1,
///        "topic": "bank_onlinefs", "subject": "txn_1",
///        "primaryKey": ["cc_num"], "eventTime": "ts", "ttlSeconds": 86400,
///        "online": {"types": {"note": "varchar(500)"}, "offlineOnly": ["raw"],
///                   "indexes": [["day"]], "pkIndex": "hash"},   // or "ordered"
///        "features": [{"name": "cc_num", "type": "bigint", "onlineType": "bigint",
///                      "primary": true}],
///        "complex": {"loc": "struct<lat:double,lon:double>"},   // registered schemas say bytes
///        "schemas": {"17": {"type": "record", ...}},            // by id; objects, or text of them
///        "onlineEnabled": true, "deleted": false}],
///      "featureViews": [{
///        "project": "bank", "name": "fraud", "version": 1, "id": 7,
///        "features": [{"featureGroup": 42, "feature": "amount"},
///                     {"featureGroup": "txn_1", "features": ["ts", "day"], "prefix": "t_"},
///                     {"featureGroup": {"project": "bank", "name": "labels", "version": 2},
///                      "feature": "is_fraud", "label": true}],
///        "servingKeys": [{"featureGroup": 42, "feature": "cc_num", "name": "card"}]}],
///      "feast": {
///        "views": [{"name": "driver_stats", "featureGroup": 42,
///                   "entities": {"driver_id": "cc_num"}}],
///        "services": [{"name": "scoring", "features": ["driver_stats:amount"]}],
///        "pushSources": [{"name": "push", "view": "driver_stats"}]}}
///
/// Of a group, `project`, `id` and `name` are needed, and a primary key: `primaryKey`, or features
/// that are `primary`. `features`, where given, are all there are. A `featureGroup` of a view is an
/// id, a text `<name>_<version>`, or an object with `id` or with `name`, `version` and `project`;
/// without a project it is the view's, and for Feast the only one that has such a group. `version`
/// is 1 where it is missing.
Catalog::Parts parse_catalog(const std::vector<CatalogText>& documents,
                             std::vector<std::string>* warnings = nullptr);
/// Of one document.
Catalog::Parts parse_catalog(std::string_view json, const std::string& origin,
                             std::vector<std::string>* warnings = nullptr);

}  // namespace millrace::feature_store
