#pragma once
// One feature group, as configuration has it and as Hopsworks' REST API answers it.

#include <string>

#include "connectors/feature_store/model/feature_group.h"
#include "connectors/feature_store/model/json_object.h"

namespace millrace::feature_store {

inline constexpr int64_t kMaxTtlSeconds = int64_t{100} * 366 * 24 * 3600;  // a century

/// Of the catalog's header: an item of `featureGroups`. Hopsworks' answers are read the same way:
/// where `project` is missing, `featurestoreName` tells it. Members that are not known are warned
/// of when `context` wants warnings. Throws ConfigException.
FeatureGroup parse_feature_group(const Json& json, const std::string& place,
                                 const DocumentContext& context);

}  // namespace millrace::feature_store
