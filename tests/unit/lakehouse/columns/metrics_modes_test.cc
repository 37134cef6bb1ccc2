#include <gtest/gtest.h>

#include "connectors/lakehouse/columns/column_batch.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

TableSchema wide_schema(int32_t columns) {
  TableSchema schema;
  for (int32_t id = 1; id <= columns; ++id) {
    schema.fields.push_back({id, "c" + std::to_string(id), false, primitive(TypeId::Int)});
  }
  return schema;
}
MetricsMode mode_of(const TableSchema& schema, const std::map<std::string, std::string>& properties,
                    int32_t id) {
  return metrics_modes(schema, properties).at(id).mode;
}

TEST(MetricsModes, BoundsAreTruncatedToSixteenByDefault) {
  const auto modes = metrics_modes(wide_schema(2), {});
  ASSERT_EQ(modes.size(), 2U);
  EXPECT_EQ(modes.at(1).mode, MetricsMode::Truncate);
  EXPECT_EQ(modes.at(1).length, 16);
}

TEST(MetricsModes, OnlyTheFirstHundredColumnsAreMeasured) {
  EXPECT_EQ(mode_of(wide_schema(101), {}, 100), MetricsMode::Truncate);
  EXPECT_EQ(mode_of(wide_schema(101), {}, 101), MetricsMode::None);
  const std::map<std::string, std::string> three = {
      {"write.metadata.metrics.max-inferred-column-defaults", "3"}};
  EXPECT_EQ(mode_of(wide_schema(5), three, 3), MetricsMode::Truncate);
  EXPECT_EQ(mode_of(wide_schema(5), three, 4), MetricsMode::None);
}

TEST(MetricsModes, ADefaultThatIsAskedForHasNoLimit) {
  EXPECT_EQ(mode_of(wide_schema(200), {{"write.metadata.metrics.default", "counts"}}, 200),
            MetricsMode::Counts);
}

TEST(MetricsModes, MembersOfAStructComeBehindThePlainColumnsBesideIt) {
  TableSchema schema;
  schema.fields = {
      {1, "s", false, struct_type({{2, "a", false, primitive(TypeId::Int)}})},
      {3, "n", false, primitive(TypeId::Int)},
  };
  const std::map<std::string, std::string> one = {
      {"write.metadata.metrics.max-inferred-column-defaults", "1"}};
  EXPECT_EQ(mode_of(schema, one, 3), MetricsMode::Truncate);
  EXPECT_EQ(mode_of(schema, one, 2), MetricsMode::None);
  EXPECT_EQ(mode_of(schema, {{"write.metadata.metrics.column.s.a", "Full"}}, 2), MetricsMode::Full);
}

TEST(MetricsModes, AColumnsOwnModeWins) {
  const std::map<std::string, std::string> properties = {
      {"write.metadata.metrics.default", "none"},
      {"write.metadata.metrics.column.c2", "truncate(5)"}};
  EXPECT_EQ(mode_of(wide_schema(2), properties, 1), MetricsMode::None);
  EXPECT_EQ(metrics_modes(wide_schema(2), properties).at(2).length, 5);
}

TEST(MetricsModes, WhatMeansNothingIsRefused) {
  for (const char* text : {"", "some", "truncate", "truncate(0)", "truncate(-1)", "truncate(x)",
                           "truncate(5", "truncate()", "full "}) {
    EXPECT_THROW(metrics_modes(wide_schema(1), {{"write.metadata.metrics.default", text}}),
                 ConfigException)
        << text;
  }
  try {
    metrics_modes(wide_schema(1), {{"write.metadata.metrics.column.c1", "most"}});
    FAIL();
  } catch (const ConfigException& e) {
    EXPECT_STREQ(e.what(),
                 "Invalid value most for the table's property write.metadata.metrics.column.c1: "
                 "none, counts, full or truncate(length)");
  }
}

}  // namespace
}  // namespace millrace::lakehouse
