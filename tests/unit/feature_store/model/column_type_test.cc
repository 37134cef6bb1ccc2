#include <gtest/gtest.h>

#include "connectors/feature_store/model/feature_group.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

TEST(ColumnType, OfSqlText) {
  EXPECT_EQ(parse_column_type("varchar(500)"), (ColumnType{.kind = ColumnKind::VarChar, .length = 500}));
  EXPECT_EQ(parse_column_type("TIMESTAMP(6)"), (ColumnType{.kind = ColumnKind::Timestamp, .length = 6}));
  EXPECT_EQ(parse_column_type("timestamp").length, 0U);
  EXPECT_EQ(parse_column_type("Decimal(12, 3)"),
            (ColumnType{.kind = ColumnKind::Decimal, .precision = 12, .scale = 3}));
  EXPECT_EQ(parse_column_type("varbinary").length, 100U);
  EXPECT_EQ(parse_column_type("tinyint(1)").kind, ColumnKind::TinyInt);
  for (const char* none : {"", "varchar(", "varchar(0)", "varchar(65536)", "varchar(x)", "timestamp(7)",
                           "decimal(66,1)", "decimal(3,4)", "varchars(5)", "int(", "json"}) {
    EXPECT_THROW(parse_column_type(none), DataException) << none;
  }
}

TEST(ColumnType, TextIsReadBack) {
  for (const char* text : {"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(9,2)",
                           "date", "timestamp", "timestamp(6)", "varchar(7)", "text", "varbinary(7)", "blob"}) {
    EXPECT_EQ(parse_column_type(text).text(), text);
    EXPECT_EQ(parse_column_type(parse_column_type(text).text()), parse_column_type(text));
  }
}

TEST(ColumnType, DefaultsOfFeatures) {
  const auto text = [](const char* type) { return default_column_type(parse_feature_type(type)).text(); };
  EXPECT_EQ(text("boolean"), "tinyint");
  EXPECT_EQ(text("bigint"), "bigint");
  EXPECT_EQ(text("string"), "varchar(100)");
  EXPECT_EQ(text("binary"), "varbinary(100)");
  EXPECT_EQ(text("array<double>"), "varbinary(100)");
  EXPECT_EQ(text("decimal(6,2)"), "decimal(6,2)");
  EXPECT_EQ(text("timestamp"), "timestamp");
  FeatureGroup group;
  group.online_types["note"] = parse_column_type("varchar(500)");
  EXPECT_EQ(group.column_type("note", parse_feature_type("string")).length, 500U);
  EXPECT_EQ(group.column_type("other", parse_feature_type("string")).length, 100U);
}

TEST(ColumnType, Costs) {
  const auto cost = [](const char* type) { return row_cost(parse_column_type(type)); };
  EXPECT_EQ(cost("varchar(100)"), 400U);
  EXPECT_EQ(cost("varbinary(100)"), 100U);
  EXPECT_EQ(cost("text"), 256U);
  EXPECT_EQ(cost("blob"), 256U);
  EXPECT_EQ(cost("timestamp(6)"), 8U);
  EXPECT_EQ(cost("date"), 8U);
  EXPECT_EQ(cost("decimal(10,2)"), 16U);
}

TEST(FeatureGroup, Names) {
  FeatureGroup group;
  group.project = "Bank_FeatureStore";
  group.name = "txn";
  group.version = 3;
  EXPECT_EQ(group.database(), "bank");
  EXPECT_EQ(group.table(), "txn_3");
}

}  // namespace
}  // namespace millrace::feature_store
