#include "connectors/lakehouse/columns/row_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "millrace/errors.h"
#include "tests/unit/lakehouse/columns/values.h"
#include "tests/unit/lakehouse/parquet/random_rows.h"

namespace millrace::lakehouse {
namespace {

void expect_same(const Column& a, const Column& b) {
  ASSERT_EQ(a.rows(), b.rows()) << a.field().name;
  EXPECT_EQ(a.nulls(), b.nulls()) << a.field().name;
  EXPECT_TRUE(std::ranges::equal(a.validity(), b.validity())) << a.field().name;
  EXPECT_TRUE(std::ranges::equal(a.values(), b.values())) << a.field().name;
  EXPECT_TRUE(std::ranges::equal(a.offsets(), b.offsets())) << a.field().name;
  for (size_t i = 0; i < a.children().size(); ++i) expect_same(a.children()[i], b.children()[i]);
}

TableSchemaPtr every_type() {
  const auto inner = struct_type({{21, "x", true, primitive(TypeId::Int)},
                                  {22, "y", false, primitive(TypeId::String)}});
  return schema_of({{1, "flag", false, primitive(TypeId::Boolean)},
                    {2, "n", true, primitive(TypeId::Long)},
                    {3, "price", false, decimal_type(20, 3)},
                    {4, "text", false, primitive(TypeId::String)},
                    {5, "code", false, fixed_type(3)},
                    {6, "inner", false, inner},
                    {7, "list", false, list_type(31, list_type(32, primitive(TypeId::String), false), false)},
                    {8, "map", false, map_type(41, primitive(TypeId::String), 42, inner, false)}});
}

TEST(RowCopyTest, AllRowsInOrderAreTheSameColumns) {
  const auto* given = std::getenv("MILLRACE_TEST_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const TableSchemaPtr schema = every_type();
  ColumnBatch from(schema);
  RandomRows random(seed);
  for (int row = 0; row < 500; ++row) random.append(from);
  const RowCopy copy(*schema, *schema);
  ColumnBatch to(schema);
  for (int64_t row = 0; row < from.rows(); ++row) copy.append(from, row, to);
  for (size_t at = 0; at < from.columns().size(); ++at) expect_same(from.columns()[at], to.columns()[at]);
  // One row many times, after a row that was taken back.
  copy.append(from, 7, to);
  to.truncate(from.rows());
  for (size_t at = 0; at < from.columns().size(); ++at) expect_same(from.columns()[at], to.columns()[at]);
}

TEST(RowCopyTest, ColumnsAreFoundByIdAndPromoted) {
  const auto from_schema = schema_of({{1, "n", false, primitive(TypeId::Int)},
                                      {2, "gone", false, primitive(TypeId::String)},
                                      {3, "r", false, primitive(TypeId::Float)},
                                      {4, "s", false, struct_type({{5, "a", false, primitive(TypeId::Int)}})}});
  const auto to_schema = schema_of({{6, "fresh", false, primitive(TypeId::String)},
                                    {3, "ratio", false, primitive(TypeId::Double)},
                                    {4, "s", false, struct_type({{7, "b", false, primitive(TypeId::Date)},
                                                                 {5, "a", false, primitive(TypeId::Long)}})},
                                    {1, "number", false, primitive(TypeId::Long)}});
  ColumnBatch from(from_schema);
  from.columns()[0].append_fixed(int32_t{-7});
  from.columns()[1].append_bytes("x");
  from.columns()[2].append_fixed(1.5F);
  from.columns()[3].append_struct();
  from.columns()[3].children()[0].append_fixed(int32_t{9});
  ColumnBatch to(to_schema);
  RowCopy(*from_schema, *to_schema).append(from, 0, to);
  EXPECT_TRUE(is_null_at(to.columns()[0], 0));
  EXPECT_EQ(fixed_at<double>(to.columns()[1], 0), 1.5);
  EXPECT_TRUE(is_null_at(to.columns()[2].children()[0], 0));
  EXPECT_EQ(fixed_at<int64_t>(to.columns()[2].children()[1], 0), 9);
  EXPECT_EQ(fixed_at<int64_t>(to.columns()[3], 0), -7);
}

TEST(RowCopyTest, OtherTypesAreRefused) {
  const auto from = schema_of({{1, "n", false, primitive(TypeId::Long)}});
  const auto to = schema_of({{1, "n", false, primitive(TypeId::Int)}});
  EXPECT_THROW(RowCopy(*from, *to), DataException);
}

}  // namespace
}  // namespace millrace::lakehouse
