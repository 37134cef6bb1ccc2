#include "connectors/transforms/cast.h"

#include <limits>

#include "millrace/decimal.h"
#include "tests/unit/connectors/transforms_edit_fixture.h"

namespace millrace::transforms {
namespace {

const std::string kOutOfRange = ") was out of range for requested data type";

class CastTest : public EditFixture<Cast> {
 protected:
  std::string cast(const std::string& spec, const SchemaPtr& schema, const Value& value) {
    configure({{"spec", spec}});
    return apply(schema, value);
  }
  /// The value `value` becomes without a schema; the type is checked.
  std::string cast(Type type, const Value& value) {
    std::string name(type_name(type));
    for (char& c : name) c = static_cast<char>(c | 0x20);
    configure({{"spec", name}});
    Record& record = fresh(nullptr, value);
    std::string text = run();
    EXPECT_TRUE(record.state == RowState::Rejected || record.value.value.type() == type);
    return text.substr(text.starts_with("null ") ? 5 : 0);
  }
  std::string cast(Type type, std::string_view text) { return cast(type, Value::string(text)); }
};

TEST_F(CastTest, ChecksItsSpec) {
  const auto error = [this](const std::string& spec) { return config_error({{"spec", spec}}); };
  const std::string no_enum =
      "Invalid value java.lang.IllegalArgumentException: No enum constant "
      "org.apache.kafka.connect.data.Schema.Type.";
  EXPECT_EQ(config_error({}), "Missing required configuration \"spec\" which has no default value.");
  EXPECT_EQ(error(""), "Must specify at least one field to cast.");
  EXPECT_EQ(error("foo"),
            no_enum + "FOO for configuration Invalid type found in casting spec: foo");
  EXPECT_EQ(error("a:"), no_enum + "A for configuration Invalid type found in casting spec: a");
  EXPECT_EQ(error("a:bytes"),
            "Cast transformation does not support casting to BYTES; supported types are [INT8, "
            "INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]");
  EXPECT_EQ(error("a:b:c"),
            "Invalid value [a:b:c] for configuration renames: Invalid rename mapping: a:b:c");
  EXPECT_EQ(error("a:int8,int8"),
            "Cast transformations that specify a type to cast the entire value to may only "
            "specify a single cast in their spec");
  EXPECT_EQ(error("a : INT8 ,b:string:"), "");
}

TEST_F(CastTest, NumbersNarrowAsJavaCasts) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::tuple<Type, Value, std::string> cases[] = {
      {Type::Int8, Value::int16(300), "44"},
      {Type::Int8, Value::int64(-9999999999), "1"},
      {Type::Int8, Value::float64(-1e20), "0"},
      {Type::Int8, Value::float64(kInfinity), "-1"},
      {Type::Int16, Value::int64(-9999999999), "7169"},
      {Type::Int32, Value::float32(1.5F), "1"},
      {Type::Int32, Value::float64(-1e20), "-2147483648"},
      {Type::Int32, Value::float64(-2147483647.0), "-2147483647"},
      {Type::Int32, Value::float64(kInfinity), "2147483647"},
      {Type::Int64, Value::float64(1e39), "9223372036854775807"},
      {Type::Int64, Value::float64(std::numeric_limits<double>::quiet_NaN()), "0"},
      {Type::Int64, Value::boolean(true), "1"},
      {Type::Float32, Value::int64(-9999999999), "-1.0E10"},
      {Type::Float64, Value::int32(70000), "70000.0"},
      {Type::Float64, Value::boolean(false), "0.0"},
      {Type::Boolean, Value::float64(0.4), "false"},
      {Type::Boolean, Value::int8(-5), "true"},
      {Type::String, Value::float64(-1e20), "-1.0E20"},
      {Type::String, Value::boolean(true), "true"},
  };
  for (const auto& [type, value, expected] : cases) EXPECT_EQ(cast(type, value), expected);
}

TEST_F(CastTest, TextIsParsedStrictly) {
  EXPECT_EQ(cast(Type::Int8, "+7"), "7");
  EXPECT_EQ(cast(Type::Int16, "-129"), "-129");
  EXPECT_EQ(cast(Type::Int64, "9223372036854775807"), "9223372036854775807");
  for (const std::string text : {"300", " 1", "1.5", "1e3", "", "+", "-", "+-1", "0x1", "1_0",
                                 "99999999999999999999", "\u00e9", "1\u00e9"}) {
    EXPECT_EQ(cast(Type::Int8, text), "!DataException: Value (" + text + kOutOfRange);
  }
  EXPECT_EQ(cast(Type::Boolean, "TRUE"), "true");
  EXPECT_EQ(cast(Type::Boolean, " true"), "false");
  EXPECT_EQ(cast(Type::Boolean, "1"), "false");
}

TEST_F(CastTest, TextOfReals) {
  const std::pair<std::string, std::string> cases[] = {
      {" 1", "1.0"},         {"\t2.5 \n", "2.5"}, {"1e3", "1000.0"},      {"0x1p3", "8.0"},
      {"NaN", "NaN"},        {"1f", "1.0"},       {"1D", "1.0"},          {".5", "0.5"},
      {"5.", "5.0"},         {"1e-400", "0.0"},   {"1e400", "Infinity"},  {"-Infinity", "-Infinity"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(cast(Type::Float64, text), expected) << text;
    EXPECT_EQ(cast(Type::Float32, text), expected) << text;
  }
  for (const std::string text : {"", "abc", "1e", "0x1", ".", "1_0", "inf", "nan", "\u0661"}) {
    EXPECT_EQ(cast(Type::Float64, text), "!DataException: Value (" + text + kOutOfRange);
  }
}

TEST_F(CastTest, RefusesOtherTypes) {
  const uint8_t bytes[] = {1, 2, 3};
  EXPECT_EQ(cast(Type::String, Value::bytes(bytes)), "AQID");
  EXPECT_EQ(cast(Type::Int8, Value::bytes(bytes)),
            "!DataException: Unexpected type in Cast transformation: class [B");
  EXPECT_EQ(cast(Type::String, Value::array({})),
            "!DataException: Cast transformation does not support casting from ARRAY; supported "
            "types are [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]");
  EXPECT_EQ(cast(Type::String, Value::date(5)),
            "!DataException: Cast transformation was passed a value of type class java.util.Date "
            "which is not supported by Connect's data API");
}

TEST_F(CastTest, LogicalValuesAreEncodedFirst) {
  const std::string package = "org.apache.kafka.connect.data.";
  const Value decimal = parse_decimal("-1234567.89", arena_);
  const SchemaPtr number = logical::decimal(2).optional().build();
  EXPECT_EQ(cast("int8", number, decimal), "Schema{" + package + "Decimal:INT8}?v1 121");
  EXPECT_EQ(cast("int64", number, decimal), "Schema{" + package + "Decimal:INT64}?v1 -1234567");
  EXPECT_EQ(cast("float32", number, decimal),
            "Schema{" + package + "Decimal:FLOAT32}?v1 -1234567.9");
  EXPECT_EQ(cast("string", number, decimal),
            "Schema{" + package + "Decimal:STRING}?v1 -1234567.89");
  const SchemaPtr date = logical::date().build();
  EXPECT_EQ(cast("int64", date, Value::date(3 * 86400000L)),
            "Schema{" + package + "Date:INT64}v1 3");
  EXPECT_EQ(cast("int32", date, Value::date(5)),
            "!DataException: Kafka Connect Date type should not have any time fields set to "
            "non-zero values.");
  const SchemaPtr time = logical::time().build();
  EXPECT_EQ(cast("int8", time, Value::date(3723004)), "Schema{" + package + "Time:INT8}v1 -4");
  EXPECT_EQ(cast("int32", time, Value::date(86400001)),
            "!DataException: Kafka Connect Time type should not have any date fields set to "
            "non-zero values.");
  EXPECT_EQ(cast("string", logical::timestamp().build(), Value::date(3 * 86400000L)),
            "Schema{" + package + "Timestamp:STRING}v1 1970-01-04");
}

TEST_F(CastTest, WholeValuesKeepBasicsOptionalAndDefault) {
  const SchemaPtr schema = SchemaBuilder(Type::Int32)
                               .name("nm")
                               .version(3)
                               .parameter("k", "v")
                               .optional()
                               .default_value(Value::int32(5))
                               .build();
  EXPECT_EQ(cast("string", schema, Value::int32(9)), "Schema{nm:STRING}?=5v3 9");
  EXPECT_EQ(batch_[0].value.schema->parameters(), schema->parameters());
}

TEST_F(CastTest, FieldsOfAStruct) {
  const SchemaPtr schema =
      SchemaBuilder::structure()
          .name("n")
          .optional()
          .field("a", SchemaBuilder(Type::Int32)
                          .doc("x")
                          .name("q")
                          .default_value(Value::int32(300))
                          .build())
          .field("b", SchemaBuilder(Type::String).optional().default_value(Value::string("dd")).build())
          .field("d", logical::timestamp().optional().build())
          .build();
  const Value data = structure(schema, {Value(), Value::string("5"), Value::date(7)});
  EXPECT_EQ(cast("a:int8,d:int64,zz:int8", schema, data),
            "Schema{n:STRUCT}?{a:Schema{INT8}=44,b:Schema{STRING}?=dd,d:Schema{INT64}?,} "
            "Struct{a=44,b=5,d=7}");
  configure({{"spec", "a:int8"}, {"replace.null.with.default", "false"}});
  EXPECT_EQ(apply(schema, data),
            "!DataException: Invalid value: null used for required field: \"a\", schema type: "
            "INT8");
  EXPECT_EQ(cast("b:int32", schema, data), "!DataException: Value (dd" + kOutOfRange);
  EXPECT_THAT(cast("int8", schema, data),
              testing::StartsWith(
                  "!DataException: Cast transformation does not support casting from STRUCT;"));
  EXPECT_EQ(cast("a:int8", primitive_schema(Type::String), Value::string("x")),
            "!DataException: Cannot list fields on non-struct type");
}

TEST_F(CastTest, FieldsOfAMap) {
  configure({{"spec", "a:int8,b:int16,s:string"}});
  EXPECT_EQ(apply_json(R"({"z":1,"a":300,"s":1.50})"), R"({"a":44,"z":1,"b":null,"s":"1.5"})");
  EXPECT_EQ(apply(nullptr, Value::string("x")),
            "!DataException: Only Map objects supported in absence of schema for [cast types], "
            "found: java.lang.String");
  EXPECT_EQ(apply(nullptr, Value()), "null null");
}

}  // namespace
}  // namespace millrace::transforms
