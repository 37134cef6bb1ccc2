#include "millrace/values.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <ctime>
#include <random>

#include "millrace/decimal.h"

namespace millrace {
namespace {

/// Connect's text of dates depends on the local time zone; tests fix it.
class ValuesTest : public testing::Test {
 protected:
  ValuesTest() { zone("UTC"); }
  ~ValuesTest() override { zone("UTC"); }
  static void zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  SchemaAndValue parse(std::string_view text) { return parse_values_text(text, batch_); }
  std::string type(std::string_view text) {
    const SchemaAndValue result = parse(text);
    if (result.schema == nullptr) return "null";
    return result.schema->name() ? *result.schema->name()
                                 : std::string(type_name(result.schema->type()));
  }
  static std::string text(const Value& value) {
    std::string out;
    EXPECT_EQ(append_values_text(out, value), "");
    return out;
  }
  RecordBatch batch_;
};

TEST_F(ValuesTest, NumbersTakeTheSmallestType) {
  EXPECT_EQ(type("1"), "INT8");
  EXPECT_EQ(type("007"), "INT8");
  EXPECT_EQ(type("+1"), "INT8");
  EXPECT_EQ(type("1.0"), "INT8");
  EXPECT_EQ(type("1e3"), "INT16");
  EXPECT_EQ(type("-129"), "INT16");
  EXPECT_EQ(type("2147483647"), "INT32");
  EXPECT_EQ(type("-9223372036854775808"), "INT64");
  EXPECT_EQ(type("9223372036854775808"), logical::kDecimal);
  EXPECT_EQ(type("1.50"), "FLOAT32");
  EXPECT_EQ(parse("1.50").value.as_float(), 1.5F);
  EXPECT_EQ(type("1e39"), "FLOAT64");
  EXPECT_EQ(type("1e309"), logical::kDecimal);
  EXPECT_EQ(parse("1e309").value.as_decimal().scale, -309);
  EXPECT_EQ(type("0e2000000000"), "INT8");
}

TEST_F(ValuesTest, LiteralsAreCaseSensitiveAndStandAlone) {
  EXPECT_EQ(type("null"), "null");
  EXPECT_TRUE(parse("null").value.is_null());
  EXPECT_EQ(type(" true "), "BOOLEAN");
  EXPECT_EQ(type("true"), "BOOLEAN");
  EXPECT_EQ(type("True"), "STRING");
  EXPECT_EQ(type("NULL"), "STRING");
  EXPECT_EQ(type("null x"), "STRING");
}

TEST_F(ValuesTest, WhatIsNothingElseIsTheWholeText) {
  EXPECT_EQ(type(""), "STRING");
  EXPECT_EQ(parse("abc:def").value.as_string(), "abc:def");
  EXPECT_EQ(parse("\"abc\"").value.as_string(), "\"abc\"");
  EXPECT_EQ(parse("{a:1}").value.as_string(), "{a:1}");
  EXPECT_EQ(parse("[a]").value.as_string(), "[a]");
  EXPECT_EQ(parse("[1,null]").value.as_string(), "[1,null]");
}

TEST_F(ValuesTest, TextAfterANumberIsLostAsInTheReference) {
  EXPECT_EQ(parse("1:2").value.as_int(), 1);
  EXPECT_EQ(parse("1,2").value.as_int(), 1);
  EXPECT_EQ(parse("12:30").value.as_int(), 12);
  EXPECT_EQ(type("[1] x"), "ARRAY");
}

TEST_F(ValuesTest, ArraysWidenTheirElements) {
  const SchemaAndValue mixed = parse("[1, 300, 2.5,]");
  ASSERT_EQ(mixed.schema->type(), Type::Array);
  EXPECT_EQ(mixed.schema->value_schema()->type(), Type::Float32);
  ASSERT_EQ(mixed.value.size(), 3U);
  EXPECT_EQ(mixed.value.as_array()[1].as_float(), 300.0F);
  EXPECT_EQ(parse("[1,\"a\"]").schema->value_schema(), nullptr);
  EXPECT_EQ(parse("[]").schema->value_schema(), nullptr);
  EXPECT_EQ(parse("[null]").schema->value_schema(), nullptr);
  EXPECT_EQ(parse("[\"a\\\\b\"]").value.as_array()[0].as_string(), "a\\\\b");
}

TEST_F(ValuesTest, MapsNeedColonsButNoCommas) {
  const SchemaAndValue map = parse("{\"a\":1 \"b\":200}");
  ASSERT_EQ(map.schema->type(), Type::Map);
  EXPECT_EQ(map.schema->value_schema()->type(), Type::Int16);
  EXPECT_EQ(map.value.size(), 2U);
  const SchemaAndValue nulls = parse("{\"a\":null}");
  EXPECT_EQ(nulls.schema->key_schema()->type(), Type::String);
  EXPECT_EQ(nulls.schema->value_schema(), nullptr);
  EXPECT_EQ(type("{\"a\":1,\"b\":null}"), "STRING");
  EXPECT_EQ(type("{null:1}"), "STRING");
}

TEST_F(ValuesTest, BlankTokensOfQuotedTextAreLost) {
  const auto first = [this](std::string_view text) {
    return parse(text).value.as_array()[0].as_string();
  };
  EXPECT_EQ(first("[\" \"]"), "");
  EXPECT_EQ(first("[\" ,\"]"), ",");
  EXPECT_EQ(first("[\"a \"]"), "a ");
  EXPECT_EQ(first("[\" a\"]"), " a");
}

TEST_F(ValuesTest, OfEqualKeysOnlyTheLastIsConverted) {
  EXPECT_EQ(parse("{false:2019-13-45,false:1e30}").value.as_map().size(), 1U);
  EXPECT_EQ(type("{false:2019-13-45,true:1e30}"), "STRING") << "the date fits no number";
}

TEST_F(ValuesTest, TemporalTextIsLenient) {
  EXPECT_EQ(type("2019-08-23"), logical::kDate);
  EXPECT_EQ(parse("2019-08-23").value.as_int(), 1566518400000);
  EXPECT_EQ(parse("2019-13-45").value.as_int(), 1581638400000);
  EXPECT_EQ(parse("2019-08-2x").value.as_int(), 1564704000000);
  EXPECT_EQ(parse("14:34:54.346Z").value.as_int(), 52494346);
  EXPECT_EQ(type("14\\:34\\:54.346Z"), logical::kTime);
  EXPECT_EQ(parse("2019-08-23T14:34:54.346Z").value.as_int(), 1566570894346);
  EXPECT_EQ(parse("219-8-2310").value.as_int(), -55038441600000) << "Julian calendar";
  EXPECT_EQ(type("2019-8-2"), "STRING") << "no date of ten characters";
}

TEST_F(ValuesTest, DatesAreInTheLocalZone) {
  zone("America/New_York");
  EXPECT_EQ(parse("2019-01-02").value.as_int(), 1546405200000);
  EXPECT_EQ(text(Value::date(1546405200000)), "2019-01-02T00:00:00.000Z");
}

TEST_F(ValuesTest, RenderingQuotesOnlyInside) {
  const uint8_t bytes[] = {1, 2, 3};
  const Value elements[] = {Value::string("a\"b\\"), Value::int8(1), Value(), Value::bytes(bytes)};
  EXPECT_EQ(text(Value::array(elements)), R"(["a\"b\\",1,null,"AQID"])");
  EXPECT_EQ(text(Value::string("a\"b")), "a\"b");
  EXPECT_EQ(text(Value::bytes(bytes)), "AQID");
  const MapEntry entries[] = {{Value::string("k"), Value::float64(1e10)}};
  EXPECT_EQ(text(Value::map(entries)), R"({"k":1.0E10})");
}

TEST_F(ValuesTest, DatesRenderByMagnitude) {
  EXPECT_EQ(text(Value::date(0)), "00:00:00.000Z");
  EXPECT_EQ(text(Value::date(-1)), "23:59:59.999Z");
  EXPECT_EQ(text(Value::date(86'400'000)), "1970-01-02");
  EXPECT_EQ(text(Value::date(1'500'000'000'123)), "2017-07-14T02:40:00.123Z");
}

TEST_F(ValuesTest, StructsRenderDefaultsAndNulls) {
  const SchemaPtr schema =
      SchemaBuilder::structure()
          .field("a", SchemaBuilder(Type::Int32).optional().default_value(Value::int32(7)).build())
          .field("b", primitive_schema(Type::String, true))
          .build();
  const Value values[] = {Value(), Value()};
  const StructData data{schema.get(), values};
  EXPECT_EQ(text(Value::structure(&data)), R"({"a":7,"b":null})");
}

TEST_F(ValuesTest, HostileTextEndsQuicklyAndIsKept) {
  for (const char c : std::string_view("[{\"\\:1,")) {
    const std::string many(20'000, c);
    parse(many);
  }
  const std::string deep(100'000, '[');
  EXPECT_EQ(parse(deep).value.as_string(), deep);
  const uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  static constexpr std::string_view kAlphabet = "[]{}:,\"\\ 1-+.eEaT0Znultrf";
  for (int i = 0; i < 20'000; ++i) {
    std::string noise;
    for (uint64_t n = random() % 30; n > 0; --n) noise += kAlphabet[random() % kAlphabet.size()];
    const SchemaAndValue result = parse(noise);
    ASSERT_EQ(result.schema == nullptr, result.value.is_null()) << "seed " << seed << ": " << noise;
    batch_.reset();
  }
}

}  // namespace
}  // namespace millrace
