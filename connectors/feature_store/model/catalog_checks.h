#pragma once
// What cannot be stored or answered is refused before the first record (feature-store-sink.md §8).

#include <map>
#include <string>

#include "connectors/feature_store/model/feature_group.h"

namespace millrace::feature_store {

/// What a group's features are, as far as it knows without a registry.
struct KnownFeatures {
  std::map<std::string, FeatureType> types = {};
  bool complete = false;  // these are all: the group lists its features

  bool may_have(const std::string& feature) const { return !complete || types.contains(feature); }
};
/// From `feature_types`, else from its newest inline schema. Throws ConfigException for a schema
/// that is none of a feature group.
KnownFeatures known_features(const FeatureGroup& group);

/// Throws ConfigException that names the group.
void check_group(const FeatureGroup& group);

/// `feature group 42 (bank txn_1)`, for messages.
std::string describe_group(const FeatureGroup& group);

}  // namespace millrace::feature_store
