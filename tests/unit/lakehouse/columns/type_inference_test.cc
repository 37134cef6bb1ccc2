#include "connectors/lakehouse/columns/type_inference.h"

#include <gtest/gtest.h>

#include "millrace/decimal.h"
#include "tests/unit/lakehouse/columns/values.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

std::string inferred(const Schema* schema, const Value& value, InferenceOptions options = {}) {
  const TypePtr type = infer_type(schema, value, options);
  return type ? type_text(*type) : "none";
}

TEST(TypeInference, WithoutASchemaNumbersAreWide) {
  Arena arena;
  EXPECT_EQ(inferred(nullptr, Value()), "none");
  EXPECT_EQ(inferred(nullptr, Value::int8(1)), "long");
  EXPECT_EQ(inferred(nullptr, Value::int8(1), {.numbers_as_double = true}), "double");
  EXPECT_EQ(inferred(nullptr, Value::float32(1)), "double");
  EXPECT_EQ(inferred(nullptr, Value::boolean(true)), "boolean");
  EXPECT_EQ(inferred(nullptr, Value::string("2017-11-16")), "string");
  EXPECT_EQ(inferred(nullptr, Value::date(0)), "timestamptz");
  EXPECT_EQ(inferred(nullptr, parse_decimal("1.25", arena)), "decimal(38, 2)");
}

TEST(TypeInference, ContainersTellWhatTheirElementsTell) {
  Arena arena;
  EXPECT_EQ(inferred(nullptr, array_of(arena, {})), "none");
  EXPECT_EQ(inferred(nullptr, array_of(arena, {Value(), Value::int8(1)})), "list<long>");
  EXPECT_EQ(inferred(nullptr, array_of(arena, {array_of(arena, {})})), "none");
  EXPECT_EQ(inferred(nullptr, map_of(arena, {{"a", Value()}})), "none");
  const Value object = map_of(arena, {{"a", Value()}, {"b", Value::string("x")}});
  const TypePtr type = infer_type(nullptr, object, {});
  ASSERT_TRUE(type);
  ASSERT_EQ(type->fields.size(), 1U);
  EXPECT_EQ(type->fields[0].name, "b");
  EXPECT_FALSE(type->fields[0].required);
  EXPECT_EQ(inferred(nullptr, object, {.nested_as_text = true}), "string");
}

TEST(TypeInference, SchemasTellTheirTypes) {
  const auto of = [](Kind kind) { return inferred(primitive_schema(kind).get(), Value()); };
  EXPECT_EQ(of(Kind::Int8), "int");
  EXPECT_EQ(of(Kind::Int16), "int");
  EXPECT_EQ(of(Kind::Int32), "int");
  EXPECT_EQ(of(Kind::Int64), "long");
  EXPECT_EQ(of(Kind::Float32), "float");
  EXPECT_EQ(of(Kind::Float64), "double");
  EXPECT_EQ(of(Kind::Bytes), "binary");
  const auto logical = [](Kind kind, std::string_view name) {
    return inferred(SchemaBuilder(kind).name(std::string(name)).build().get(), Value());
  };
  EXPECT_EQ(logical(Kind::Int32, logical::kDate), "date");
  EXPECT_EQ(logical(Kind::Int32, logical::kTime), "time");
  EXPECT_EQ(logical(Kind::Int64, logical::kTimestamp), "timestamptz");
  const SchemaPtr money =
      SchemaBuilder(Kind::Bytes)
          .name(std::string(logical::kDecimal))
          .parameter(std::string(logical::kScaleParameter), "4")
          .build();
  EXPECT_EQ(inferred(money.get(), Value()), "decimal(38, 4)");
}

TEST(TypeInference, MembersAreRequiredAsTheirSchemaSays) {
  const SchemaPtr schema = SchemaBuilder::structure()
                               .field("a", primitive_schema(Kind::Int64))
                               .field("b", primitive_schema(Kind::String, true))
                               .build();
  const TypePtr type = infer_type(schema.get(), Value(), {});
  ASSERT_EQ(type->fields.size(), 2U);
  EXPECT_TRUE(type->fields[0].required);
  EXPECT_FALSE(type->fields[1].required);
  EXPECT_EQ(inferred(SchemaBuilder::array(primitive_schema(Kind::Int64)).build().get(), Value()), "list<long>");
}

}  // namespace
}  // namespace millrace::lakehouse
