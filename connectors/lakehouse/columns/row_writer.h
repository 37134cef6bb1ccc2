#pragma once
// Records into the rows of a table (iceberg-sink.md §2.3, §11).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/lakehouse/columns/field_names.h"
#include "connectors/lakehouse/columns/members.h"
#include "connectors/lakehouse/columns/row_options.h"
#include "connectors/lakehouse/columns/schema_wishes.h"
#include "millrace/record.h"

namespace millrace::lakehouse {

/// Finds columns for the fields of records, which usually come in one order. Bound to one schema; used
/// by one thread. No allocation for a row whose fields are known.
class RowWriter {
 public:
  /// Places of fields that are remembered from record to record.
  static constexpr size_t kMaxShape = 4'096;

  RowWriter(TableSchemaPtr schema, RowOptions options);
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  /// Appends `record`'s value (a map with text keys, or a struct) as one row of `batch`, whose schema is
  /// the writer's. False, or an exception: the batch is as it was; `reject` says why it is no row.
  bool write(const Record& record, ColumnBatch& batch, Reject& reject);
  /// What records that were refused want of the schema.
  SchemaWishes& wishes() noexcept { return wishes_; }
  const TableSchemaPtr& schema() const noexcept { return schema_; }

 private:
  static constexpr int32_t kNoColumn = FieldNames::kNone;

  /// Where the fields of a struct schema go.
  struct Plan {
    std::vector<int32_t> columns;
    bool widens = false;  // the schema has wider types than the table
  };

  bool write_fields(const Record& record, ColumnBatch& batch, Reject& reject);
  bool write_map(const Value& value, ColumnBatch& batch, Reject& reject);
  bool write_struct(const StructData& data, const Plan& plan, ColumnBatch& batch, Reject& reject);
  bool write_flat(const Value& object, int depth, ColumnBatch& batch, Reject& reject);
  bool put(int32_t column, const Value& value, ColumnBatch& batch, Reject& reject);
  bool complete(const Record& record, ColumnBatch& batch, Reject& reject);
  bool unknown(std::string_view name, const Schema* schema, const Value& value, Reject& reject);
  int32_t column_at(size_t place, std::string_view name);
  const Plan& plan_for(const Schema& schema);
  bool put_broker_fields(const Record& record, ColumnBatch& batch, Reject& reject);

  const TableSchemaPtr schema_;
  const RowOptions options_;
  FieldNames columns_;
  SchemaWishes wishes_;
  std::vector<std::pair<BrokerField, int32_t>> broker_columns_;
  /// The fields of the last map, in its order; flattened ones by their paths.
  std::vector<std::pair<std::string, int32_t>> shape_;
  std::map<const Schema*, Plan> plans_;
  std::vector<SchemaPtr> planned_;  // kept, so that their addresses stay theirs
  std::vector<uint64_t> written_;   // row number by column, counted from 1
  uint64_t row_ = 0;
  std::string path_;  // of a field that is flattened
  size_t place_ = 0;  // of it
};

}  // namespace millrace::lakehouse
