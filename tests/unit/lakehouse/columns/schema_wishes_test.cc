#include "connectors/lakehouse/columns/schema_wishes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "connectors/lakehouse/columns/row_writer.h"
#include "millrace/decimal.h"
#include "tests/unit/lakehouse/columns/values.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class SchemaWishesTest : public ::testing::Test {
 protected:
  SchemaWishesTest() { options_.collect_unknown = true; }
  void table(std::vector<NestedField> fields, std::vector<int32_t> identifiers = {}) {
    TableSchema schema;
    schema.fields = std::move(fields);
    schema.identifier_ids = std::move(identifiers);
    schema_ = std::make_shared<TableSchema>(std::move(schema));
  }
  /// As a sink does it: records are written one by one, and the schema evolves for those that want it.
  /// How the last one ends.
  std::string put(const Value& value) {
    Record record;
    record.value.value = value;
    Reject reject;
    for (int turn = 0; turn < 2; ++turn) {
      RowWriter writer(schema_, options_);
      ColumnBatch batch(schema_);
      if (writer.write(record, batch, reject)) return turn == 0 ? "ok" : "evolved";
      if (turn == 1 || !writer.wishes().wants(record, reject)) break;
      writer.wishes().add(record);
      const auto evolved = evolve(*schema_, last_id_, writer.wishes().take());
      EXPECT_TRUE(evolved.changed) << "a wish without a change: the sink would ask again and again";
      last_id_ = evolved.last_column_id;
      schema_ = std::make_shared<TableSchema>(evolved.schema);
    }
    return reject.message();
  }
  std::string text() const { return type_text({.id = TypeId::Struct, .fields = schema_->fields}); }
  Value decimal(std::string_view digits) { return parse_decimal(digits, arena_); }
  Value object(std::initializer_list<std::pair<std::string_view, Value>> members) { return map_of(arena_, members); }
  Value array(std::initializer_list<Value> items) { return array_of(arena_, items); }

  Arena arena_;
  RowOptions options_;
  TableSchemaPtr schema_;
  int32_t last_id_ = 100;
};

TEST_F(SchemaWishesTest, ValuesThatDoNotFitMakeColumnsWider) {
  table({{1, "i", false, primitive(TypeId::Int)}, {2, "f", false, primitive(TypeId::Float)},
         {3, "d", false, decimal_type(4, 1)}, {4, "l", false, primitive(TypeId::Long)}});
  EXPECT_EQ(put(object({{"i", Value::int64(7)}, {"f", Value::float64(0.1)}})), "ok");
  EXPECT_EQ(put(object({{"i", Value::int64(int64_t{1} << 40)}})), "evolved");
  EXPECT_EQ(put(object({{"f", Value::float64(1e300)}})), "evolved");
  EXPECT_EQ(put(object({{"d", decimal("1234.5")}})), "evolved");
  EXPECT_EQ(text(), "struct<i: long, f: double, d: decimal(38, 1), l: long>");
}

TEST_F(SchemaWishesTest, WhatIsNoLegalPromotionIsRejectedAndChangesNothing) {
  table({{1, "l", false, primitive(TypeId::Long)}, {2, "i", false, primitive(TypeId::Int)},
         {3, "s", true, primitive(TypeId::String)}, {4, "d", false, decimal_type(4, 1)}});
  const std::string before = text();
  const auto with = [&](std::string_view name, const Value& value) {
    return put(object({{"s", Value::string("x")}, {name, value}}));
  };
  EXPECT_THAT(with("l", Value::float64(1.5)), StartsWith("NUMBER_RANGE(l)"));
  EXPECT_THAT(with("l", Value::string("x")), StartsWith("TYPE_MISMATCH(l)"));
  EXPECT_THAT(with("i", Value::float64(1.5)), StartsWith("NUMBER_RANGE(i)"));
  EXPECT_THAT(with("i", Value::string("x")), StartsWith("TYPE_MISMATCH(i)"));
  EXPECT_THAT(with("i", decimal("9223372036854775808")), StartsWith("NUMBER_RANGE(i)"));
  EXPECT_THAT(with("d", decimal("1.25")), StartsWith("NUMBER_RANGE(d)"));
  // It would be rejected all the same: no column is added, nothing is relaxed for it.
  EXPECT_THAT(put(object({{"l", Value::string("x")}, {"new", Value::int8(1)}})), StartsWith("TYPE_MISMATCH(l)"));
  EXPECT_THAT(put(object({{"new", Value::int8(1)}, {"l", Value::string("x")}})), StartsWith("TYPE_MISMATCH(l)"));
  EXPECT_EQ(text(), before);
  EXPECT_TRUE(schema_->column("s")->required);
}

TEST_F(SchemaWishesTest, RequiredColumnsBecomeOptionalButIdentifiersStay) {
  const auto place = struct_type({{3, "x", true, primitive(TypeId::Int)}, {4, "y", true, primitive(TypeId::Int)}});
  table({{1, "id", true, primitive(TypeId::Long)}, {2, "place", true, place},
         {5, "tags", true, list_type(6, primitive(TypeId::String), true)}},
        {1});
  const auto required = [&](int32_t id) { return schema_->field(id)->required; };
  EXPECT_THAT(put(object({{"place", Value()}})), StartsWith("MISSING_REQUIRED"));
  EXPECT_EQ(put(object({{"id", Value::int8(1)}, {"tags", array({Value()})},
                        {"place", object({{"x", Value::int8(1)}})}})), "evolved");
  EXPECT_TRUE(required(2) && required(3) && required(5));
  EXPECT_FALSE(required(4) || required(6));
  EXPECT_EQ(put(object({{"id", Value::int8(1)}, {"place", Value()}})), "evolved");
  EXPECT_FALSE(required(2) || required(5));
  EXPECT_THAT(put(object({})), StartsWith("MISSING_REQUIRED(id)"));
  EXPECT_TRUE(required(1));
}

TEST_F(SchemaWishesTest, MembersAreAddedAtAnyDepth) {
  const auto item = struct_type({{4, "n", false, primitive(TypeId::Int)}});
  table({{1, "place", false, struct_type({{2, "x", false, primitive(TypeId::Long)}})},
         {3, "items", false, list_type(5, item, false)},
         {6, "by", false, map_type(7, primitive(TypeId::String), 8, struct_type({{9, "n", false, primitive(TypeId::Int)}}), false)}});
  const Value one = Value::int64(1);
  EXPECT_EQ(put(object({{"place", object({{"x", one}, {"z", Value()}, {"e", array({})}})}})), "ok");
  EXPECT_EQ(put(object({{"place", object({{"x", one}, {"y", object({{"deep", one}})}})}})), "evolved");
  EXPECT_EQ(put(object({{"place", object({{"y", object({{"deep", one}, {"er", one}})}})}})), "evolved");
  EXPECT_EQ(put(object({{"items", array({object({{"n", one}}), object({{"m", one}}),
                                         object({{"m", Value::float64(0.5)}, {"n", Value::int64(INT64_MAX)}})})}})), "evolved");
  EXPECT_EQ(put(object({{"by", object({{"k", object({{"q", Value::string("x")}})}})}})), "evolved");
  EXPECT_EQ(text(),
            "struct<place: struct<x: long, y: struct<deep: long, er: long>>, "
            "items: list<struct<n: long, m: double>>, by: map<string, struct<n: int, q: string>>>");
}

TEST_F(SchemaWishesTest, SchemasMayAskForWiderTypesThanTheirValues) {
  table({{1, "i", false, primitive(TypeId::Int)}, {2, "f", false, primitive(TypeId::Float)},
         {3, "d", false, decimal_type(9, 2)}, {4, "s", false, primitive(TypeId::String)}});
  const SchemaPtr money = SchemaBuilder(Kind::Bytes)
                              .name(std::string(logical::kDecimal))
                              .parameter("scale", "2")
                              .parameter("connect.decimal.precision", "12")
                              .optional()
                              .build();
  const SchemaPtr schema = SchemaBuilder::structure()
                               .field("i", primitive_schema(Kind::Int64, true))
                               .field("f", primitive_schema(Kind::Float64, true))
                               .field("d", money)
                               .field("s", primitive_schema(Kind::Int64, true))
                               .build();
  const Value values[] = {Value::int64(1), Value(), decimal("1.25"), Value()};
  const StructData data{schema.get(), values};
  EXPECT_EQ(put(Value::structure(&data)), "evolved");
  EXPECT_EQ(text(), "struct<i: long, f: double, d: decimal(12, 2), s: string>");
  EXPECT_EQ(put(Value::structure(&data)), "ok");
}

TEST_F(SchemaWishesTest, ARecordThatAsksForTooManyColumnsGetsNone) {
  table({{1, "a", false, primitive(TypeId::Long)}});
  options_.max_columns = 3;
  const Value one = Value::int8(1);
  EXPECT_EQ(put(object({{"a", one}, {"b", one}})), "evolved");
  EXPECT_THAT(put(object({{"c", one}, {"d", one}})), StartsWith("UNKNOWN_FIELD(d)"));
  EXPECT_THAT(put(object({{"o", object({{"x", one}, {"y", one}})}})),
              HasSubstr("more than lakehouse.columns.max, 3"));
  EXPECT_EQ(text(), "struct<a: long, b: long>");
  EXPECT_EQ(put(object({{"a", one}, {"c", one}})), "evolved");
  EXPECT_THAT(put(object({{"d", one}})), StartsWith("UNKNOWN_FIELD(d)"));
  EXPECT_EQ(put(object({{"a", one}, {"d", Value()}})), "ok");
}

TEST_F(SchemaWishesTest, OfABatchRecordsAreTakenWhileThereIsRoom) {
  table({{1, "a", false, primitive(TypeId::Long)}});
  options_.max_columns = 3;
  SchemaWishes wishes(schema_, options_);
  const auto add = [&](const Value& value) {
    Record record;
    record.value.value = value;
    wishes.add(record);
  };
  const Value one = Value::int8(1);
  add(object({{"b", one}}));
  add(object({{"c", one}, {"d", one}}));  // no room for both
  add(object({{"b", Value::float64(0.5)}, {"c", Value::string("x")}}));
  add(object({{"c", one}, {"b", Value::string("x")}}));
  const SchemaChange change = wishes.take();
  ASSERT_EQ(change.columns.size(), 2U);
  EXPECT_EQ(change.columns[0].field.name, "b");
  EXPECT_EQ(change.columns[0].field.type->id, TypeId::Double) << "of both records";
  EXPECT_EQ(change.columns[1].field.type->id, TypeId::String) << "of the first";
  EXPECT_TRUE(wishes.take().empty());
}

TEST_F(SchemaWishesTest, TenThousandFieldsAreCheap) {
  table({{1, "a", false, primitive(TypeId::Long)}});
  const auto entries = arena_.make_array<MapEntry>(10'000);
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i] = {Value::string(arena_.copy("field" + std::to_string(i))), Value::int64(1)};
  }
  RowWriter writer(schema_, options_);
  ColumnBatch batch(schema_);
  Record record;
  record.value.value = Value::map(entries);
  Reject reject;
  const auto begin = std::chrono::steady_clock::now();
  constexpr int kRecords = 500;  // as many as come in one batch
  for (int i = 0; i < kRecords; ++i) {
    EXPECT_FALSE(writer.write(record, batch, reject));
    EXPECT_FALSE(writer.wishes().wants(record, reject));
    writer.wishes().add(record);
  }
  EXPECT_THAT(reject.message(), StartsWith("UNKNOWN_FIELD(field999)"));
  EXPECT_TRUE(writer.wishes().take().empty());
  // Milliseconds each with sanitizers on a slow machine; seconds if it were quadratic.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST_F(SchemaWishesTest, NamesThatCannotBeColumnsAreRejected) {
  table({{1, "a", false, primitive(TypeId::Long)}});
  const Value one = Value::int8(1);
  EXPECT_EQ(put(object({{"", one}})), "UNKNOWN_FIELD: a column must have a name");
  EXPECT_EQ(put(object({{"o", object({{"", one}})}})), "UNKNOWN_FIELD(o): a column must have a name");
  EXPECT_THAT(put(object({{"\xff", one}})), StartsWith("INVALID_UTF8"));
  EXPECT_EQ(put(object({{"a.b", one}, {"a", one}})), "evolved");
  EXPECT_EQ(put(object({{"\xf0\x9f\x93\x96", one}})), "evolved");
  EXPECT_EQ(put(object({{"a.b", Value::int64(2)}})), "ok");
}

TEST_F(SchemaWishesTest, ReadersSeeAPathAsOneName) {
  table({{1, "a", false, struct_type({{2, "b", false, primitive(TypeId::Long)}})}});
  const Value one = Value::int8(1);
  EXPECT_THAT(put(object({{"a.b", one}})), StartsWith("DUPLICATE_KEY(a.b)"));
  EXPECT_EQ(put(object({{"a.c", one}})), "evolved");
  EXPECT_THAT(put(object({{"a", object({{"c", one}})}})), StartsWith("DUPLICATE_KEY(c)"));
  EXPECT_THAT(put(object({{"x.y", one}, {"x", object({{"y", one}})}})), StartsWith("DUPLICATE_KEY"));
  options_.taken_names = {"a_day"};
  EXPECT_THAT(put(object({{"a_day", one}})), StartsWith("UNKNOWN_FIELD(a_day)"));
  SchemaWishes wishes(schema_, options_);
  for (const Value& value : {object({{"p.q", one}}), object({{"p", object({{"q", one}})}})}) {
    Record record;
    record.value.value = value;
    wishes.add(record);
  }
  EXPECT_EQ(wishes.take().columns.size(), 1U) << "the first of the two";
}

TEST_F(SchemaWishesTest, NamesByCaseAreTwoColumnsOrOne) {
  table({{1, "a", false, primitive(TypeId::Long)}});
  const Value one = Value::int8(1);
  EXPECT_EQ(put(object({{"b", one}, {"B", one}, {"A", one}})), "evolved");
  EXPECT_EQ(schema_->fields.size(), 4U);
  table({{1, "a", false, primitive(TypeId::Long)}});
  options_.ignore_case = true;
  EXPECT_EQ(put(object({{"b", one}, {"B", one}})), "DUPLICATE_KEY(B): two fields of the record are for this column");
  EXPECT_THAT(put(object({{"a", one}, {"A", one}})), StartsWith("DUPLICATE_KEY(a)"));
  EXPECT_EQ(put(object({{"A", one}, {"B", one}})), "evolved");
  EXPECT_EQ(put(object({{"b", one}})), "ok");
  EXPECT_THAT(put(object({{"o", object({{"x", one}, {"X", one}})}})), StartsWith("DUPLICATE_KEY(o.x)"));
  EXPECT_EQ(text(), "struct<a: long, B: long>");
}

TEST_F(SchemaWishesTest, VeryDeepObjectsAreRejected) {
  table({{1, "a", false, primitive(TypeId::Long)}});
  const auto nested = [&](int levels) {
    Value value = Value::int8(1);
    for (int i = 0; i < levels; ++i) value = i % 2 == 0 ? object({{"o", value}}) : array({value});
    return object({{"deep", value}});
  };
  EXPECT_EQ(put(nested(kMaxNesting)), "evolved");
  table({{1, "a", false, primitive(TypeId::Long)}});
  EXPECT_THAT(put(nested(kMaxNesting + 1)), StartsWith("NESTED_FIELD(deep)"));
  EXPECT_THAT(put(nested(1'000)), StartsWith("NESTED_FIELD(deep)"));
  options_.flatten = true;
  options_.cells.nested = NestedHandling::Stringify;
  EXPECT_EQ(put(nested(1'000)), "evolved") << "the array in it is text";
  EXPECT_EQ(text(), "struct<a: long, deep: string>");
  Value value = Value::int8(1);
  for (int i = 0; i < 1'000; ++i) value = object({{"o", value}});
  EXPECT_THAT(put(value), StartsWith("NESTED_FIELD"));
}

TEST_F(SchemaWishesTest, FlattenedMembersAreColumnsByTheirPath) {
  table({{1, "id", false, primitive(TypeId::Long)},
         {2, "kept", false, struct_type({{3, "x", false, primitive(TypeId::Long)}})}});
  options_.flatten = true;
  options_.cells.nested = NestedHandling::Stringify;
  const Value one = Value::int8(1);
  EXPECT_EQ(put(object({{"id", one}, {"a", object({{"b", one}, {"c", object({{"d", Value::string("x")}})}})},
                        {"l", array({one})}, {"none", Value()}, {"empty", object({})}})), "evolved");
  EXPECT_EQ(text(), "struct<id: long, kept: struct<x: long>, a_b: long, a_c_d: string, l: string>");
  EXPECT_EQ(put(object({{"a", object({{"b", one}})}, {"kept", object({{"x", one}})}, {"empty", object({})}})), "ok");
  EXPECT_THAT(put(object({{"a", object({{"b", one}})}, {"a_b", one}})), StartsWith("DUPLICATE_KEY(a_b)"));
  EXPECT_THAT(put(object({{"q", object({{"b", one}})}, {"q_b", one}})), StartsWith("DUPLICATE_KEY(q_b)"));
  EXPECT_THAT(put(object({{"a", object({{"b", Value::string("x")}})}})), StartsWith("TYPE_MISMATCH(a_b)"));
  options_.separator = ".";
  EXPECT_EQ(put(object({{"a", object({{"b", one}})}})), "evolved");
  EXPECT_NE(schema_->column("a.b"), nullptr);
}

TEST_F(SchemaWishesTest, ListedColumnsAreInstantsAndDays) {
  table({{1, "id", false, primitive(TypeId::Long)}});
  options_.inference.timestamps = {"at", "place.since"};
  options_.inference.dates = {"day"};
  EXPECT_EQ(put(object({{"at", Value::string("2026-01-02T03:04:05Z")}, {"day", Value::string("2026-01-02")},
                        {"since", Value::string("2026-01-02")},
                        {"place", object({{"since", Value::int64(5)}})}})), "evolved");
  EXPECT_EQ(text(),
            "struct<id: long, at: timestamptz, day: date, since: string, place: struct<since: timestamptz>>");
  options_.inference.timestamps = {"when"};
  EXPECT_THAT(put(object({{"when", Value::string("soon")}})), StartsWith("TYPE_MISMATCH(when)"));
  EXPECT_EQ(schema_->column("when"), nullptr) << "for a value that is none";
}

TEST_F(SchemaWishesTest, BigIntegersAreWhatIsAskedFor) {
  const Value big = object({{"n", decimal("9223372036854775808")}});
  const std::pair<BigIntegers, std::string> wanted[] = {{BigIntegers::Decimal, "decimal(38, 0)"},
                                                        {BigIntegers::Text, "string"}};
  for (const auto& [option, type] : wanted) {
    table({{1, "id", false, primitive(TypeId::Long)}});
    options_.inference.big_integers = option;
    EXPECT_EQ(put(big), "evolved");
    EXPECT_EQ(type_text(*schema_->column("n")->type), type);
  }
  table({{1, "id", false, primitive(TypeId::Long)}});
  options_.inference.big_integers = BigIntegers::Reject;
  EXPECT_EQ(put(big), "NUMBER_RANGE(n): 9223372036854775808 does not fit long");
  EXPECT_EQ(schema_->column("n"), nullptr);
}

TEST_F(SchemaWishesTest, NestedValuesAreRejectedBeforeColumnsAreMadeForTheRest) {
  table({{1, "id", false, primitive(TypeId::Long)}});
  options_.reject_nested = true;
  EXPECT_THAT(put(object({{"new", Value::int8(1)}, {"o", object({{"x", Value::int8(1)}})}})),
              StartsWith("NESTED_FIELD(o)"));
  EXPECT_EQ(schema_->fields.size(), 1U);
}

}  // namespace
}  // namespace millrace::lakehouse
