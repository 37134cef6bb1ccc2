#pragma once
// The schema of rows whose records do not name one (feature-store-sink.md §6, step 1).

#include <cstdint>

#include "connectors/avro/schema.h"
#include "connectors/feature_store/model/feature_group.h"

namespace millrace::feature_store {

/// Registries number schemas in 31 bits; those that are made here have larger ids.
inline constexpr int64_t kFirstMadeSchema = int64_t{1} << 34;

struct OwnSchema {
  int64_t id = 0;
  avro::SchemaPtr schema = {};  // null: the group does not say enough
};

/// The newest of the group's `schemas`, else one made of its `feature_types`: all of them nullable, in order of
/// their names. The id of one that is made follows from what it says, so that it is the same in every process.
/// Throws DataException for types that make no schema.
OwnSchema own_schema(const FeatureGroup& group);

}  // namespace millrace::feature_store
