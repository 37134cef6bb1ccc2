// Which values fit a schema, and the messages for those that do not (ConnectSchema.validateValue).

#include <gtest/gtest.h>

#include "millrace/schema.h"
#include "tests/unit/core/random_value.h"

namespace millrace {
namespace {

using core_test::Random;
using core_test::RandomValues;

std::string check(const SchemaPtr& schema, const Value& value,
                  std::string_view location = "value") {
  return validate_value(*schema, value, location);
}
std::string check(SchemaBuilder builder, const Value& value) {
  return check(builder.build(), value);
}
Value text(const char* value) {
  return Value::string(value);
}

const SchemaPtr& int8() {
  return primitive_schema(Type::Int8);
}

TEST(ValidateValueTest, NullNeedsAnOptionalSchema) {
  EXPECT_EQ(check(primitive_schema(Type::Int8, true), {}), "");
  EXPECT_EQ(check(int8(), {}), "Invalid value: null used for required value, schema type: INT8");
  EXPECT_EQ(check(int8(), {}, "field: \"x\""),
            "Invalid value: null used for required field: \"x\", schema type: INT8");
  EXPECT_EQ(check(logical::decimal(2), {}),
            "Invalid value: null used for required value, schema type: BYTES");
  EXPECT_EQ(check(SchemaBuilder(Type::Int8).default_value(Value::int8(1)), {}),
            "Invalid value: null used for required value, schema type: INT8")
      << "a default does not make null fit";
}

TEST(ValidateValueTest, TheClassMustBeExact) {
  EXPECT_EQ(check(int8(), Value::int8(1)), "");
  EXPECT_EQ(check(int8(), Value::int32(1)),
            "Invalid Java object for schema with type INT8: class java.lang.Integer for value");
  EXPECT_EQ(check(primitive_schema(Type::Int64), Value::int32(1)),
            "Invalid Java object for schema with type INT64: class java.lang.Integer for value")
      << "no widening";
  EXPECT_EQ(check(SchemaBuilder(Type::Int8).name("n"), Value::int32(1)),
            "Invalid Java object for schema \"n\" with type INT8: class java.lang.Integer for "
            "value");
  EXPECT_EQ(check(primitive_schema(Type::String, true), Value::int64(1)),
            "Invalid Java object for schema with type STRING: class java.lang.Long for value");
  EXPECT_EQ(check(primitive_schema(Type::Bytes), text("x")),
            "Invalid Java object for schema with type BYTES: class java.lang.String for value");
  EXPECT_EQ(check(SchemaBuilder::map(int8(), int8()), text("x")),
            "Invalid Java object for schema with type MAP: class java.lang.String for value");
}

TEST(ValidateValueTest, LogicalTypesTakeTheirJavaClass) {
  Arena arena;
  const Value decimal = parse_decimal("1.234", arena);
  EXPECT_EQ(check(logical::decimal(2), decimal), "") << "the scale counts only when written";
  EXPECT_EQ(check(logical::decimal(2), Value::bytes({})),
            "Invalid Java object for schema \"org.apache.kafka.connect.data.Decimal\" with type "
            "BYTES: class [B for value");
  EXPECT_EQ(check(primitive_schema(Type::Bytes), decimal),
            "Invalid Java object for schema with type BYTES: class java.math.BigDecimal for "
            "value");
  for (const int64_t instant :
       {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{86'400'000}, INT64_MAX}) {
    EXPECT_EQ(check(logical::date(), Value::date(instant)), "");
    EXPECT_EQ(check(logical::time(), Value::date(instant)), "");
    EXPECT_EQ(check(logical::timestamp(), Value::date(instant)), "");
  }
  EXPECT_EQ(check(logical::date(), Value::int32(1)),
            "Invalid Java object for schema \"org.apache.kafka.connect.data.Date\" with type "
            "INT32: class java.lang.Integer for value");
  EXPECT_EQ(check(logical::timestamp(), Value::int64(1)),
            "Invalid Java object for schema \"org.apache.kafka.connect.data.Timestamp\" with type "
            "INT64: class java.lang.Long for value");
}

TEST(ValidateValueTest, Arrays) {
  const SchemaPtr schema = SchemaBuilder::array(int8()).build();
  const Value good[] = {Value::int8(1), Value::int8(2)};
  const Value with_null[] = {Value::int8(1), {}};
  const Value with_text[] = {Value::int8(1), text("x")};
  EXPECT_EQ(check(schema, Value::array(good)), "");
  EXPECT_EQ(check(schema, Value::array({})), "");
  EXPECT_EQ(check(schema, Value::array(with_null)),
            "Invalid value: null used for required element of array value, schema type: INT8");
  const std::string wrong =
      "Invalid Java object for schema with type INT8: class java.lang.String for element of array ";
  EXPECT_EQ(check(schema, Value::array(with_text)), wrong + "value");
  EXPECT_EQ(check(schema, Value::array(with_text), "field: \"l\""), wrong + "field: \"l\"");
  const Value nested[] = {Value::array(with_text)};
  EXPECT_EQ(check(SchemaBuilder::array(schema), Value::array(nested)),
            wrong + "element of array value");
  EXPECT_EQ(check(SchemaBuilder(Type::Array), Value::array(good)),
            "No schema defined for element of array value");
}

TEST(ValidateValueTest, Maps) {
  const SchemaPtr schema = SchemaBuilder::map(primitive_schema(Type::String), int8()).build();
  const auto with = [&schema](const Value& key, const Value& value) {
    const MapEntry entry{key, value};
    return check(schema, Value::map({&entry, 1}));
  };
  EXPECT_EQ(with(text("a"), Value::int8(1)), "");
  EXPECT_EQ(with(Value::int32(1), Value::int8(1)),
            "Invalid Java object for schema with type STRING: class java.lang.Integer for key of "
            "map value");
  EXPECT_EQ(with(text("a"), text("b")),
            "Invalid Java object for schema with type INT8: class java.lang.String for value of "
            "map value");
  EXPECT_EQ(with({}, Value::int8(1)),
            "Invalid value: null used for required key of map value, schema type: STRING");
  EXPECT_EQ(with(text("a"), {}),
            "Invalid value: null used for required value of map value, schema type: INT8");
  const MapEntry entry{Value::int32(1), Value::int32(2)};
  EXPECT_EQ(check(SchemaBuilder(Type::Map), Value::map({&entry, 1})),
            "No schema defined for key of map value");
}

class ValidateStructTest : public testing::Test {
 protected:
  Value make(const SchemaPtr& schema, const std::vector<Value>& members) {
    auto copy = arena_.make_array<Value>(members.size());
    std::copy(members.begin(), members.end(), copy.begin());
    auto* data = arena_.make<StructData>();
    *data = {schema.get(), copy.data()};
    return Value::structure(data);
  }

  Arena arena_;
  SchemaPtr schema_ =
      SchemaBuilder::structure()
          .name("s")
          .field("a", int8())
          .field("b", primitive_schema(Type::String, true))
          .field("c", SchemaBuilder(Type::Int32).default_value(Value::int32(3)).build())
          .build();
};

TEST_F(ValidateStructTest, OptionalAndDefaultedFieldsMayBeNull) {
  EXPECT_EQ(check(schema_, make(schema_, {Value::int8(1), {}, {}})), "");
  EXPECT_EQ(check(schema_, make(schema_, {{}, {}, {}})),
            "Invalid value: null used for required field: \"a\", schema type: INT8");
  EXPECT_EQ(check(schema_, make(schema_, {Value::int8(1), Value::int8(2), {}})),
            "Invalid Java object for schema with type STRING: class java.lang.Byte for field: "
            "\"b\"");
  EXPECT_EQ(check(schema_, text("x")),
            "Invalid Java object for schema \"s\" with type STRUCT: class java.lang.String for "
            "value");
}

TEST_F(ValidateStructTest, TheSchemaMustBeEqual) {
  const SchemaPtr other = SchemaBuilder::structure().name("s2").field("a", int8()).build();
  EXPECT_EQ(check(schema_, make(other, {Value::int8(1)})), "Struct schemas do not match.");
  const SchemaPtr list = SchemaBuilder::array(schema_).build();
  const Value element = make(other, {Value::int8(1)});
  EXPECT_EQ(check(list, Value::array({&element, 1})), "Struct schemas do not match.");
  const SchemaPtr twin = SchemaBuilder::structure().name("s2").field("a", int8()).build();
  EXPECT_EQ(check(twin, element), "") << "equal, though not the same";
}

TEST_F(ValidateStructTest, TheInnermostFieldIsNamed) {
  const SchemaPtr outer = SchemaBuilder::structure().field("in", schema_).build();
  EXPECT_EQ(check(outer, make(outer, {make(schema_, {{}, {}, {}})})),
            "Invalid value: null used for required field: \"a\", schema type: INT8");
  const SchemaPtr list =
      SchemaBuilder::structure().field("l", SchemaBuilder::array(int8()).build()).build();
  const Value bad = text("x");
  EXPECT_EQ(check(list, make(list, {Value::array({&bad, 1})})),
            "Invalid Java object for schema with type INT8: class java.lang.String for element of "
            "array field: \"l\"");
}

TEST(ValidateValueTest, GeneratedValuesFitAndNeverAnotherType) {
  Random random;
  RandomValues values(random);
  for (int round = 0; round < 500; ++round) {
    const SchemaPtr schema = values.schema(3);
    const SchemaPtr other = values.schema(0);
    Arena arena;
    const Value value = values.value(*schema, arena);
    ASSERT_EQ(check(schema, value), "");
    if (value.is_null() || other->value_class() == schema->value_class()) continue;
    ASSERT_NE(check(other, value), "");
  }
}

}  // namespace
}  // namespace millrace
