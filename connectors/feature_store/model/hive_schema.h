#pragma once
// Avro schemas of Hive types: for registries that keep the encoded schema, where a complex field is only
// bytes (feature-store-sink.md §7).

#include <string_view>

#include "connectors/avro/schema.h"

namespace millrace::feature_store {

/// As Hopsworks derives it (§4): every type is a union with null first. Throws DataException.
avro::SchemaPtr schema_of_hive(std::string_view hive);

}  // namespace millrace::feature_store
