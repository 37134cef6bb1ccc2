#include "connectors/feature_store/mysql/mysql_groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "millrace/log.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.mysql";

void make_database(MysqlConnection& connection, const std::string& name) {
  Parameters parameters;
  const std::string sql = "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?";
  if (!connection.query(sql, parameters.text(name)).empty()) return;
  connection.run("CREATE DATABASE IF NOT EXISTS " + sql_name(name) +
                 " DEFAULT CHARACTER SET utf8mb4");
}

}  // namespace

MysqlGroups::MysqlGroups(const MysqlOptions& options, const MysqlDialect& dialect)
    : options_(options), dialect_(dialect) {}

std::string MysqlGroups::metadata(std::string_view table) const {
  return fmt::format("{}.{}", sql_name(options_.metadata_database), table);
}

void MysqlGroups::make_metadata(MysqlConnection& connection) {
  make_database(connection, options_.metadata_database);
  for (const std::string& sql : create_metadata_tables(options_.metadata_database, dialect_)) {
    connection.run(sql);
  }
}

MysqlTable MysqlGroups::enter(MysqlConnection& connection, const RowPlan& plan) {
  const FeatureGroup& group = plan.group();
  take_name(connection, group);
  if (options_.create_tables) {
    make_database(connection, group.database());
    connection.run(create_table(plan, dialect_));
  }
  std::vector<std::string> has = columns(connection, group, false);
  if (has.empty()) {
    throw DataException(fmt::format(
        "writing feature group {}: there is no table {}; make it, or let the connector make tables",
        group.id, table_name(group)));
  }
  check_key(connection, group);
  if (options_.create_tables) add_missing(connection, plan, has);
  remember(connection, plan);
  return MysqlTable(plan, dialect_, has);
}

/// A group that was made again under its old name has another id, and none of the rows.
void MysqlGroups::take_name(MysqlConnection& connection, const FeatureGroup& group) {
  Parameters parameters;
  const std::string database = group.database();
  const std::string table = group.table();
  parameters.text(database).text(table).whole(group.id);
  const auto others =
      connection.query("SELECT group_id FROM " + metadata("fs_tables") +
                           " WHERE `database` = ? AND `table` = ? AND group_id <> ?",
                       parameters);
  for (const MysqlConnection::Row& other : others) {
    const auto id = whole_number<int64_t>(other[0].value_or(""));
    if (!id) continue;
    log(LogLevel::Info, kLogger,
        fmt::format("feature group {} takes the name {} of group {}, whose table is dropped",
                    group.id, table_name(group), *id));
    drop(connection, *id);
  }
}

std::vector<std::string> MysqlGroups::columns(MysqlConnection& connection,
                                              const FeatureGroup& group, bool of_key) {
  Parameters parameters;
  const std::string database = group.database();
  const std::string table = group.table();
  parameters.text(database).text(table);
  const std::string sql =
      of_key ? "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = ? "
               "AND "
               "table_name = ? AND constraint_name = 'PRIMARY' ORDER BY ordinal_position"
             : "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND "
               "table_name = ? "
               "ORDER BY ordinal_position";
  std::vector<std::string> names;
  for (MysqlConnection::Row& row : connection.query(sql, parameters)) {
    names.push_back(to_lower(row[0].value_or("")));
  }
  return names;
}

void MysqlGroups::check_key(MysqlConnection& connection, const FeatureGroup& group) {
  const std::vector<std::string> has = columns(connection, group, true);
  std::vector<std::string> wanted;
  for (const std::string& name : group.primary_key) wanted.push_back(to_lower(name));
  // The order matters to nobody, and databases differ in it.
  std::vector<std::string> sorted_has = has;
  std::vector<std::string> sorted_wanted = wanted;
  std::ranges::sort(sorted_has);
  std::ranges::sort(sorted_wanted);
  if (sorted_has == sorted_wanted) return;
  throw DataException(
      fmt::format("writing feature group {}: its primary key is ({}), that of table {} ({}); drop "
                  "the table first",
                  group.id, fmt::join(wanted, ", "), table_name(group), fmt::join(has, ", ")));
}

void MysqlGroups::add_missing(MysqlConnection& connection, const RowPlan& plan,
                              std::vector<std::string>& has) {
  std::vector<std::string> definitions;
  const auto is_missing = [&has](const std::string& name) {
    return std::ranges::find(has, to_lower(name)) == has.end();
  };
  for (const PlannedField& field : plan.fields()) {
    if (field.online && is_missing(field.name)) definitions.push_back(column_definition(field));
  }
  if (dialect_.hidden_columns && is_missing(kHiddenEventTime)) {
    definitions.push_back(sql_name(kHiddenEventTime) + " bigint NULL DEFAULT NULL");
  }
  if (definitions.empty()) return;
  for (const std::string& definition : definitions) {  // one by one: another task may add the same
    try {
      connection.run(add_columns(table_name(plan.group()), {definition}));
    } catch (const MysqlError& error) {
      if (error.code() != MysqlError::kDuplicateColumn) throw;
    }
  }
  has = columns(connection, plan.group(), false);
}

void MysqlGroups::remember(MysqlConnection& connection, const RowPlan& plan) {
  const FeatureGroup& group = plan.group();
  Parameters parameters;
  const std::string database = group.database();
  const std::string table = group.table();
  parameters.whole(group.id).whole(group.project_id).text(database).text(table);
  connection.execute("REPLACE INTO " + metadata("fs_tables") +
                         " (group_id, project_id, `database`, `table`) VALUES (?, ?, ?, ?)",
                     parameters);
  parameters.clear();
  const std::string text = plan.schema()->to_text();
  parameters.whole(plan.schema_id()).text(text);
  connection.execute("REPLACE INTO " + metadata("fs_schemas") + " (id, schema_text) VALUES (?, ?)",
                     parameters);
}

avro::SchemaPtr MysqlGroups::schema(MysqlConnection& connection, int64_t id) {
  Parameters parameters;
  const auto rows = connection.query(
      "SELECT schema_text FROM " + metadata("fs_schemas") + " WHERE id = ?", parameters.whole(id));
  return rows.empty() ? nullptr : avro::Schema::parse(rows[0][0].value_or(""));
}

void MysqlGroups::drop(MysqlConnection& connection, int64_t group_id) {
  Parameters parameters;
  parameters.whole(group_id);
  const auto rows = connection.query(
      "SELECT `database`, `table` FROM " + metadata("fs_tables") + " WHERE group_id = ?",
      parameters);
  for (const MysqlConnection::Row& row : rows) {
    connection.run(fmt::format("DROP TABLE IF EXISTS {}.{}", sql_name(row[0].value_or("")),
                               sql_name(row[1].value_or(""))));
  }
  for (const char* table : {"fs_deleted", "fs_ingestions", "fs_tables"}) {
    connection.execute("DELETE FROM " + metadata(table) + " WHERE group_id = ?", parameters);
  }
}

}  // namespace millrace::feature_store
