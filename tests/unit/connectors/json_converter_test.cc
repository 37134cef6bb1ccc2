#include <cmath>
#include <limits>

#include "connectors/converters/json_codec.h"
#include "connectors/converters/lru_cache.h"
#include "millrace/decimal.h"
#include "tests/unit/connectors/converter_fixture.h"

namespace millrace::converters {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class JsonConverterTest : public ConverterFixture<JsonCodec> {
 protected:
  JsonConverterTest() { configure(); }
  void schemaless(Properties config = {}) {
    config["schemas.enable"] = "false";
    configure(std::move(config));
  }
  static std::string envelope(std::string_view schema, std::string_view payload) {
    return "{\"schema\":" + std::string(schema) + ",\"payload\":" + std::string(payload) + "}";
  }
  Value read_as(std::string_view schema, std::string_view payload) {
    return read_value(envelope(schema, payload));
  }
  std::string error_as(std::string_view schema, std::string_view payload) {
    return read_error(envelope(schema, payload));
  }
  static Value decimal(int32_t scale, std::vector<uint8_t> unscaled, Arena& arena) {
    return Value::decimal(make_decimal(scale, unscaled, arena));
  }
  Arena arena_;
};

TEST_F(JsonConverterTest, HasKafkasSettings) {
  const ConfigDefinition& definition = JsonCodec::definition();
  EXPECT_EQ(definition.keys().size(), 5U);
  EXPECT_TRUE(definition.find("converter.type")->required);
  EXPECT_EQ(definition.find("schemas.cache.size")->default_text, "1000");
  EXPECT_EQ(definition.find("decimal.format")->default_text, "BASE64");
  EXPECT_THROW(configure({{"decimal.format", "HEX"}}), ConfigException);
  EXPECT_NO_THROW(configure({{"decimal.format", "numeric"}}));
}

TEST_F(JsonConverterTest, WholeNumbersBeyond64BitsWrapUnlessAskedOtherwise) {
  constexpr std::string_view kText = "[18446744073709551617,9223372036854775807,1.5]";
  schemaless();
  EXPECT_EQ(read_value(kText).as_array()[0], Value::int64(1));
  schemaless({{"millrace.big.integers", "decimal"}});
  const Value wide = read_value(kText);
  EXPECT_EQ(wide.as_array()[0], decimal(0, {1, 0, 0, 0, 0, 0, 0, 0, 1}, arena_));
  EXPECT_EQ(wide.as_array()[1], Value::int64(INT64_MAX));
  EXPECT_EQ(wide.as_array()[2], Value::float64(1.5));
  EXPECT_THROW(schemaless({{"millrace.big.integers", "double"}}), ConfigException);
}

TEST_F(JsonConverterTest, EnvelopesHaveTheMembersInJavasOrder) {
  const SchemaPtr field = SchemaBuilder(Type::Float32)
                              .optional()
                              .doc("fd")
                              .default_value(Value::float32(1.5F))
                              .build();
  const SchemaPtr schema =
      SchemaBuilder::structure()
          .field("f", field)
          .field("m", SchemaBuilder::map(primitive_schema(Type::String),
                                         SchemaBuilder::array(primitive_schema(Type::Int8)).build())
                          .build())
          .name("n")
          .version(2)
          .doc("d")
          .parameter("p", "q")
          .build();
  const Value elements[] = {Value::int8(1)};
  const MapEntry entries[] = {{Value::string("k"), Value::array(elements)}};
  const Value values[] = {Value::float32(2.5F), Value::map(entries)};
  const StructData data{schema.get(), values};
  EXPECT_EQ(write(schema, Value::structure(&data)),
            R"({"schema":{"type":"struct","fields":[{"type":"float","optional":true,"doc":"fd",)"
            R"("default":1.5,"field":"f"},{"type":"map","keys":{"type":"string","optional":false},)"
            R"("values":{"type":"array","items":{"type":"int8","optional":false},"optional":false},)"
            R"("optional":false,"field":"m"}],"optional":false,"name":"n","version":2,"doc":"d",)"
            R"("parameters":{"p":"q"}},"payload":{"f":2.5,"m":{"k":[1]}}})");
}

TEST_F(JsonConverterTest, OnlyNullWithoutSchemaIsATombstone) {
  EXPECT_EQ(write(nullptr, Value()), "-");
  EXPECT_EQ(write(primitive_schema(Type::String, true), Value()),
            R"({"schema":{"type":"string","optional":true},"payload":null})");
  EXPECT_EQ(write(nullptr, Value::int64(1)), R"({"schema":null,"payload":1})");
  EXPECT_THAT(write(primitive_schema(Type::String), Value()), StartsWith("!Conversion error: null"));
  schemaless();
  EXPECT_EQ(write(primitive_schema(Type::String, true), Value()), "null");
  EXPECT_EQ(write(nullptr, Value()), "-");
}

TEST_F(JsonConverterTest, NullsBecomeDefaultsUnlessToldOtherwise) {
  const SchemaPtr schema =
      SchemaBuilder(Type::Int32).optional().default_value(Value::int32(7)).build();
  schemaless();
  EXPECT_EQ(write(schema, Value()), "7");
  schemaless({{"replace.null.with.default", "false"}});
  EXPECT_EQ(write(schema, Value()), "null");
  configure();
  constexpr const char* kSchema = R"({"type":"int32","optional":true,"default":7})";
  EXPECT_EQ(read_as(kSchema, "null").as_int(), 7);
  configure({{"replace.null.with.default", "false"}});
  EXPECT_TRUE(read_as(kSchema, "null").is_null());
}

TEST_F(JsonConverterTest, ValuesMustFitTheirSchema) {
  schemaless();
  EXPECT_EQ(write(primitive_schema(Type::Int32), Value::int64(1)),
            "!Invalid type for INT32: class java.lang.Long");
  EXPECT_EQ(error_kind(), ErrorKind::Data);
  const SchemaPtr a = SchemaBuilder::structure().field("x", primitive_schema(Type::Int8)).build();
  const SchemaPtr b = SchemaBuilder::structure().field("y", primitive_schema(Type::Int8)).build();
  const Value values[] = {Value::int8(1)};
  const StructData data{a.get(), values};
  EXPECT_EQ(write(b, Value::structure(&data)), "!Mismatching schema.");
  EXPECT_EQ(write(a, Value::structure(&data)), R"({"x":1})");
}

TEST_F(JsonConverterTest, MapsAreObjectsOrPairs) {
  schemaless();
  const MapEntry numbered[] = {{Value::int64(1), Value::string("x")}};
  EXPECT_EQ(write(nullptr, Value::map(numbered)), R"([[1,"x"]])");
  const MapEntry named[] = {{Value::string("a"), Value::boolean(true)}};
  EXPECT_EQ(write(nullptr, Value::map(named)), R"({"a":true})");
  const MapEntry null_key[] = {{Value(), Value::int8(1)}};
  const SchemaPtr schema =
      SchemaBuilder::map(primitive_schema(Type::String, true), primitive_schema(Type::Int8)).build();
  EXPECT_EQ(write(schema, Value::map(null_key)), R"({"null":1})");
}

TEST_F(JsonConverterTest, LogicalTypesAreEncoded) {
  schemaless();
  EXPECT_EQ(write(logical::date().build(), Value::date(2 * 86'400'000LL)), "2");
  EXPECT_THAT(write(logical::date().build(), Value::date(5)), StartsWith("!Kafka Connect Date"));
  EXPECT_EQ(write(logical::time().build(), Value::date(86'400'000)), "86400000");
  EXPECT_THAT(write(logical::time().build(), Value::date(-1)), StartsWith("!Kafka Connect Time"));
  EXPECT_EQ(write(logical::timestamp().build(), Value::date(-5)), "-5");
  EXPECT_EQ(write(logical::decimal(2).build(), decimal(2, {0x01, 0x02}, arena_)), "\"AQI=\"");
  EXPECT_THAT(write(logical::decimal(3).build(), decimal(2, {0x01}, arena_)),
              HasSubstr("mismatching scale"));
  schemaless({{"decimal.format", "numeric"}});
  EXPECT_EQ(write(logical::decimal(2).build(), decimal(2, {0x01, 0x02}, arena_)), "2.58");
  EXPECT_EQ(write(logical::decimal(8).build(), decimal(8, {0x01}, arena_)), "1E-8");
}

TEST_F(JsonConverterTest, ADefaultThatCannotBeWrittenIsAnError) {
  const SchemaPtr schema = logical::time().optional().default_value(Value::date(-1)).build();
  EXPECT_THAT(write(schema, Value::date(5)), StartsWith("!Kafka Connect Time"));
  EXPECT_THAT(write(schema, Value::date(5)), StartsWith("!Kafka Connect Time")) << "not cached";
}

TEST_F(JsonConverterTest, SchemasOfValuesTextMayLackTheirElements) {
  const SchemaPtr schema = SchemaBuilder(Type::Array).build();
  EXPECT_EQ(write(schema, Value::array({})),
            R"({"schema":{"type":"array","items":null,"optional":false},"payload":[]})");
}

TEST_F(JsonConverterTest, NullBytesAreNull) {
  EXPECT_TRUE(read(WireBytes{}).value.value.is_null());
  EXPECT_EQ(batch_[0].value.schema, nullptr);
  schemaless();
  EXPECT_TRUE(read_value("").is_null());
  EXPECT_TRUE(read_value("null").is_null());
}

TEST_F(JsonConverterTest, EnvelopesMustHaveExactlyTwoMembers) {
  for (const char* text :
       {"", "null", "1", "[]", "{}", R"({"payload":1})", R"({"schema":null})",
        R"({"schema":{"type":"int8"},"payload":1,"x":2})", R"({"a":1,"b":2})"}) {
    EXPECT_THAT(read_error(text), StartsWith("JsonConverter with schemas.enable requires")) << text;
  }
  EXPECT_EQ(read_value(R"({"payload":5,"schema":null})").as_int(), 5);
  EXPECT_EQ(read_value(R"({"schema":null,"payload":1,"payload":2})").as_int(), 2);
  EXPECT_EQ(read_error("{\"schema\":"),
            "Converting byte[] to Kafka Connect data failed due to serialization error: ");
  EXPECT_THAT(cause(), StartsWith("org.apache.kafka.common.errors.SerializationException: "
                                  "Unexpected end-of-input"));
}

TEST_F(JsonConverterTest, RepeatedSchemasTakeTheShortWayWithTheSameResult) {
  constexpr const char* kSchema =
      R"({"type":"struct","fields":[{"type":"int32","optional":false,"field":"a"}],"optional":false})";
  const Schema* first = nullptr;
  for (const char* payload : {R"({"a":1})", R"( {"a":1} )", R"({"a":1,"b":[2]})"}) {
    EXPECT_EQ(read_as(kSchema, payload).as_struct().values[0].as_int(), 1) << payload;
    if (first == nullptr) first = batch_[0].value.schema;
    EXPECT_EQ(batch_[0].value.schema, first) << "one schema object";
  }
  EXPECT_EQ(read_value(envelope(kSchema, R"({"a":3})") + " trailing").as_struct().values[0].as_int(),
            3);
  const std::string known = envelope(kSchema, R"({"a":1})");
  const std::string broken = known.substr(0, known.size() - 1);
  EXPECT_THAT(read_error(broken), HasSubstr("serialization error"));
  EXPECT_THAT(cause(), HasSubstr("Unexpected end-of-input"));
  EXPECT_THAT(read_error(broken + R"(,"x":1})"), HasSubstr("may not contain additional fields"));
  EXPECT_EQ(read_value(broken + R"(,"payload":{"a":9}})").as_struct().values[0].as_int(), 9);
  EXPECT_EQ(read_value(broken + R"(,"schema":null})").type(), Type::Map);
  EXPECT_THAT(error_as(kSchema, "x"), HasSubstr("serialization error"));
  EXPECT_THAT(cause(), HasSubstr("Unrecognized token 'x'"));
}

TEST_F(JsonConverterTest, ScalarsAreCoercedNotChecked) {
  EXPECT_EQ(read_as(R"({"type":"int32"})", "\"abc\"").as_int(), 0);
  EXPECT_EQ(read_as(R"({"type":"int32"})", "1.9").as_int(), 1);
  EXPECT_EQ(read_as(R"({"type":"int32"})", "3000000000").as_int(), -1294967296);
  EXPECT_EQ(read_as(R"({"type":"int8"})", "300").as_int(), 44);
  EXPECT_EQ(read_as(R"({"type":"int8"})", "1e10").as_int(), 0);
  EXPECT_EQ(read_as(R"({"type":"int64"})", "9007199254740993.0").as_int(), 9007199254740993);
  EXPECT_EQ(read_as(R"({"type":"int64"})", "1e30").as_int(), 5076944270305263616);
  EXPECT_EQ(read_as(R"({"type":"int64"})", "1e2000000000").as_int(), 0);
  EXPECT_FALSE(read_as(R"({"type":"boolean"})", "\"true\"").as_bool());
  EXPECT_EQ(read_as(R"({"type":"double"})", "\"NaN\"").as_double(), 0);
  EXPECT_EQ(read_as(R"({"type":"double"})", "18446744073709551616").as_double(), 0x1p64);
  EXPECT_EQ(read_as(R"({"type":"float"})", "1.00000005960464477540").as_float(), 0x1.000002p0F)
      << "rounded once, from the digits";
  EXPECT_TRUE(read_as(R"({"type":"string","optional":true})", "5").is_null());
  EXPECT_TRUE(read_as(R"({"type":"bytes","optional":true})", "5").is_null());
  constexpr const char* kArray = R"({"type":"array","items":{"type":"int8"}})";
  EXPECT_EQ(read_as(kArray, "5").size(), 0U);
  EXPECT_EQ(read_as(kArray, R"({"a":1,"b":2})").size(), 2U);
}

TEST_F(JsonConverterTest, StructsCheckWhatBecameNull) {
  constexpr const char* kSchema =
      R"({"type":"struct","fields":[{"type":"string","optional":false,"field":"s"}]})";
  EXPECT_EQ(error_as(kSchema, R"({"s":5})"),
            "Invalid value: null used for required field: \"s\", schema type: STRING");
  EXPECT_EQ(error_as(kSchema, "{}"), "Invalid null value for required STRING field");
  EXPECT_EQ(error_as(kSchema, "[]"), "Structs should be encoded as JSON objects, but found ARRAY");
}

TEST_F(JsonConverterTest, BytesAreJacksonsBase64) {
  constexpr const char* kBytes = R"({"type":"bytes"})";
  EXPECT_EQ(read_as(kBytes, "\"AQIDBA==\"").size(), 4U);
  EXPECT_EQ(read_as(kBytes, "\" AQID BAUG \"").size(), 6U);
  EXPECT_EQ(read_as(kBytes, "\"\"").size(), 0U);
  EXPECT_FALSE(read_as(kBytes, "\"\"").is_null());
  for (const char* bad : {"\"AQI\"", "\"A_I=\"", "\"A===\"", "\"AQ=I\"", "\"AQIDB\""}) {
    EXPECT_EQ(error_as(kBytes, bad), "Invalid bytes field") << bad;
  }
}

TEST_F(JsonConverterTest, LogicalTypesAreRead) {
  constexpr const char* kDate =
      R"({"type":"int32","name":"org.apache.kafka.connect.data.Date","version":1})";
  EXPECT_EQ(read_as(kDate, "2").as_int(), 2 * 86'400'000LL);
  EXPECT_EQ(error_as(kDate, "3.0"),
            "Invalid type for Date, underlying representation should be integer but was NUMBER");
  constexpr const char* kTime =
      R"({"type":"int32","name":"org.apache.kafka.connect.data.Time","version":1})";
  EXPECT_THAT(error_as(kTime, "86400001"), StartsWith("Time values must use"));
  constexpr const char* kTimestamp =
      R"({"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1})";
  EXPECT_EQ(read_as(kTimestamp, "-5").type(), Type::Date);
  constexpr const char* kDecimal =
      R"({"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,)"
      R"("parameters":{"scale":"2"}})";
  EXPECT_EQ(read_as(kDecimal, "\"AQI=\"").as_decimal().scale, 2);
  EXPECT_EQ(read_as(kDecimal, "1.500").as_decimal().scale, 3) << "of the literal";
  EXPECT_EQ(read_as(kDecimal, "1.500").as_decimal().scale, 3) << "and again, remembered";
  EXPECT_EQ(read_as(kDecimal, "7").as_decimal().scale, 0);
  EXPECT_EQ(error_as(kDecimal, "\"\""), "Invalid bytes for Decimal field");
  EXPECT_THAT(error_as(kDecimal, "true"), HasSubstr("but was BOOLEAN"));
}

TEST_F(JsonConverterTest, BadSchemasAreRefused) {
  EXPECT_EQ(error_as("{}", "1"), "Schema must contain 'type' field");
  EXPECT_EQ(error_as("1", "1"), "Schema must contain 'type' field");
  EXPECT_EQ(error_as(R"({"type":"int9"})", "1"), "Unknown schema type: int9");
  EXPECT_EQ(error_as(R"({"type":"array"})", "1"), "Array schema did not specify the element type");
  EXPECT_EQ(error_as(R"({"type":"int8","parameters":{"a":1}})", "1"),
            "Schema parameters must have string values.");
  EXPECT_EQ(error_as(R"({"type":"int8","default":null})", "1"),
            "Invalid null value for required INT8 field");
  EXPECT_THAT(error_as(R"({"type":"struct","fields":[],"default":{}})", "{}"),
              StartsWith("Invalid default value"));
  EXPECT_EQ(error_kind(), ErrorKind::SchemaBuilder);
}

TEST_F(JsonConverterTest, WhatIsWrittenReadsBack) {
  const SchemaPtr schema = SchemaBuilder::structure()
                               .field("i", primitive_schema(Type::Int16))
                               .field("s", primitive_schema(Type::String, true))
                               .field("b", primitive_schema(Type::Bytes))
                               .field("d", logical::decimal(2).build())
                               .name("row")
                               .build();
  const uint8_t bytes[] = {0, 255};
  const Value values[] = {Value::int16(-3), Value(), Value::bytes(bytes),
                          decimal(2, {0xFF}, arena_)};
  const StructData data{schema.get(), values};
  const std::string text = write(schema, Value::structure(&data));
  Record& record = read(text);
  ASSERT_EQ(record.state, RowState::Live) << message();
  EXPECT_TRUE(*record.value.schema == *schema);
  EXPECT_TRUE(record.value.value == Value::structure(&data));
}

TEST_F(JsonConverterTest, BadRowsDoNotDisturbGoodOnes) {
  schemaless();
  batch_.reset();
  rows_.clear();
  for (const char* text : {"1", "x", "3"}) {
    rows_.push_back(batch_.size());
    batch_.add().value_wire = WireBytes::of(text);
  }
  converter_.to_connect_data(batch_, rows_, Side::Value);
  EXPECT_EQ(batch_[0].value.value.as_int(), 1);
  EXPECT_EQ(batch_[1].state, RowState::Rejected);
  EXPECT_EQ(batch_[2].value.value.as_int(), 3);
}

TEST_F(JsonConverterTest, HeadersAreConvertedOneByOne) {
  schemaless();
  Record& record = fresh();
  Header headers[2];
  headers[0].wire = WireBytes::of("[1]");
  headers[1].wire = WireBytes{};
  record.headers = headers;
  record.header_count = 2;
  header_converter_.to_connect_headers(batch_, rows_);
  EXPECT_EQ(headers[0].data.value.type(), Type::Array);
  EXPECT_TRUE(headers[1].data.value.is_null());
  header_converter_.from_connect_headers(batch_, rows_);
  EXPECT_EQ(headers[0].wire.text(), "[1]");
  EXPECT_TRUE(headers[1].wire.is_null());
}

TEST_F(JsonConverterTest, SmallCachesOnlyCostTime) {
  for (const char* size : {"0", "2"}) {
    configure({{"schemas.cache.size", size}});
    for (int i = 0; i < 20; ++i) {
      const std::string name = "n" + std::to_string(i % 5);
      const std::string text = envelope(R"({"type":"int8","optional":false,"name":")" + name + "\"}", "1");
      EXPECT_EQ(read_value(text).as_int(), 1);
      const SchemaPtr schema = SchemaBuilder(Type::Int8).name(name).build();
      EXPECT_EQ(write(schema, Value::int8(1)), text);
    }
  }
}

TEST(LruCacheTest, TheOldestEntryGoes) {
  LruCache<std::string, std::string_view, int> cache;
  cache.set_limit(2);
  cache.insert("a", 1);
  cache.insert("b", 2);
  ASSERT_NE(cache.find("a"), nullptr);
  cache.insert("c", 3);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(*cache.find("c"), 3);
  EXPECT_EQ(cache.size(), 2U);
}

}  // namespace
}  // namespace millrace::converters
