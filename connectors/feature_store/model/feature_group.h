#pragma once
// Feature groups and views: what Avro schemas do not say of the rows on a topic (feature-store-sink.md §7).

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/feature_store/model/feature_type.h"

namespace millrace::feature_store {

/// Immutable once it is in a Catalog.
struct FeatureGroup {
  int64_t id = 0;
  int64_t project_id = 0;
  std::optional<int64_t> feature_store_id = {};
  std::string project = {};  // as given; see database()
  std::string name = {};
  int32_t version = 1;
  std::string topic = {};    // empty: not said
  std::string subject = {};  // empty: `<name>_<version>`
  std::vector<std::string> primary_key = {};  // in order of declaration
  std::string event_time = {};                // empty: none
  std::optional<int64_t> ttl_seconds = {};
  std::map<std::string, ColumnType> online_types = {};  // declared ones
  std::set<std::string> offline_only = {};              // features that are not online
  std::vector<std::vector<std::string>> indexes = {};
  bool hash_index = false;  // pkIndex
  /// Fields that are complex though their registered type is bytes, with their Hive text (§7).
  std::map<std::string, std::string> complex_types = {};
  /// Hive types of features, where the source of metadata knows them; else the schemas tell.
  std::map<std::string, FeatureType> feature_types = {};
  std::map<int64_t, avro::SchemaPtr> schemas = {};  // registered schemas by subjectId, given inline
  bool deleted = false;
  bool online_enabled = true;  // false: its rows are for the offline store alone

  /// Project in lower case without `_featurestore`: the name of the database.
  std::string database() const;
  std::string table() const { return name + "_" + std::to_string(version); }
  ColumnType column_type(const std::string& feature, const FeatureType& type) const;
};
using FeatureGroupPtr = std::shared_ptr<const FeatureGroup>;

struct ViewFeature {
  int64_t group_id = 0;
  std::string feature = {};
  std::string prefix = {};
  bool label = false;  // left out of answers

  std::string name() const { return prefix + feature; }
  bool operator==(const ViewFeature&) const = default;
};

/// Feature view of Hopsworks.
struct FeatureView {
  std::string project = {};
  std::string name = {};
  int32_t version = 1;
  std::optional<int64_t> id = {};
  std::vector<ViewFeature> features = {};  // in order of answers
  /// Name in `entries` of a primary key feature, by (group, feature); others are prefix + feature, then
  /// the bare name.
  std::map<std::pair<int64_t, std::string>, std::string> serving_keys = {};

  std::string database() const;
  bool operator==(const FeatureView&) const = default;
};

/// Feast's names for our groups.
struct FeastView {
  std::string name = {};
  int64_t group_id = 0;
  std::map<std::string, std::string> entities = {};  // join key -> primary key feature, where they differ
};
struct FeastService {
  std::string name = {};
  std::vector<std::string> features = {};  // `view:feature`
};
struct FeastPushSource {
  std::string name = {};
  std::string view = {};
};

}  // namespace millrace::feature_store
