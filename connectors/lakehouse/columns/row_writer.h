#pragma once
// Records into the rows of a table (iceberg-sink.md §2.3, §11).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/lakehouse/columns/cell_writer.h"
#include "millrace/record.h"

namespace millrace::lakehouse {

/// Columns that come from where a record was, not from its value.
enum class BrokerField : uint8_t { Topic, Partition, Offset, Timestamp };
inline constexpr const char* kBrokerColumns[] = {"_kafka_topic", "_kafka_partition", "_kafka_offset",
                                                 "_kafka_timestamp"};

struct RowOptions {
  CellOptions cells = {};
  bool ignore_case = false;     // names of fields and columns
  bool reject_nested = false;   // a field without a column that is an object or array, too
  bool reject_unknown = false;  // a field without a column makes the record none
  /// A field without a column whose value tells a type makes the record none, for now: the schema is to
  /// evolve first.
  bool collect_unknown = false;
  std::vector<BrokerField> broker_fields = {};  // their columns are in the schema
};

/// A field that the table has no column for, with a value it had.
struct UnknownField {
  std::string name;
  const Schema* schema = nullptr;  // of the value, if it has one; lives as long as the batch
  Value value;                     // lives as long as the record's batch
};

/// Finds columns for the fields of records, which usually come in one order. Bound to one schema; used
/// by one thread. No allocation for a row whose fields are known.
class RowWriter {
 public:
  RowWriter(TableSchemaPtr schema, RowOptions options);

  /// Appends `record`'s value (a map with text keys, or a struct) as one row of `batch`, whose schema is
  /// the writer's. False, or an exception: the batch is as it was; `reject` says why it is no row.
  bool write(const Record& record, ColumnBatch& batch, Reject& reject);
  /// Notes the fields of a record that there is no column for.
  void collect(const Record& record);
  /// Those noted since the last call, one of each name.
  std::vector<UnknownField> take_unknown();
  const TableSchemaPtr& schema() const noexcept { return schema_; }

 private:
  static constexpr int32_t kNoColumn = -1;

  /// Where the fields of a struct schema go.
  using Plan = std::vector<int32_t>;

  /// Finds by views of texts.
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
  };

  bool nested_as_text() const noexcept { return options_.cells.nested == NestedHandling::Stringify; }
  bool write_fields(const Record& record, ColumnBatch& batch, Reject& reject);
  bool write_map(const Value& value, ColumnBatch& batch, Reject& reject);
  bool write_struct(const StructData& data, ColumnBatch& batch, Reject& reject);
  bool put(int32_t column, const Value& value, ColumnBatch& batch, Reject& reject);
  bool complete(const Record& record, ColumnBatch& batch, Reject& reject);
  bool unknown(std::string_view name, const Schema* schema, const Value& value, Reject& reject);
  void note(std::string_view name, const Schema* schema, const Value& value);
  int32_t column_at(size_t place, std::string_view name);
  int32_t find_column(std::string_view name);
  const Plan& plan_for(const Schema& schema);
  bool put_broker_fields(const Record& record, ColumnBatch& batch, Reject& reject);

  const TableSchemaPtr schema_;
  const RowOptions options_;
  std::unordered_map<std::string, int32_t, NameHash, std::equal_to<>> columns_;
  std::string lower_;
  std::vector<std::pair<BrokerField, int32_t>> broker_columns_;
  /// The fields of the last map, in its order.
  std::vector<std::pair<std::string, int32_t>> shape_;
  std::map<const Schema*, Plan> plans_;
  std::vector<SchemaPtr> planned_;  // kept, so that their addresses stay theirs
  std::vector<uint64_t> written_;   // row number by column, counted from 1
  uint64_t row_ = 0;
  std::vector<UnknownField> unknown_;
};

}  // namespace millrace::lakehouse
