#pragma once
// Statements that make tables (feature-store-sink.md §8).

#include <string>
#include <vector>

#include "connectors/feature_store/wire/row_plan.h"

namespace millrace::feature_store {

/// What differs between databases.
struct MysqlDialect {
  bool ndb = false;
  std::string collation = {};  // compares bytes and does not pad
  bool hidden_columns = false;
};

inline constexpr const char* kHiddenEventTime = "_event_us";

std::string column_definition(const PlannedField& field);
std::string create_table(const RowPlan& plan, const MysqlDialect& dialect);
/// A column that rows of older schemas do not have.
std::string add_columns(const std::string& table, const std::vector<std::string>& definitions);
/// `db`.`table`
std::string table_name(const FeatureGroup& group);
/// End of every CREATE TABLE of ours.
std::string table_options(const MysqlDialect& dialect, const std::string& ndb_comment);

/// The connector's own tables, in `database`.
std::vector<std::string> create_metadata_tables(const std::string& database,
                                                const MysqlDialect& dialect);

}  // namespace millrace::feature_store
