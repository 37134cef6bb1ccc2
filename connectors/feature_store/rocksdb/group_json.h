#pragma once
// Feature groups as the store keeps them, so that it is read without any other source of metadata.

#include "connectors/avro/schema.h"
#include "connectors/feature_store/model/feature_group.h"
#include "connectors/feature_store/wire/key_schema.h"

namespace millrace::feature_store {

/// Members as in the document of feature-store-sink.md §7, where it has them. Inline schemas are left out.
avro::Json group_to_json(const FeatureGroup& group);
/// Throws nlohmann::json::exception and DataException for what group_to_json does not write.
FeatureGroupPtr group_from_json(const avro::Json& json);

avro::Json key_to_json(const KeySchema& key);
/// Throws as group_from_json.
KeySchema key_from_json(const avro::Json& json);

}  // namespace millrace::feature_store
