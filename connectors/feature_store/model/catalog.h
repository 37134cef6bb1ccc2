#pragma once
// All metadata at one moment.

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
  /// Throws ConfigException for two groups with one id or one name and version of a project, and for
  /// views of groups or features that are not there.
  explicit Catalog(Parts parts);

  /// Null: none.
  const FeatureGroup* group(int64_t id) const;
  FeatureGroupPtr group_ptr(int64_t id) const;
  /// By names as clients have them: database, and `<name>_<version>`.
  const FeatureGroup* table(std::string_view database, std::string_view table) const;
  bool has_database(std::string_view database) const;
  /// A group whose rows come on a topic without headers; null when none or several say so.
  const FeatureGroup* group_of_topic(std::string_view topic) const;
  const FeatureView* view(std::string_view database, std::string_view name, int32_t version) const;
  const FeastView* feast_view(std::string_view name) const;
  const FeastService* feast_service(std::string_view name) const;
  const FeastPushSource* push_source(std::string_view name) const;
  const Parts& parts() const noexcept { return parts_; }

 private:
  Parts parts_;
  std::unordered_map<int64_t, FeatureGroupPtr> by_id_;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

/// Reads the document of feature-store-sink.md §7: `featureGroups`, `featureViews`, and `feast` with
/// `views`, `services`, `pushSources`. Throws ConfigException that names the place in it (`origin` is the file
/// or key it came from).
Catalog::Parts parse_catalog(std::string_view json, const std::string& origin);

}  // namespace millrace::feature_store
