#include "connectors/feature_store/mysql/ddl.h"

#include <fmt/format.h>

#include "connectors/feature_store/mysql/connection.h"

namespace millrace::feature_store {
namespace {

std::string type_text(const ColumnType& type) {
  return type.kind == ColumnKind::Boolean ? "tinyint" : type.text();
}

std::string names_text(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + sql_name(name);
  return out;
}

/// The database deletes rows of such a table by itself.
bool has_ttl(const RowPlan& plan, const MysqlDialect& dialect) {
  return dialect.ndb && plan.group().ttl_seconds && !plan.group().event_time.empty();
}

}  // namespace

std::string column_definition(const PlannedField& field) {
  const std::string start = fmt::format("{} {}", sql_name(field.name), type_text(field.column));
  if (field.key_index < 0) return start + " NULL DEFAULT NULL";
  // Servers give the first TIMESTAMP that has no default one that follows the clock.
  const bool is_moment = field.column.kind == ColumnKind::Timestamp;
  return start + " NOT NULL" + (is_moment ? " DEFAULT '2000-01-01 00:00:00'" : "");
}

std::string table_name(const FeatureGroup& group) {
  return sql_name(group.database()) + "." + sql_name(group.table());
}

std::string table_options(const MysqlDialect& dialect, const std::string& ndb_comment) {
  return fmt::format(
      " ENGINE={} DEFAULT CHARSET=utf8mb4 COLLATE={}{}", dialect.ndb ? "ndbcluster" : "InnoDB",
      dialect.collation,
      dialect.ndb ? fmt::format(" COMMENT='NDB_TABLE={}READ_BACKUP=1'", ndb_comment) : "");
}

std::string create_table(const RowPlan& plan, const MysqlDialect& dialect) {
  const FeatureGroup& group = plan.group();
  const bool ttl = has_ttl(plan, dialect);
  std::string out = "CREATE TABLE IF NOT EXISTS " + table_name(group) + " (";
  for (const PlannedField& field : plan.fields()) {
    if (!field.online) continue;
    out += column_definition(field);
    if (ttl && field.is_event_time) out += " STORAGE MEMORY";
    out += ", ";
  }
  if (dialect.hidden_columns) out += sql_name(kHiddenEventTime) + " bigint NULL DEFAULT NULL, ";
  out += "PRIMARY KEY (" + names_text(group.primary_key) + ")";
  if (dialect.ndb && group.hash_index) out += " USING HASH";
  if (ttl) out += ", KEY ttl_index (" + sql_name(group.event_time) + ")";
  for (const std::vector<std::string>& index : group.indexes) {
    std::string name = "idx";
    for (const std::string& column : index) name += "_" + column;
    out += ", KEY " + sql_name(name) + " (" + names_text(index) + ")";
  }
  const std::string comment =
      ttl ? fmt::format("TTL={}@{},", *group.ttl_seconds, group.event_time) : "";
  return out + ")" + table_options(dialect, ttl ? comment : "");
}

std::string add_columns(const std::string& table, const std::vector<std::string>& definitions) {
  std::string out = "ALTER TABLE " + table;
  for (const std::string& definition : definitions) out += " ADD COLUMN " + definition + ",";
  return out + " ALGORITHM=INPLACE";
}

std::vector<std::string> create_metadata_tables(const std::string& database,
                                                const MysqlDialect& dialect) {
  const auto table = [&](std::string_view name, std::string_view columns) {
    return fmt::format("CREATE TABLE IF NOT EXISTS {}.{} ({}){}", sql_name(database), name, columns,
                       table_options(dialect, ""));
  };
  return {
      table("kafka_offsets",
            "consumer_group varchar(255) NOT NULL, topic varchar(255) NOT NULL, `partition` int "
            "NOT NULL, "
            "`offset` bigint unsigned NOT NULL, PRIMARY KEY (consumer_group, topic, `partition`)"),
      table("fs_ingestions",
            "group_id bigint NOT NULL, id bigint NOT NULL, entries bigint NULL DEFAULT NULL, "
            "upserted bigint NOT NULL DEFAULT 0, deleted bigint NOT NULL DEFAULT 0, "
            "ignored bigint NOT NULL DEFAULT 0, failed bigint NOT NULL DEFAULT 0, PRIMARY KEY "
            "(group_id, id)"),
      table(
          "fs_tables",
          "group_id bigint NOT NULL, project_id bigint NOT NULL, `database` varchar(64) NOT NULL, "
          "`table` varchar(64) NOT NULL, PRIMARY KEY (group_id), KEY idx_table (`database`, "
          "`table`)"),
      table("fs_schemas", "id bigint NOT NULL, schema_text mediumtext NOT NULL, PRIMARY KEY (id)"),
      table("fs_deleted",
            "group_id bigint NOT NULL, row_key varbinary(3000) NOT NULL, event_us bigint NOT NULL, "
            "deleted_ms bigint NOT NULL, PRIMARY KEY (group_id, row_key), KEY idx_deleted "
            "(deleted_ms)"),
  };
}

}  // namespace millrace::feature_store
