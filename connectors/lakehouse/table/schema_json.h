#pragma once
// JSON of types, schemas, specs and sort orders (iceberg-sink.md §5.2).

#include <nlohmann/json.hpp>

#include "connectors/lakehouse/table/partition_spec.h"
#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

/// Members in Java's order, and text without rounding of 64-bit numbers.
using Json = nlohmann::ordered_json;

Json to_json(const Type& type);
Json to_json(const TableSchema& schema);
/// `{"spec-id":..,"fields":[..]}`
Json to_json(const PartitionSpec& spec);
/// The fields alone, as a manifest's header has them.
Json fields_to_json(const PartitionSpec& spec);

/// These throw DataException that names the member.
TypePtr type_from_json(const Json& json);
TableSchema schema_from_json(const Json& json);
PartitionSpec spec_from_json(const Json& json);

}  // namespace millrace::lakehouse
