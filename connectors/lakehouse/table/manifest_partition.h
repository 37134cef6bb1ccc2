#pragma once
// Partition values of data files: their Avro types, and what a manifest list says of them
// (iceberg-sink.md §5.4-§5.7).

#include <optional>
#include <vector>

#include "connectors/avro/value.h"
#include "connectors/lakehouse/table/manifest.h"
#include "connectors/lakehouse/table/manifest_schema.h"

namespace millrace::lakehouse {

/// Types of a spec's values; null where neither the transform nor the schema (any more) tells it.
std::vector<TypePtr> partition_types(const TableSchema& schema, const PartitionSpec& spec);

/// Letters, digits and underscores of ASCII, no digit first; others become `_x` and their number, as
/// in Java.
std::string avro_name(const std::string& name);

/// Fields of the record `r102`. `types` are as in partition_types, without nulls.
Json partition_fields(const PartitionSpec& spec, const std::vector<TypePtr>& types);
/// The same for reading what was written as `written`, which says the type where `types` does not.
Json partition_read_fields(const PartitionSpec& spec, const std::vector<TypePtr>& types,
                           const avro::Node& written);

avro::Value partition_to_avro(const PartitionValues& values, const std::vector<TypePtr>& types);
/// Throws DataException.
PartitionValues partition_from_avro(const avro::Value& value, const std::vector<TypePtr>& types);

/// Gathers the values of one manifest.
class PartitionSummaries {
 public:
  explicit PartitionSummaries(std::vector<TypePtr> types);

  void add(const PartitionValues& values);
  /// Empty when nothing can be said that every reader would understand.
  std::vector<PartitionSummary> finish() const;

 private:
  struct Bounds {
    bool contains_null = false;
    bool contains_nan = false;
    Literal lower = {};
    Literal upper = {};
    // Of UUIDs, as readers order them that compare their halves as signed numbers.
    Literal signed_lower = {};
    Literal signed_upper = {};
  };

  std::vector<TypePtr> types_;
  std::vector<Bounds> bounds_;
};

}  // namespace millrace::lakehouse
