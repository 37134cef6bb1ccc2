#pragma once
// Feature views and Feast's names in a document, before it is known which groups there are.

#include <string>
#include <utility>
#include <vector>

#include "connectors/feature_store/model/feature_group.h"
#include "connectors/feature_store/model/json_object.h"

namespace millrace::feature_store {

/// The groups that documents have, for views that refer to them.
class GroupNames {
 public:
  explicit GroupNames(const std::vector<FeatureGroupPtr>& groups);

  /// `reference` is an id, `<name>_<version>`, or an object with `id` or with `project`, `name` and
  /// `version`. Without a project: `project`, or, when that is empty, the only group of this name.
  /// Throws ConfigException for names nobody has and for those several have; ids are not looked up.
  int64_t id_of(const Json& reference, const std::string& place, const std::string& project,
                const DocumentContext& context) const;

 private:
  struct Named {
    std::string database;
    std::string table;
    int64_t id = 0;
  };
  int64_t find(const std::string& project, const std::string& table, const std::string& place,
               const DocumentContext& context) const;

  std::vector<Named> groups_;
};

FeatureView parse_feature_view(const Json& json, const std::string& place, const GroupNames& groups,
                               const DocumentContext& context);
/// As Hopsworks' REST API answers it, of a project with this name. Throws ConfigException.
FeatureView parse_hopsworks_view(const Json& json, const std::string& place,
                                 const std::string& project, const DocumentContext& context);

FeastView parse_feast_view(const Json& json, const std::string& place, const GroupNames& groups,
                           const DocumentContext& context);
FeastService parse_feast_service(const Json& json, const std::string& place,
                                 const DocumentContext& context);
FeastPushSource parse_feast_push_source(const Json& json, const std::string& place,
                                        const DocumentContext& context);

}  // namespace millrace::feature_store
