#pragma once
// Named columns of a row, whatever schema it was written with.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/feature_store/rocksdb/database.h"
#include "connectors/feature_store/wire/cell.h"
#include "connectors/feature_store/wire/row_plan.h"

namespace millrace::feature_store {

/// Where a plan has the columns that an answer shows.
class Columns {
 public:
  Columns() = default;
  /// Names that the plan does not have, and those that are not online, are null in every row.
  Columns(const RowPlan& plan, std::span<const std::string_view> names);

  /// Cells in the order of the names. False: the bytes are no such row.
  bool read(std::string_view row, std::vector<Cell>& scratch, std::span<Cell> out) const;
  /// Null: the plan does not have it.
  const PlannedField* field(size_t name) const noexcept { return fields_[name]; }
  const RowPlan* plan() const noexcept { return plan_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  const RowPlan* plan_ = nullptr;
  std::vector<uint32_t> wanted_;  // ascending, each once
  std::vector<uint32_t> place_;   // by name: index in wanted_
  std::vector<const PlannedField*> fields_;
};

/// Columns of a table for one list of names. Used by one thread.
class TableColumns {
 public:
  TableColumns(StoredTablePtr table, std::span<const std::string_view> names);
  /// Null: the table has no such plan.
  const Columns* of(const RowPlan* plan);
  const StoredTablePtr& table() const noexcept { return table_; }
  const std::vector<std::string>& names() const noexcept { return names_; }

 private:
  StoredTablePtr table_;
  std::vector<std::string> names_;
  std::vector<Columns> columns_;  // of the plans that were met
};

/// The lists of names that a thread was asked for, with their columns.
class ColumnsCache {
 public:
  static constexpr size_t kMaxEntries = 1'024;  // forgotten all at once

  /// Valid until the next call. Throws RequestError (FeatureAbsent) for a name that the table never
  /// had. No names: all but the primary key's.
  TableColumns& find(const StoredTablePtr& table, std::span<const std::string_view> names);

 private:
  std::unordered_map<std::string, TableColumns> entries_;
  std::string key_;
};

/// Whether any plan of the table has this column online.
bool has_column(const StoredTable& table, std::string_view name);

/// Names of the newest plan's online columns, without those of the primary key.
std::vector<std::string_view> value_columns(const StoredTable& table);

}  // namespace millrace::feature_store
