#include "connectors/feature_store/mysql/ddl.h"

#include <gtest/gtest.h>

#include "connectors/feature_store/mysql/mysql_table.h"
#include "tests/unit/feature_store/changes.h"

namespace millrace::feature_store::testing_support {
namespace {

FeatureGroup indexed_group() {
  FeatureGroup group = sample_group();
  group.project = "Bank_featurestore";
  group.ttl_seconds = 86'400;
  group.hash_index = true;
  group.indexes = {{"note", "amount"}};
  group.offline_only = {"raw"};
  return group;
}
avro::SchemaPtr schema() {
  return schema_of({{"id", "\"long\""},
                    {"ts", kTimestamp},
                    {"amount", "\"double\""},
                    {"note", "\"string\""},
                    {"raw", "\"bytes\""},
                    {"ok", "\"boolean\""}});
}

TEST(Ddl, OfMariaDb) {
  const MysqlDialect dialect{.collation = "utf8mb4_nopad_bin"};
  EXPECT_EQ(create_table(*plan_of(indexed_group(), schema()), dialect),
            "CREATE TABLE IF NOT EXISTS `bank`.`txn_1` (`id` bigint NOT NULL, `ts` timestamp NULL "
            "DEFAULT NULL, "
            "`amount` double NULL DEFAULT NULL, `note` varchar(100) NULL DEFAULT NULL, "
            "`ok` tinyint NULL DEFAULT NULL, PRIMARY KEY (`id`), KEY `idx_note_amount` (`note`, "
            "`amount`)) "
            "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin");
}

TEST(Ddl, OfRonDb) {
  const MysqlDialect dialect{.ndb = true, .collation = "utf8mb4_0900_bin", .hidden_columns = true};
  EXPECT_EQ(
      create_table(*plan_of(indexed_group(), schema()), dialect),
      "CREATE TABLE IF NOT EXISTS `bank`.`txn_1` (`id` bigint NOT NULL, "
      "`ts` timestamp NULL DEFAULT NULL STORAGE MEMORY, `amount` double NULL DEFAULT NULL, "
      "`note` varchar(100) NULL DEFAULT NULL, `ok` tinyint NULL DEFAULT NULL, "
      "`_event_us` bigint NULL DEFAULT NULL, PRIMARY KEY (`id`) USING HASH, KEY ttl_index (`ts`), "
      "KEY `idx_note_amount` (`note`, `amount`)) ENGINE=ndbcluster DEFAULT CHARSET=utf8mb4 "
      "COLLATE=utf8mb4_0900_bin COMMENT='NDB_TABLE=TTL=86400@ts,READ_BACKUP=1'");
  FeatureGroup lasting = indexed_group();
  lasting.ttl_seconds.reset();
  const std::string text = create_table(*plan_of(lasting, schema()), dialect);
  EXPECT_TRUE(text.ends_with("COMMENT='NDB_TABLE=READ_BACKUP=1'")) << text;
  EXPECT_EQ(text.find("STORAGE"), std::string::npos);
}

TEST(Ddl, ColumnsAreAddedInPlace) {
  EXPECT_EQ(add_columns("`a`.`b`", {"`c` int NULL DEFAULT NULL"}),
            "ALTER TABLE `a`.`b` ADD COLUMN `c` int NULL DEFAULT NULL, ALGORITHM=INPLACE");
}

TEST(MysqlTable, TheGuardChangesLast) {
  const MysqlDialect dialect{};
  FeatureGroup group = sample_group();
  const RowPlanPtr plan = plan_of(group, sample_schema());
  const MysqlTable table(*plan, dialect, {"id", "ts", "amount", "note", "other"});
  EXPECT_EQ(table.upsert_sql(2, true),
            "INSERT INTO `bank`.`txn_1` (`id`, `ts`, `amount`, `note`, `other`) VALUES (?, ?, ?, "
            "?, DEFAULT), "
            "(?, ?, ?, ?, DEFAULT) ON DUPLICATE KEY UPDATE "
            "`amount` = IF(`ts` IS NULL OR VALUES(`ts`) >= `ts`, VALUES(`amount`), `amount`), "
            "`note` = IF(`ts` IS NULL OR VALUES(`ts`) >= `ts`, VALUES(`note`), `note`), "
            "`other` = IF(`ts` IS NULL OR VALUES(`ts`) >= `ts`, VALUES(`other`), `other`), "
            "`ts` = IF(`ts` IS NULL OR VALUES(`ts`) >= `ts`, VALUES(`ts`), `ts`)");
  EXPECT_EQ(table.upsert_sql(1, false),
            "INSERT INTO `bank`.`txn_1` (`id`, `ts`, `amount`, `note`, `other`) VALUES (?, ?, ?, "
            "?, DEFAULT) "
            "ON DUPLICATE KEY UPDATE `ts` = VALUES(`ts`), `amount` = VALUES(`amount`), `note` = "
            "VALUES(`note`), "
            "`other` = VALUES(`other`)");
  EXPECT_EQ(table.delete_sql(2), "DELETE FROM `bank`.`txn_1` WHERE (`id`) IN (?, ?)");
  EXPECT_EQ(table.select_sql(1),
            "SELECT `id`, `ts` FROM `bank`.`txn_1` WHERE (`id`) IN (?) FOR UPDATE");
}

TEST(MysqlTable, KeysOfSeveralPartsAreTuples) {
  FeatureGroup group = sample_group();
  group.primary_key = {"note", "id"};
  const MysqlTable table(*plan_of(group, sample_schema()), {}, {"id", "note"});
  EXPECT_EQ(table.delete_sql(2),
            "DELETE FROM `bank`.`txn_1` WHERE (`note`, `id`) IN ((?, ?), (?, ?))");
  EXPECT_EQ(table.upsert_sql(1, true),
            "INSERT INTO `bank`.`txn_1` (`id`, `note`) VALUES (?, ?) ON DUPLICATE KEY UPDATE "
            "`note` = `note`");
  EXPECT_FALSE(table.has_guard());
}

}  // namespace
}  // namespace millrace::feature_store::testing_support
