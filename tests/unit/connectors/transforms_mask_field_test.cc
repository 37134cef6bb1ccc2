#include "connectors/transforms/mask_field.h"

#include "millrace/decimal.h"
#include "tests/unit/connectors/transforms_edit_fixture.h"

namespace millrace::transforms {
namespace {

class MaskFieldTest : public EditFixture<MaskField> {
 protected:
  /// What `value` becomes as field `f` of a map.
  std::string mask(const Value& value) {
    return apply(nullptr, map({{Value::string("f"), value}}));
  }
  std::string replaced(const std::string& replacement, const Value& value) {
    configure({{"fields", "f"}, {"replacement", replacement}});
    return mask(value);
  }
};

TEST_F(MaskFieldTest, ChecksItsConfiguration) {
  EXPECT_EQ(config_error({{"fields", ""}}),
            "Invalid value [] for configuration fields: Empty list");
  EXPECT_EQ(config_error({{"fields", "f"}, {"replacement", ""}}),
            "Invalid value  for configuration replacement: String must be non-empty");
}

TEST_F(MaskFieldTest, EmptiesEveryTypeItCan) {
  configure({{"fields", "f"}});
  const uint8_t byte = 1;
  const std::pair<Value, std::string> cases[] = {
      {Value(), "null {f=null}"},
      {Value::int8(1), "null {f=0}"},
      {Value::int64(1), "null {f=0}"},
      {Value::float32(1), "null {f=0.0}"},
      {Value::float64(1), "null {f=0.0}"},
      {Value::boolean(true), "null {f=false}"},
      {Value::string("x"), "null {f=}"},
      {Value::array({}), "null {f=[]}"},
      {map({{Value::int32(1), Value::int32(2)}}), "null {f={}}"},
      {Value::date(5), "null {f=Thu Jan 01 00:00:00 UTC 1970}"},
      {parse_decimal("1.50", arena_), "null {f=0}"},
      {Value::bytes({&byte, 1}), "!DataException: Cannot mask value of type: class [B"},
      {structure(sample_schema(), {Value::int32(1), Value()}),
       "!DataException: Cannot mask value of type: class "
       "org.apache.kafka.connect.data.Struct"},
  };
  for (const auto& [value, expected] : cases) EXPECT_EQ(mask(value), expected);
}

TEST_F(MaskFieldTest, ReplacementsBecomeTheType) {
  const std::string wide = "99999999999999999999";
  const std::tuple<std::string, Value, std::string> cases[] = {
      {"300", Value::int8(1), "44"},
      {"300", Value::int16(1), "300"},
      {"1.9", Value::int32(1), "1"},
      {"1.9", Value::float32(1), "1.9"},
      {"1e400", Value::int64(1), "0"},
      {"1e400", Value::float64(1), "Infinity"},
      {"1e400", Value::float32(1), "Infinity"},
      {"1e400", parse_decimal("1.5", arena_), "1E+400"},
      {"-1E-3", Value::int64(1), "0"},
      {"-1E-3", Value::float32(1), "-0.001"},
      {"-7.9", Value::int64(1), "-7"},
      {wide, Value::int8(1), "-1"},
      {wide, Value::int32(1), "1661992959"},
      {wide, Value::int64(1), "7766279631452241919"},
      {wide, Value::float32(1), "1.0E20"},
      {"abc", Value::string("s"), "abc"},
  };
  for (const auto& [replacement, value, expected] : cases) {
    EXPECT_EQ(replaced(replacement, value), "null {f=" + expected + "}") << replacement;
  }
}

TEST_F(MaskFieldTest, RefusesReplacementsThatDoNotFit) {
  EXPECT_EQ(replaced("abc", Value::int64(1)),
            "!DataException: Unable to convert abc (class java.lang.String) to a number");
  EXPECT_EQ(replaced("0x10", parse_decimal("1", arena_)),
            "!DataException: Unable to convert 0x10 (class java.lang.String) to number");
  EXPECT_EQ(replaced("12", Value::boolean(true)),
            "!DataException: Cannot mask value of type class java.lang.Boolean with custom "
            "replacement.");
  EXPECT_EQ(replaced("12", Value::date(5)),
            "!DataException: Cannot mask value of type class java.util.Date with custom "
            "replacement.");
  EXPECT_EQ(replaced("12", Value()), "null {f=null}");
}

TEST_F(MaskFieldTest, AddsListedFieldsToMaps) {
  configure({{"fields", "f, g,f"}});
  EXPECT_EQ(apply_json(R"({"a":1,"f":2})"), R"({"a":1,"f":0,"g":null})");
}

TEST_F(MaskFieldTest, RefusesTombstones) {
  configure({{"fields", "f"}});
  EXPECT_EQ(apply(nullptr, Value()),
            "!DataException: Only Map objects supported in absence of schema for [mask fields], "
            "found: null");
  EXPECT_EQ(apply(sample_schema(true), Value()),
            "!DataException: Only Struct objects supported for [mask fields], found: null");
}

TEST_F(MaskFieldTest, KeepsTheSchema) {
  const SchemaPtr schema = sample_schema(true);
  const Value data = structure(schema, {Value::int32(7), Value()});
  const std::string type = "Schema{n:STRUCT}?v2{a:Schema{INT32},b:Schema{STRING}?=dd,} ";
  configure({{"fields", "a,b"}});
  EXPECT_EQ(apply(schema, data), type + "Struct{a=0,b=}");
  configure({{"fields", "zz"}});
  EXPECT_EQ(apply(schema, data), type + "Struct{a=7,b=dd}");
  configure({{"fields", "a"}, {"replace.null.with.default", "false"}});
  EXPECT_EQ(apply(schema, data), type + "Struct{a=0}");
  EXPECT_EQ(data.as_struct().values[0], Value::int32(7));
}

}  // namespace
}  // namespace millrace::transforms
