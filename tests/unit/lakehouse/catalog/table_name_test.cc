#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/lakehouse/catalog/catalog.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;

TEST(TableName, HasLevelsAndAName) {
  const TableName name = parse_table_name("lake.raw.orders");
  EXPECT_THAT(name.levels, ElementsAre("lake", "raw"));
  EXPECT_EQ(name.name, "orders");
  EXPECT_EQ(name.to_string(), "lake.raw.orders");
  EXPECT_TRUE(parse_table_name("orders").levels.empty());
}

TEST(TableName, BackquotesHoldDots) {
  const TableName name = parse_table_name("db.`a.b``c`");
  EXPECT_THAT(name.levels, ElementsAre("db"));
  EXPECT_EQ(name.name, "a.b`c");
  EXPECT_EQ(name.to_string(), "db.`a.b``c`");
  EXPECT_EQ(parse_table_name(name.to_string()), name);
  EXPECT_EQ(parse_table_name("`db`.t").to_string(), "db.t");
}

TEST(TableName, WhatIsNoNameIsRefused) {
  for (const char* text : {"", ".", "a.", ".a", "a..b", "`a", "`a`b", "``", "db.`.`", "db.`..`",
                           "db.a/b", "../x", "db.a\\b", "`/`.a"}) {
    EXPECT_THROW(parse_table_name(text), ConfigException) << text;
  }
  EXPECT_THROW(check_table_name({{".."}, "x"}), ConfigException);
  EXPECT_THROW(check_table_name({{}, std::string("a\0b", 3)}), ConfigException);
}

}  // namespace
}  // namespace millrace::lakehouse
