#include "connectors/lakehouse/sink/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OptionsTest : public ::testing::Test {
 protected:
  Properties with(Properties more) const {
    Properties config{{"iceberg.tables", "db.orders, db.items"},
                      {"iceberg.catalog.type", "hadoop"},
                      {"iceberg.catalog.warehouse", folder_.path().string()}};
    for (auto& [key, value] : more) config[key] = value;
    return config;
  }
  /// Keys that are wrong.
  std::vector<std::string> wrong(Properties more) const {
    ConfigErrors errors;
    check_config(with(std::move(more)), errors);
    std::vector<std::string> keys;
    for (const auto& [key, why] : errors.entries()) keys.push_back(key);
    return keys;
  }

  testing_support::TemporaryFolder folder_;
};

TEST_F(OptionsTest, DefaultsAreApaches) {
  const SinkOptions options = SinkOptions::parse(with({}));
  EXPECT_THAT(*options.tables, ElementsAre("db.orders", "db.items"));
  EXPECT_EQ(options.commit_interval_ms, 300'000);
  EXPECT_EQ(options.default_branch, "main");
  EXPECT_FALSE(options.auto_create);
  EXPECT_FALSE(options.evolve_schema);
  EXPECT_EQ(options.start.policy, StartPolicy::Earliest);
  EXPECT_TRUE(options.rows.reject_nested);
  EXPECT_FALSE(options.rows.reject_unknown);
  EXPECT_FALSE(options.rows.collect_unknown);
}

TEST_F(OptionsTest, UnderApachesNameObjectsBecomeNestedColumns) {
  const auto of = [&](Properties more) { return *SinkOptions::parse(with(std::move(more))).nested_handling; };
  EXPECT_EQ(of({{"connector.class", "org.apache.iceberg.connect.IcebergSinkConnector"}}), "struct");
  EXPECT_EQ(of({{"connector.class", "org.millrace.LakehouseSinkConnector"}}), "error");
  EXPECT_EQ(of({{"lakehouse.nested.handling", "stringify"}}), "stringify");
}

TEST_F(OptionsTest, ATableMayHaveItsOwn) {
  const SinkOptions options = SinkOptions::parse(with({
      {"iceberg.tables.default-commit-branch", "audit"},
      {"iceberg.tables.default-partition-by", "a"},
      {"iceberg.table.db.orders.commit-branch", "own"},
      {"iceberg.table.db.orders.partition-by", "day(at)"},
      {"iceberg.table.db.orders.id-columns", "a, b"},
      {"iceberg.table.db.orders.route-regex", "o.*"},
  }));
  const TableOptions orders = options.table("db.orders");
  EXPECT_EQ(orders.branch, "own");
  EXPECT_EQ(orders.partition_by, "day(at)");
  EXPECT_THAT(orders.id_columns, ElementsAre("a", "b"));
  EXPECT_EQ(orders.route_regex, "o.*");
  const TableOptions items = options.table("db.items");
  EXPECT_EQ(items.branch, "audit");
  EXPECT_EQ(items.partition_by, "a");
  EXPECT_FALSE(items.route_regex);
}

TEST_F(OptionsTest, PrefixesArePassedOn) {
  const SinkOptions options = SinkOptions::parse(with({
      {"iceberg.tables.auto-create-props.p", "1"}, {"iceberg.tables.write-props.q", "2"}}));
  EXPECT_EQ(options.create_props, (Properties{{"p", "1"}}));
  EXPECT_EQ(options.write_props, (Properties{{"q", "2"}}));
  EXPECT_EQ(options.catalog.at("type"), "hadoop");
}

TEST_F(OptionsTest, WhatWouldChangeTheTableIsRefused) {
  EXPECT_THAT(wrong({}), IsEmpty());
  EXPECT_THAT(wrong({{"iceberg.control.group-id", "x"}}), ElementsAre("iceberg.control.group-id"));
  // Passed over, records would go nowhere.
  EXPECT_THAT(wrong({{"iceberg.tables.dynamic-enabled", "true"}, {"iceberg.tables.route-field", "f"}}),
              ElementsAre("iceberg.tables.dynamic-enabled"));
  EXPECT_THAT(wrong({{"iceberg.tables.cdc-field", "op"}, {"lakehouse.cdc.envelope", "debezium"}}),
              ElementsAre("iceberg.tables.cdc-field"));
  EXPECT_THROW(SinkOptions::parse(with({{"iceberg.control.group-id", "x"}})), ConfigException);
}

TEST_F(OptionsTest, EachWrongKeyHasItsError) {
  EXPECT_THAT(wrong({{"iceberg.tables", ""}}), ElementsAre("iceberg.tables"));
  EXPECT_THAT(wrong({{"iceberg.tables", "db..x"}}), ElementsAre("iceberg.tables"));
  EXPECT_THAT(wrong({{"lakehouse.start.policies", "a:newest"}}), ElementsAre("lakehouse.start.policies"));
  EXPECT_THAT(wrong({{"lakehouse.start.offsets", "a"}}), ElementsAre("lakehouse.start.offsets"));
  EXPECT_THAT(wrong({{"lakehouse.broker.columns", "key"}}), ElementsAre("lakehouse.broker.columns"));
  EXPECT_THAT(wrong({{"iceberg.catalog.type", "tin"}}), ElementsAre("iceberg.catalog.type"));
  EXPECT_THAT(wrong({{"iceberg.table.db.orders.route-regex", "("}}),
              ElementsAre("iceberg.table.db.orders.route-regex"));
}

TEST_F(OptionsTest, KeysOfTheControlTopicHaveNoMeaning) {
  EXPECT_THAT(meaningless_keys(with({{"iceberg.control.topic", "x"},
                                     {"iceberg.kafka.bootstrap.servers", "y"},
                                     {"iceberg.control.commit.interval-ms", "1"}})),
              ElementsAre("iceberg.control.topic", "iceberg.kafka.bootstrap.servers"));
  const Properties keys{{"iceberg.tables.default-id-columns", "id"}, {"iceberg.table.db.t.id-columns", "id"}};
  EXPECT_THAT(meaningless_keys(with(keys)),
              ElementsAre("iceberg.table.db.t.id-columns", "iceberg.tables.default-id-columns"));
  Properties upsert = keys;
  upsert["iceberg.tables.upsert-mode-enabled"] = "true";
  EXPECT_THAT(meaningless_keys(with(upsert)), IsEmpty());
}

TEST_F(OptionsTest, SnapshotsStayUnlessTheirExpiryIsAsked) {
  EXPECT_EQ(SinkOptions::parse(with({})).snapshots_keep, 0);
  EXPECT_EQ(SinkOptions::parse(with({})).snapshots_max_age_ms, 0);
  const SinkOptions options = SinkOptions::parse(
      with({{"lakehouse.snapshots.keep", "50"}, {"lakehouse.snapshots.max.age.ms", "86400000000"}}));
  EXPECT_EQ(options.snapshots_keep, 50);
  EXPECT_EQ(options.snapshots_max_age_ms, 86'400'000'000);
  EXPECT_THROW(SinkOptions::parse(with({{"lakehouse.snapshots.keep", "-1"}})), ConfigException);
}

}  // namespace
}  // namespace millrace::lakehouse
