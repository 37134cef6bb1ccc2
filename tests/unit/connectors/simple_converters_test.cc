#include <bit>
#include <cmath>

#include "connectors/converters/charset.h"
#include "connectors/converters/simple_codecs.h"
#include "tests/unit/connectors/converter_fixture.h"

namespace millrace::converters {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class StringConverterTest : public ConverterFixture<StringCodec> {
 protected:
  StringConverterTest() { configure(); }
  void encoding(const std::string& name) { configure({{"converter.encoding", name}}); }
};

TEST_F(StringConverterTest, ValidTextIsNotCopied) {
  const std::string text = "plain \u00e9\u20ac\U0001F600";
  const Value value = read_value(text);
  EXPECT_EQ(static_cast<const void*>(text.data()), value.data());
  EXPECT_EQ(batch_[0].value.schema, primitive_schema(Type::String, true).get());
  const std::string back = write(nullptr, value);
  EXPECT_EQ(back, text);
}

TEST_F(StringConverterTest, NullsKeepTheSchema) {
  Record& record = read(WireBytes{});
  EXPECT_TRUE(record.value.value.is_null());
  EXPECT_EQ(record.value.schema, primitive_schema(Type::String, true).get());
  EXPECT_EQ(write(nullptr, Value()), "-");
  EXPECT_EQ(write(nullptr, Value::string("")), "");
}

TEST_F(StringConverterTest, MalformedBytesBecomeReplacementsAsJavaDoes) {
  constexpr const char* kOne = "\uFFFD";
  EXPECT_EQ(read_value("a\xff" "b").as_string(), std::string("a") + kOne + "b");
  EXPECT_EQ(read_value("\xe2\x82").as_string(), kOne) << "cut off";
  EXPECT_EQ(read_value("\xe2\x82x").as_string(), std::string(kOne) + "x");
  EXPECT_EQ(read_value("\xed\xa0\x80").as_string(), kOne) << "a surrogate is one piece";
  EXPECT_EQ(read_value("\xc0\x80").as_string(), std::string(kOne) + kOne);
  EXPECT_EQ(read_value("\xf5\x80\x80\x80").as_string(), std::string(kOne) + kOne + kOne + kOne);
  EXPECT_EQ(read_value("12345678\xff" "12345678").as_string(),
            std::string("12345678") + kOne + "12345678");
}

TEST_F(StringConverterTest, OtherValuesAreJavasText) {
  EXPECT_EQ(write(nullptr, Value::int64(-5)), "-5");
  EXPECT_EQ(write(nullptr, Value::float64(1e10)), "1.0E10");
  EXPECT_EQ(write(nullptr, Value::boolean(true)), "true");
  const Value elements[] = {Value::int8(1), Value(), Value::string("x")};
  EXPECT_EQ(write(nullptr, Value::array(elements)), "[1, null, x]");
  const MapEntry entries[] = {{Value::string("a"), Value::int8(1)}, {Value::string("b"), Value()}};
  EXPECT_EQ(write(nullptr, Value::map(entries)), "{a=1, b=null}");
  const SchemaPtr schema = SchemaBuilder::structure()
                               .field("a", primitive_schema(Type::Int8))
                               .field("b", primitive_schema(Type::String, true))
                               .field("c", primitive_schema(Type::String))
                               .build();
  const Value values[] = {Value::int8(1), Value(), Value::string("x")};
  const StructData data{schema.get(), values};
  EXPECT_EQ(write(schema, Value::structure(&data)), "Struct{a=1,c=x}");
}

TEST_F(StringConverterTest, OtherCharsets) {
  encoding("ISO-8859-1");
  EXPECT_EQ(read_value("\xe9").as_string(), "\u00e9");
  EXPECT_EQ(write(nullptr, Value::string("\u00e9\u20ac")), "\xe9?");
  encoding("us-ascii");
  EXPECT_EQ(read_value("a\xe9").as_string(), "a\uFFFD");
  EXPECT_EQ(write(nullptr, Value::string("\u00e9\U0001F600")), "??");
  encoding("UTF-16");
  using namespace std::string_view_literals;
  EXPECT_EQ(write(nullptr, Value::string("a")), "\xfe\xff\0a"sv);
  EXPECT_EQ(write(nullptr, Value::string("")), "");
  EXPECT_EQ(read_value("\xff\xfe"
                       "a\0"sv)
                .as_string(),
            "a");
  EXPECT_EQ(read_value("\0a"sv).as_string(), "a");
  encoding("UTF-16LE");
  EXPECT_EQ(write(nullptr, Value::string("\U0001F600")), "\x3d\xd8\x00\xde"sv);
  EXPECT_EQ(read_value("\x3d\xd8\x00\xde"sv).as_string(), "\U0001F600");
  EXPECT_EQ(read_value("\x3d\xd8" "ab"sv).as_string(), "\uFFFD") << "takes the next unit with it";
}

TEST_F(StringConverterTest, SerializerKeysOfTheSideWin) {
  configure({{"converter.encoding", "UTF-16"},
             {"value.serializer.encoding", "US-ASCII"},
             {"deserializer.encoding", "US-ASCII"}});
  EXPECT_EQ(write(nullptr, Value::string("a")), "a");
  EXPECT_EQ(read_value(std::string_view("\0a", 2)).as_string(), "a");
  configure({{"value.serializer.encoding", "UTF-16"}}, Side::Key);
  EXPECT_EQ(write(nullptr, Value::string("a")), "a");
}

TEST_F(StringConverterTest, UnknownCharsetsAreRefused) {
  try {
    encoding("x-no-such");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Serialization);
    EXPECT_THAT(error.what(), StartsWith("Unsupported encoding x-no-such"));
  }
}

class ByteArrayConverterTest : public ConverterFixture<ByteArrayCodec> {
 protected:
  ByteArrayConverterTest() { configure(); }
};

TEST_F(ByteArrayConverterTest, BytesPassUntouched) {
  const std::string bytes("\0\xff", 2);
  const Value value = read_value(bytes);
  EXPECT_EQ(value.data(), bytes.data());
  EXPECT_EQ(batch_[0].value.schema, primitive_schema(Type::Bytes, true).get());
  EXPECT_EQ(write(primitive_schema(Type::Bytes), value), bytes);
  EXPECT_EQ(write(nullptr, Value()), "-");
  EXPECT_EQ(write(nullptr, Value::bytes({})), "") << "empty is not null";
  EXPECT_TRUE(read(WireBytes{}).value.value.is_null());
}

TEST_F(ByteArrayConverterTest, OtherValuesAreRefused) {
  EXPECT_EQ(write(primitive_schema(Type::String), Value::string("x")),
            "!Invalid schema type for ByteArrayConverter: STRING");
  EXPECT_EQ(write(nullptr, Value::string("x")),
            "!ByteArrayConverter is not compatible with objects of type class java.lang.String");
}

template <Type T>
using NumberTest = ConverterFixture<NumberCodec<T>>;

struct IntegerConverterTest : NumberTest<Type::Int32> {};
TEST_F(IntegerConverterTest, BigEndianOfExactSize) {
  configure();
  EXPECT_EQ(write(nullptr, Value::int32(0x01020304)), "\x01\x02\x03\x04");
  EXPECT_EQ(read_value("\xff\xff\xff\xfe").as_int(), -2);
  EXPECT_EQ(read_error("123"), "Failed to deserialize integer: ");
  EXPECT_EQ(cause(),
            "org.apache.kafka.common.errors.SerializationException: Size of data received by "
            "IntegerDeserializer is not 4");
  EXPECT_EQ(write(nullptr, Value::int64(1)),
            "!Failed to serialize to integer (was class java.lang.Long): ");
  EXPECT_EQ(write(nullptr, Value()), "-");
  EXPECT_TRUE(read(WireBytes{}).value.value.is_null());
}

struct DoubleConverterTest : NumberTest<Type::Float64> {};
TEST_F(DoubleConverterTest, NansAreCanonical) {
  configure();
  const auto odd = std::bit_cast<double>(0x7ff8000000000001ULL);
  EXPECT_EQ(write(nullptr, Value::float64(odd)), std::string("\x7f\xf8\0\0\0\0\0\0", 8));
  EXPECT_EQ(read_value(std::string("\x3f\xf8\0\0\0\0\0\0", 8)).as_double(), 1.5);
}

struct BooleanConverterTest : NumberTest<Type::Boolean> {};
TEST_F(BooleanConverterTest, OneByteOfTwo) {
  configure();
  EXPECT_EQ(write(primitive_schema(Type::Boolean), Value::boolean(true)), "\x01");
  EXPECT_FALSE(read_value(std::string(1, '\0')).as_bool());
  EXPECT_EQ(read_error("\x02"), "Failed to deserialize boolean: ");
  EXPECT_THAT(cause(), HasSubstr("Unexpected byte received by BooleanDeserializer: 2"));
  EXPECT_THAT(write(primitive_schema(Type::Int8), Value::boolean(true)), StartsWith("!Invalid"));
}

struct ShortConverterTest : NumberTest<Type::Int16> {};
TEST_F(ShortConverterTest, RoundTrip) {
  configure();
  EXPECT_EQ(write(nullptr, Value::int16(-2)), "\xff\xfe");
  EXPECT_EQ(read_value("\xff\xfe").as_int(), -2);
  EXPECT_EQ(read_value("\xff\xfe").type(), Type::Int16);
}

class SimpleHeaderConverterTest : public ConverterFixture<SimpleHeaderCodec> {
 protected:
  SchemaAndValue read_header(WireBytes wire) {
    Record& record = fresh();
    header_.wire = wire;
    record.headers = &header_;
    record.header_count = 1;
    header_converter_.to_connect_headers(batch_, rows_);
    return header_.data;
  }
  std::string write_header(const Value& value) {
    Record& record = fresh();
    header_.data = {nullptr, value};
    record.headers = &header_;
    record.header_count = 1;
    header_converter_.from_connect_headers(batch_, rows_);
    return header_.wire.is_null() ? "-" : std::string(header_.wire.text());
  }
  Header header_;
};

TEST_F(SimpleHeaderConverterTest, GuessesTypes) {
  EXPECT_EQ(read_header(WireBytes::of("0123")).value.as_int(), 123);
  EXPECT_EQ(read_header(WireBytes::of("text")).value.as_string(), "text");
  EXPECT_EQ(read_header(WireBytes::of("")).value.as_string(), "");
  EXPECT_EQ(read_header(WireBytes::of("\xff")).value.as_string(), "\uFFFD");
  EXPECT_EQ(read_header(WireBytes{}).schema, nullptr);
  EXPECT_TRUE(read_header(WireBytes{}).value.is_null());
  EXPECT_EQ(read_header(WireBytes::of("[1,2]")).schema->type(), Type::Array);
}

TEST_F(SimpleHeaderConverterTest, WritesText) {
  EXPECT_EQ(write_header(Value::string("a\"b")), "a\"b");
  EXPECT_EQ(write_header(Value()), "-");
  EXPECT_EQ(write_header(Value::float32(1.5F)), "1.5");
  EXPECT_TRUE(SimpleHeaderCodec::definition().keys().empty());
}

}  // namespace
}  // namespace millrace::converters
