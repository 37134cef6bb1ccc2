#pragma once
// The changes of one plan within a transaction.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/feature_store/mysql/connection.h"
#include "connectors/feature_store/mysql/mysql_markers.h"
#include "connectors/feature_store/mysql/mysql_table.h"

namespace millrace::feature_store {

/// Used by one thread. Sets the status of each change. Functions throw MysqlError.
class TableWriter {
 public:
  static constexpr size_t kMaxStatementBytes = size_t{4} << 20;  // of rows, but for a single one

  TableWriter(MysqlConnection& connection, MysqlTable& table, MysqlMarkers& markers,
              size_t rows_per_statement);

  /// `changes` ascending by key, so that writers do not lock each other out in circles. False: some
  /// failed by themselves, and the transaction must be rolled back.
  bool write(std::span<RowChange* const> changes);

 private:
  using Rows = std::span<RowChange* const>;
  enum class Statement : uint8_t { Upsert, GuardedUpsert, Delete };
  struct Stored {
    bool is_marker = false;
    std::optional<std::string> event_time = {};
  };

  void decide(Rows newer);
  void decide_some(Rows newer);
  std::vector<std::optional<Stored>> read_stored(Rows rows);
  void decide_one(RowChange& change, const std::optional<Stored>& stored);
  bool run(Statement statement, Rows rows);
  bool run_some(Statement statement, Rows rows);
  void execute(Statement statement, Rows rows);
  bool bind(Statement statement, Rows rows);
  void find_bad(Statement statement, Rows rows, const MysqlError& error);
  size_t take(Rows rows) const;

  MysqlConnection& connection_;
  MysqlTable& table_;
  MysqlMarkers& markers_;
  size_t rows_per_statement_;
  BoundRows bound_;
  std::vector<MysqlMarkers::Marker> new_markers_;
  std::vector<std::string_view> old_markers_;
};

}  // namespace millrace::feature_store
