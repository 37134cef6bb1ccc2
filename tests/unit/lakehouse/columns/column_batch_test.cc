#include "connectors/lakehouse/columns/column_batch.h"

#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

NestedField optional_field(int32_t id, std::string name, TypePtr type) {
  return {id, std::move(name), false, std::move(type)};
}
bool is_valid(const Column& column, int64_t row) {
  const auto at = static_cast<size_t>(row);
  return (column.validity()[at / 8] >> (at % 8) & 1U) != 0;
}
std::string text_at(const Column& column, size_t row) {
  const auto offsets = column.offsets();
  return {reinterpret_cast<const char*>(column.values().data()) + offsets[row],
          static_cast<size_t>(offsets[row + 1] - offsets[row])};
}

TEST(Column, FixedWidthValuesLieSideBySide) {
  Column column(optional_field(1, "n", primitive(TypeId::Long)));
  column.append_fixed(int64_t{7});
  column.append_null();
  column.append_fixed(int64_t{-1});
  EXPECT_EQ(column.rows(), 3);
  EXPECT_EQ(column.nulls(), 1);
  ASSERT_EQ(column.values().size(), 24U);
  const auto* values = reinterpret_cast<const int64_t*>(column.values().data());
  EXPECT_EQ(values[0], 7);
  EXPECT_EQ(values[2], -1);
  EXPECT_EQ(column.validity().size(), 1U);
  EXPECT_EQ(column.validity()[0], 0b11111101);
}

TEST(Column, TextIsOffsetsIntoBytes) {
  Column column(optional_field(1, "s", primitive(TypeId::String)));
  EXPECT_EQ(column.offsets().size(), 1U);
  for (const char* text : {"one", "", "three"}) column.append_bytes(text);
  column.append_null();
  column.append_bytes({});
  EXPECT_EQ(text_at(column, 0), "one");
  EXPECT_EQ(text_at(column, 1), "");
  EXPECT_EQ(text_at(column, 2), "three");
  EXPECT_EQ(text_at(column, 3), "");
  EXPECT_FALSE(is_valid(column, 3));
  EXPECT_TRUE(is_valid(column, 4));
}

TEST(Column, BytesOfFixedTypesHaveNoOffsets) {
  Column fixed(optional_field(1, "f", fixed_type(3)));
  fixed.append_bytes("abc");
  fixed.append_null();
  fixed.append_bytes("xyz");
  EXPECT_EQ(fixed.values().size(), 9U);
  EXPECT_TRUE(fixed.offsets().empty());
  Column uuid(optional_field(1, "u", primitive(TypeId::Uuid)));
  uuid.append_bytes("0123456789abcdef");
  EXPECT_EQ(uuid.values().size(), 16U);
}

class NestedTest : public ::testing::Test {
 protected:
  NestedTest()
      : column_(optional_field(
            1, "orders",
            list_type(2,
                      struct_type({optional_field(3, "id", primitive(TypeId::Int)),
                                   optional_field(4, "name", primitive(TypeId::String))}),
                      false))) {}
  Column& item() { return column_.children()[0]; }
  void add_item(int32_t id, std::string_view name) {
    item().append_struct();
    item().children()[0].append_fixed(id);
    item().children()[1].append_bytes(name);
  }
  Column column_;
};

TEST_F(NestedTest, ListsAreOffsetsIntoTheirElements) {
  column_.append_list(2);
  add_item(1, "a");
  item().append_null();
  column_.append_null();
  column_.append_list(0);
  EXPECT_EQ(column_.rows(), 3);
  EXPECT_EQ(std::vector<int32_t>(column_.offsets().begin(), column_.offsets().end()),
            (std::vector<int32_t>{0, 2, 2, 2}));
  EXPECT_EQ(item().rows(), 2);
  EXPECT_EQ(item().nulls(), 1);
  // A null struct has null members.
  EXPECT_EQ(item().children()[0].rows(), 2);
  EXPECT_EQ(item().children()[1].nulls(), 1);
}

TEST_F(NestedTest, ARowLeftHalfwayIsTakenBackAtAnyPoint) {
  for (int point = 0; point < 4; ++point) {
    column_.clear();
    column_.append_list(1);
    add_item(1, "kept");
    const size_t bytes = column_.bytes();
    column_.append_list(3);
    if (point > 0) add_item(2, "dropped");
    if (point > 1) item().append_struct();
    if (point > 2) item().children()[0].append_null();
    column_.truncate(1);
    EXPECT_EQ(column_.bytes(), bytes) << point;
    EXPECT_EQ(item().children()[0].nulls(), 0) << point;
    EXPECT_EQ(item().children()[1].rows(), 1) << point;
    column_.append_null();
    EXPECT_FALSE(is_valid(column_, 1));
    column_.truncate(1);
    column_.append_list(0);
    EXPECT_TRUE(is_valid(column_, 1));
  }
}

TEST(Column, TruncatedNullsAreForgottenInAnyBit) {
  for (int64_t rows = 0; rows <= 40; ++rows) {
    for (int64_t keep = 0; keep <= rows; ++keep) {
      Column column(optional_field(1, "b", primitive(TypeId::Boolean)));
      int64_t nulls = 0;
      for (int64_t row = 0; row < rows; ++row) {
        if (row % 3 == 1) {
          column.append_null();
          nulls += row < keep ? 1 : 0;
        } else {
          column.append_fixed(true);
        }
      }
      column.truncate(keep);
      ASSERT_EQ(column.nulls(), nulls) << rows << " " << keep;
      ASSERT_EQ(column.validity().size(), static_cast<size_t>((keep + 7) / 8));
      column.append_fixed(true);
      ASSERT_TRUE(is_valid(column, keep)) << rows << " " << keep;
    }
  }
}

TEST(Column, AStructWithoutMembersHasRows) {
  Column column(optional_field(1, "s", struct_type({})));
  column.append_struct();
  column.append_null();
  column.truncate(1);
  EXPECT_EQ(column.rows(), 1);
  EXPECT_EQ(column.nulls(), 0);
}

TEST(Column, OffsetsThatAreFullSaySo) {
  Column column(optional_field(1, "many", list_type(2, primitive(TypeId::Int), false)));
  column.append_list(INT32_MAX);  // no element is appended: only the offsets are looked at
  try {
    column.append_list(1);
    FAIL() << "it took more than the offsets can tell";
  } catch (const DataException& e) {
    EXPECT_STREQ(e.what(), "column many: a batch of rows holds at most 2 GiB of it");
  }
  column.truncate(1);
  EXPECT_EQ(column.rows(), 1);
}

TEST(ColumnBatch, ClearKeepsTheMemory) {
  TableSchema schema{0, {optional_field(1, "n", primitive(TypeId::Long)),
                         optional_field(2, "s", primitive(TypeId::String))}};
  ColumnBatch batch(std::make_shared<TableSchema>(schema));
  for (int64_t row = 0; row < 5000; ++row) {
    batch.columns()[0].append_fixed(row);
    batch.columns()[1].append_bytes("some text");
  }
  EXPECT_EQ(batch.rows(), 5000);
  EXPECT_EQ(batch.bytes(), 5000 * 8 + 625 + 5000 * 9 + 5001 * 4 + 625U);
  const size_t held = batch.capacity();
  EXPECT_GE(held, batch.bytes());
  batch.clear();
  EXPECT_EQ(batch.rows(), 0);
  EXPECT_EQ(batch.bytes(), sizeof(int32_t));
  EXPECT_EQ(batch.capacity(), held);
}

TEST(ColumnBatch, ARowIsTakenBackFromTheColumnsItReached) {
  TableSchema schema{0, {optional_field(1, "n", primitive(TypeId::Long)),
                         optional_field(2, "s", primitive(TypeId::String))}};
  ColumnBatch batch(std::make_shared<TableSchema>(schema));
  batch.columns()[0].append_fixed(int64_t{1});
  batch.columns()[1].append_null();
  batch.columns()[0].append_fixed(int64_t{2});
  batch.truncate(1);
  EXPECT_EQ(batch.rows(), 1);
  EXPECT_EQ(batch.columns()[0].rows(), batch.columns()[1].rows());
}

}  // namespace
}  // namespace millrace::lakehouse
