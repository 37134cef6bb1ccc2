#pragma once
// Feature groups from the schemas of their records (feature-store-sink.md §7).

#include <optional>
#include <string>
#include <vector>

#include "connectors/feature_store/metadata/catalog_source.h"

namespace millrace::feature_store {

/// From the attributes `primaryKey` (a list of names, or one), `eventTime` and `ttlSeconds` of the
/// record. None: the schema has no primary key to tell. Throws ConfigException for attributes of
/// another kind.
std::optional<FeatureGroup> group_of_attributes(const GroupHints& hints);
/// With this primary key. None: there is no schema, or the key is no part of it.
std::optional<FeatureGroup> group_of_schema(const GroupHints& hints,
                                            const std::vector<std::string>& primary_key);

}  // namespace millrace::feature_store
