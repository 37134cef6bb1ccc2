#pragma once
// Rows from one batch to another of the same table.

#include <vector>

#include "connectors/lakehouse/columns/column_batch.h"

namespace millrace::lakehouse {

/// Appends rows of batches of one schema to batches of another: columns are found by id, columns that
/// the source lacks are null, others are left out, and types may be promoted (int to long, float to
/// double, decimals to more digits). Made once for a pair of schemas; const and free of allocation but
/// for what columns grow by.
class RowCopy {
 public:
  /// Throws DataException when a column's type cannot become the other's.
  RowCopy(const TableSchema& from, const TableSchema& to);
  void append(const ColumnBatch& from, int64_t row, ColumnBatch& to) const;

 private:
  static constexpr int32_t kNone = -1;
  /// Where one column comes from, and the same for its members.
  struct Plan {
    int32_t source = kNone;  // index among the source's columns or children
    std::vector<Plan> children = {};
  };

  static std::vector<Plan> plan(const std::vector<NestedField>& from, const std::vector<NestedField>& to);
  static void append(const Plan& plan, const std::vector<Column>& from, int64_t row, Column& to);
  static void append_value(const Plan& plan, const Column& from, int64_t row, Column& to);

  std::vector<Plan> plans_;  // by column of the target
};

}  // namespace millrace::lakehouse
