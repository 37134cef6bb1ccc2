#pragma once
// Statements and parameters for the rows of one plan (feature-store-sink.md §11).

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/feature_store/mysql/ddl.h"
#include "connectors/feature_store/mysql/parameters.h"
#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

/// Parameters, and the texts they point to.
struct BoundRows {
  Parameters parameters;
  std::deque<std::string> texts;

  void clear() noexcept {
    parameters.clear();
    texts.clear();
  }
};

/// So that keys of other parts are other texts.
void append_key_part(std::string& out, std::string_view part);

/// Used by one thread.
class MysqlTable {
 public:
  static constexpr size_t kMaxParameters = 65'535;  // of a statement

  /// `columns`: names in the database's table, in lower case. Fields that it does not have are not
  /// written; columns that the plan does not have get their default with every row.
  MysqlTable(const RowPlan& plan, const MysqlDialect& dialect,
             const std::vector<std::string>& columns);

  int64_t group_id() const noexcept { return group_id_; }
  const std::string& name() const noexcept { return name_; }
  /// Event times can be compared.
  bool has_guard() const noexcept { return guard_ != Guard::None; }
  bool has_hidden() const noexcept { return guard_ == Guard::Hidden; }
  size_t max_rows() const noexcept { return kMaxParameters / upsert_width_; }

  std::string upsert_sql(size_t rows, bool guarded) const;
  std::string delete_sql(size_t rows) const;
  /// Keys and event times of those rows that are there, which stay locked.
  std::string select_sql(size_t rows) const;

  Failure append_row(const RowChange& change, BoundRows& out);
  Failure append_key(const RowChange& change, BoundRows& out);

  /// The event time as the database keeps and prints it; none: null. For comparison with what
  /// select_sql() gives.
  std::optional<std::string> guard_text(const RowChange& change);
  /// True: `a` is before `b`.
  bool is_before(const std::string& a, const std::string& b) const;
  /// The parts of the key as select_sql() gives them, by append_key_part.
  std::string key_text(const RowChange& change);
  size_t key_size() const noexcept { return key_fields_.size(); }

 private:
  enum class Guard : uint8_t { None, Column, Hidden };
  bool read(const RowChange& change);
  std::string guarded_assignments() const;

  int64_t group_id_;
  std::string name_;
  Guard guard_ = Guard::None;
  std::string guard_name_;
  size_t guard_field_ = 0;          // in the plan, of Guard::Column
  std::vector<size_t> fields_;      // in the plan, in order of the columns that are written
  std::vector<size_t> key_fields_;  // in the plan, by index in the key
  std::vector<std::string> names_;  // of fields_, quoted
  std::vector<std::string> key_names_;
  std::vector<std::string> others_;  // quoted: columns that get their default
  size_t upsert_width_ = 1;          // parameters of a row
  std::vector<Cell> cells_;          // reused
};

}  // namespace millrace::feature_store
