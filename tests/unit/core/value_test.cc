#include "millrace/value.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/core/random_value.h"

namespace millrace {
namespace {

using core_test::Random;
using core_test::RandomValues;

Value decimal(std::string_view text, Arena& arena) {
  return parse_decimal(text, arena);
}

TEST(ValueTest, IsSixteenBytesOfPlainData) {
  static_assert(sizeof(Value) == 16);
  static_assert(std::is_trivially_copyable_v<Value>);
  EXPECT_TRUE(Value().is_null());
  EXPECT_EQ(Value().type(), Type::Null);
}

TEST(ValueTest, NumbersKeepTheirLimits) {
  EXPECT_EQ(Value::int8(INT8_MIN).as_int(), INT8_MIN);
  EXPECT_EQ(Value::int16(INT16_MIN).as_int(), INT16_MIN);
  EXPECT_EQ(Value::int32(INT32_MIN).as_int(), INT32_MIN);
  EXPECT_EQ(Value::int64(INT64_MIN).as_int(), INT64_MIN);
  EXPECT_EQ(Value::int64(INT64_MAX).as_int(), INT64_MAX);
  EXPECT_EQ(Value::date(INT64_MIN).as_int(), INT64_MIN);
  EXPECT_EQ(Value::float32(std::numeric_limits<float>::denorm_min()).as_float(),
            std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(Value::float64(std::numeric_limits<double>::max()).as_double(),
            std::numeric_limits<double>::max());
  EXPECT_TRUE(Value::boolean(true).as_bool());
  EXPECT_FALSE(Value::boolean(false).as_bool());
}

TEST(ValueTest, TextAndBytesPointAtTheirOwner) {
  static constexpr char kText[] = "a\0b";
  const Value text = Value::string({kText, 3});
  EXPECT_EQ(text.as_string().data(), kText);
  EXPECT_EQ(text.size(), 3U);
  const Value empty = Value::string({});
  EXPECT_FALSE(empty.is_null());
  EXPECT_NE(empty.as_string().data(), nullptr);
  EXPECT_TRUE(Value::bytes({}).as_bytes().empty());
  EXPECT_FALSE(Value::bytes({}).is_null());
  EXPECT_TRUE(Value::array({}).as_array().empty());
  EXPECT_TRUE(Value::map({}).as_map().empty());
}

TEST(ValueTest, EqualityNeedsTheSameType) {
  EXPECT_NE(Value::int32(1), Value::int64(1));
  EXPECT_NE(Value::int8(1), Value::boolean(true));
  EXPECT_NE(Value::float32(1), Value::float64(1));
  EXPECT_NE(Value::date(1), Value::int64(1));
  EXPECT_NE(Value(), Value::string(""));
  EXPECT_NE(Value::string(""), Value::bytes({}));
  EXPECT_EQ(Value(), Value());
}

TEST(ValueTest, FloatsCompareAsInJava) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Value::float64(nan), Value::float64(-nan)) << "one NaN";
  EXPECT_EQ(hash_value(Value::float64(nan)), hash_value(Value::float64(-nan)));
  EXPECT_NE(Value::float64(0.0), Value::float64(-0.0)) << "signed zeros differ";
  EXPECT_NE(Value::float32(0.0F), Value::float32(-0.0F));
  EXPECT_NE(Value::float64(nan), Value::float64(0.0));
}

TEST(ValueTest, MapsCompareWithoutOrder) {
  const Value a = Value::string("a");
  const Value b = Value::string("b");
  const MapEntry forward[] = {{a, Value::int8(1)}, {b, Value::int8(2)}};
  const MapEntry backward[] = {{b, Value::int8(2)}, {a, Value::int8(1)}};
  const MapEntry other[] = {{a, Value::int8(2)}, {b, Value::int8(1)}};
  EXPECT_EQ(Value::map(forward), Value::map(backward));
  EXPECT_EQ(hash_value(Value::map(forward)), hash_value(Value::map(backward)));
  EXPECT_NE(Value::map(forward), Value::map(other));
  EXPECT_NE(Value::map(forward), Value::map({forward, 1}));
  const Value list[] = {a, b};
  const Value reversed[] = {b, a};
  EXPECT_NE(Value::array(list), Value::array(reversed)) << "lists have an order";
}

TEST(ValueTest, DecimalsCompareByScaleToo) {
  Arena arena;
  EXPECT_EQ(decimal("1.50", arena), decimal("1.50", arena));
  EXPECT_NE(decimal("1.50", arena), decimal("1.5", arena));
  EXPECT_NE(decimal("1", arena), decimal("-1", arena));
  EXPECT_EQ(decimal("0", arena), decimal("-0", arena));
}

TEST(ValueTest, StructsCompareBySchemaAndValues) {
  const auto make = [](const char* name) {
    return SchemaBuilder::structure()
        .name(name)
        .field("x", primitive_schema(Type::Int8, true))
        .build();
  };
  const SchemaPtr first = make("s");
  const SchemaPtr same = make("s");
  const SchemaPtr other = make("t");
  const Value one = Value::int8(1);
  const Value null;
  const StructData a{first.get(), &one};
  const StructData b{same.get(), &one};
  const StructData c{other.get(), &one};
  const StructData d{first.get(), &null};
  EXPECT_EQ(Value::structure(&a), Value::structure(&b));
  EXPECT_EQ(hash_value(Value::structure(&a)), hash_value(Value::structure(&b)));
  EXPECT_NE(Value::structure(&a), Value::structure(&c));
  EXPECT_NE(Value::structure(&a), Value::structure(&d));
  EXPECT_EQ(Value::structure(&a).size(), 1U);
}

TEST(ValueTest, ACopyOutlivesItsBatch) {
  Random random;
  RandomValues values(random);
  for (int round = 0; round < 500; ++round) {
    const SchemaPtr schema = values.schema(3);
    Arena keep;
    Value copy;
    Value again;
    {
      Arena arena;
      const Value value = values.value(*schema, arena);
      copy = copy_value(value, keep);
      again = copy_value(value, keep);
      ASSERT_EQ(copy, value);
      ASSERT_EQ(hash_value(copy), hash_value(value));
      arena.reset();  // poisoned with AddressSanitizer
    }
    ASSERT_EQ(copy, again);
    ASSERT_EQ(hash_value(copy), hash_value(again));
    ASSERT_EQ(validate_value(*schema, copy, "value"), "");
  }
}

TEST(ValueTest, DifferentValuesAreDifferent) {
  Random random;
  RandomValues values(random);
  Arena arena;
  size_t different = 0;
  for (int round = 0; round < 1000; ++round) {
    const SchemaPtr schema = values.schema(2);
    const Value a = values.value(*schema, arena);
    const Value b = values.value(*schema, arena);
    ASSERT_EQ(a == b, b == a);
    if (a == b) {
      ASSERT_EQ(hash_value(a), hash_value(b));
    } else {
      different += hash_value(a) == hash_value(b) ? 0 : 1;
    }
  }
  EXPECT_GT(different, 300U) << "hashes tell values apart";
}

TEST(ValueTest, NamesOfTypesAndClasses) {
  EXPECT_EQ(type_name(Type::Int8), "INT8");
  EXPECT_EQ(type_name(Type::Float64), "FLOAT64");
  EXPECT_EQ(type_name(Type::Struct), "STRUCT");
  EXPECT_EQ(type_name(Type::Date), "DATE");
  EXPECT_EQ(java_class(Type::Int64), "class java.lang.Long");
  EXPECT_EQ(java_class(Type::Bytes), "class [B");
  EXPECT_EQ(java_class(Type::Decimal), "class java.math.BigDecimal");
}

}  // namespace
}  // namespace millrace
