#pragma once
// Tables of feature groups: made, fitted to new schemas, dropped.

#include <memory>
#include <string>
#include <vector>

#include "connectors/feature_store/mysql/connection.h"
#include "connectors/feature_store/mysql/mysql_table.h"

namespace millrace::feature_store {

/// Used by one thread. Functions throw MysqlError, and change tables outside of transactions.
class MysqlGroups {
 public:
  MysqlGroups(const MysqlOptions& options, const MysqlDialect& dialect);

  /// The connector's own tables.
  void make_metadata(MysqlConnection& connection);
  /// The table of the plan's group as it is then. Throws DataException for another primary key, and
  /// for a table that is not there and must not be made.
  MysqlTable enter(MysqlConnection& connection, const RowPlan& plan);
  avro::SchemaPtr schema(MysqlConnection& connection, int64_t id);
  void drop(MysqlConnection& connection, int64_t group_id);

 private:
  std::string metadata(std::string_view table) const;
  void take_name(MysqlConnection& connection, const FeatureGroup& group);
  void remember(MysqlConnection& connection, const RowPlan& plan);
  std::vector<std::string> columns(MysqlConnection& connection, const FeatureGroup& group,
                                   bool of_key);
  void check_key(MysqlConnection& connection, const FeatureGroup& group);
  void add_missing(MysqlConnection& connection, const RowPlan& plan, std::vector<std::string>& has);

  const MysqlOptions& options_;
  const MysqlDialect& dialect_;
};

}  // namespace millrace::feature_store
