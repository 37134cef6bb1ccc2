#pragma once
// How records become rows (iceberg-sink.md §2.3, §11).

#include <string>
#include <vector>

#include "connectors/lakehouse/columns/cell_writer.h"
#include "connectors/lakehouse/columns/type_inference.h"

namespace millrace::lakehouse {

/// Columns that come from where a record was, not from its value.
enum class BrokerField : uint8_t { Topic, Partition, Offset, Timestamp };
inline constexpr const char* kBrokerColumns[] = {"_kafka_topic", "_kafka_partition", "_kafka_offset",
                                                 "_kafka_timestamp"};

/// Levels of objects and arrays below a column. Readers recurse over types, some on a small stack.
inline constexpr int kMaxNesting = 32;

struct RowOptions {
  CellOptions cells = {};
  InferenceOptions inference = {};  // of new columns
  bool ignore_case = false;         // names of fields and columns
  bool reject_nested = false;       // a field without a column that is an object or array, too
  bool reject_unknown = false;      // a field without a column makes the record none
  /// A field without a column whose value tells a type makes the record none, for now: the schema is to
  /// evolve first. So does a member of a struct, and a schema with a wider type than the column's.
  bool collect_unknown = false;
  bool flatten = false;             // members of objects are columns `a<separator>b`
  std::string separator = "_";
  std::vector<std::string> taken_names = {};  // of partition fields: no column may have them
  int64_t max_columns = 1'000;      // leaves that a table may have for new ones to be added
  std::vector<BrokerField> broker_fields = {};  // their columns are in the schema
};

/// Whether members of the value are columns of their own. A map that has a schema is none of these: its
/// keys are data.
bool is_flattened(const RowOptions& options, const Schema* schema, const Value& value) noexcept;

}  // namespace millrace::lakehouse
