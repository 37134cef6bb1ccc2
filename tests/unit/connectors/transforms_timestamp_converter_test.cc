#include "connectors/transforms/timestamp_converter.h"

#include <limits>

#include "tests/unit/connectors/transforms_edit_fixture.h"

namespace millrace::transforms {
namespace {

constexpr int64_t kInstant = 1700000000123;
constexpr int64_t kNow = 1795000000000;  // 2026

class TimestampConverterTest : public EditFixture<TimestampConverter> {
 protected:
  /// The schemaless value `value` becomes; a date as its milliseconds.
  std::string convert(const std::string& target, const std::string& unit, const Value& value) {
    configure({{"target.type", target}, {"unix.precision", unit}, {"format", "yyyy-MM-dd HH:mm"}});
    const Record& record = fresh(nullptr, value);
    const std::string text = run();
    if (record.state == RowState::Rejected) return text;
    const Value& out = record.value.value;
    if (out.type() == Type::Date) return "D" + std::to_string(out.as_int());
    return out.type() == Type::String ? std::string(out.as_string()) : std::to_string(out.as_int());
  }
};

std::string formatted(const std::string& pattern, int64_t ms) {
  std::string out;
  SimpleDateFormat(pattern, kNow).format(ms, out);
  return out;
}

std::string parsed(const std::string& pattern, const std::string& text) {
  int64_t ms = 0;
  return SimpleDateFormat(pattern, kNow).parse(text, ms) ? std::to_string(ms) : "!";
}

TEST(SimpleDateFormatTest, Formats) {
  const std::tuple<std::string, int64_t, std::string> cases[] = {
      {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", kInstant, "2023-11-14T22:13:20.123Z"},
      {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", -1, "1969-12-31T23:59:59.999Z"},
      {"yyyy-MM-dd HH", 253402300800000, "10000-01-01 00"},
      {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", -62135596800001, "0001-01-02T23:59:59.999Z"},
      {"yyyy-MM-dd HH:mm", std::numeric_limits<int64_t>::max(), "292278994-08-17 07:12"},
      {"yyyy-MM-dd HH:mm", std::numeric_limits<int64_t>::min(), "292269055-12-02 16:47"},
      {"yy M d H m s S", kInstant, "23 11 14 22 13 20 123"},
      {"EEE EEEE MMM MMMM LLL", kInstant, "Tue Tuesday Nov November Nov"},
      {"G y yyyyy YYYY YY", 1704067199999, "AD 2023 02023 2024 24"},
      {"w ww W D DDD F u", kInstant, "46 46 3 318 318 2 2"},
      {"w W D F u", 1704067199999, "1 6 365 5 7"},
      {"a k K h kk KK hh", 0, "AM 24 0 12 24 00 12"},
      {"z zzzz Z X XX", 0, "UTC Coordinated Universal Time +0000 Z Z"},
      {"'o''clock' HH ''", -1, "o'clock 23 '"},
  };
  for (const auto& [pattern, ms, expected] : cases) EXPECT_EQ(formatted(pattern, ms), expected);
}

TEST(SimpleDateFormatTest, ParsesLeniently) {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"yyyy-MM-dd", "2020-01-02garbage", "1577923200000"},
      {"yyyy-MM-dd", "2020-13-45", "1613260800000"},
      {"yyyy-MM-dd", "20-1-2", "-61536153600000"},
      {"yyyy-MM-dd", " 2020- 01-02", "1577923200000"},
      {"yyyy-MM-dd", "x", "!"},
      {"yyyy-MM-dd", "", "!"},
      {"yyyy-MM-dd", "-5-01-02", "-62325072000000"},
      {"yyyy-MM-dd", "2020--1-02", "1572652800000"},
      {"yyyy-MM-dd", "1582-10-04", "-12219379200000"},
      {"yyyy-MM-dd", "1582-10-10", "-12218860800000"},
      {"yyyy-MM-dd", "0001-01-01", "-62135769600000"},
      {"yyyy-MM-dd G", "0044-03-15 BC", "-63517996800000"},
      {"yy-MM-dd", "46-01-02", "2398464000000"},
      {"yy-MM-dd", "47-01-02", "-725760000000"},
      {"yy-MM-dd", "120-01-02", "-58380393600000"},
      {"y-MM-dd", "20-01-02", "1577923200000"},
      {"yyyyMMddHHmmss", "20200102030405", "1577934245000"},
      {"yyyyMMdd", "2020102", "1601596800000"},
      {"HHmm", "123", "43380000"},
      {"yyyy-MM-dd HH:mm:ss.SSS", "2020-01-02 03:04:05.6", "1577934245006"},
      {"yyyy-MM-dd HH:mm:ss.SSS", "2020-01-02 03:04:05.123456", "1577934368456"},
      {"MMM d, yyyy", "JANUARY 5, 2021", "1609804800000"},
      {"MMMM d, yyyy", "jan 5, 2021", "1609804800000"},
      {"MMM yyyy", "Foo 2020", "!"},
      {"EEE, d MMM yyyy HH:mm:ss Z", "Wed, 4 Jul 2001 12:08:56 -0700", "994273736000"},
      {"EEE, d MMM yyyy HH:mm:ss Z", "Mon, 4 Jul 2001 12:08:56 GMT+03:30", "994235936000"},
      {"yyyy-MM-dd'T'HH:mm:ssX", "2020-01-02T03:04:05Z", "1577934245000"},
      {"yyyy-MM-dd'T'HH:mm:ssX", "2020-01-02T03:04:05+05", "1577916245000"},
      {"yyyy-MM-dd'T'HH:mm:ssXX", "2020-01-02T03:04:05+0530", "1577914445000"},
      {"yyyy-MM-dd'T'HH:mm:ssXXX", "2020-01-02T03:04:05-05:30", "1577954045000"},
      {"yyyy-MM-dd'T'HH:mm:ssXXX", "2020-01-02T03:04:05-0530", "!"},
      {"yyyy-MM-dd HH:mm z", "2020-01-02 03:04 PST", "1577963040000"},
      {"yyyy-MM-dd HH:mm z", "2020-01-02 03:04 GMT-5:00", "1577952240000"},
      {"yyyy-MM-dd HH:mm z", "2020-01-02 03:04 GMT", "1577934240000"},
      {"yyyy-MM-dd HH:mm Z", "2020-01-02 03:04 +01:00", "!"},
      {"h:mm a", "12:30 AM", "1800000"},
      {"h:mm a", "1:30 pm", "48600000"},
      {"K:mm a", "0:05 PM", "43500000"},
      {"k:mm", "24:05", "300000"},
      {"HH:mm", "25:61", "93660000"},
      {"D yyyy", "60 2020", "1582934400000"},
      {"dd/MM/yyyy", "31/02/2021", "1614729600000"},
      {"yyyy-MM-dd hh:mm", "2020-01-01 13:00", "1577883600000"},
  };
  for (const auto& [pattern, text, expected] : cases) {
    EXPECT_EQ(parsed(pattern, text), expected) << pattern << " of " << text;
  }
}

// Expected values are those of the JDK.
TEST(SimpleDateFormatTest, FieldsThatContradictEachOther) {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"YYYY-'W'ww-u", "2020-W53-5", "1609459200000"},
      {"u ww YYYY", "9 02 2024", "1705363200000"},
      {"YYYY G w u", "0010 BC 1 1", "-62451302400000"},
      {"EEEE", "Mon", "345600000"},
      {"EEE, d MMM yyyy", "Mon, 1 May 2024", "1714521600000"},
      {"yyyy-MM-W-u", "2024-02-3-7", "1707609600000"},
      {"yyyy-MM-F-E", "2024-05-2-Tue", "1715644800000"},
      {"yyyy-MM-F E", "2024-05--1 Fri", "1717113600000"},
      {"yyyy ww", "2024 10", "1709424000000"},
      {"d yyyy DDD", "5 2024 100", "1712620800000"},
      {"DDD MM yyyy", "100 07 2024", "1712620800000"},
      {"yyyy-DDD", "1300-000", "-21142598400000"},
      {"a", "PM", "43200000"},
      {"HH hh a", "20 03 PM", "54000000"},
      {"hh HH", "03 20", "72000000"},
      {"HHmmss", " 210922", "8722000"},
      {"SSSX", "99999Z", "99999"},
      {"y-M-d", "1500-2-29", "-14825894400000"},
      {"y-M-d", "1400-3000-1", "-10099987200000"},
      {"MMM d", " May 1", "!"},
  };
  for (const auto& [pattern, text, expected] : cases) {
    EXPECT_EQ(parsed(pattern, text), expected) << pattern << " of " << text;
  }
}

TEST(SimpleDateFormatTest, ReadsWhatItWrites) {
  for (int64_t ms = -70'000'000'000'000; ms < 300'000'000'000'000; ms += 1'234'567'891'011) {
    const std::string pattern = "yyyy-MM-dd HH:mm:ss.SSS G";
    EXPECT_EQ(parsed(pattern, formatted(pattern, ms)), std::to_string(ms));
  }
}

TEST_F(TimestampConverterTest, ChecksItsConfiguration) {
  EXPECT_EQ(config_error({{"target.type", "string"}, {"format", " "}}),
            "TimestampConverter requires format option to be specified when using string "
            "timestamps");
  EXPECT_EQ(config_error({{"target.type", "date"}}),
            "Invalid value date for configuration target.type: String must be one of: string, "
            "unix, Date, Time, Timestamp");
  const std::string prefix = "Invalid value java.lang.IllegalArgumentException: ";
  const std::string suffix =
      " for configuration TimestampConverter requires a SimpleDateFormat-compatible pattern for "
      "string timestamps: ";
  EXPECT_EQ(config_error({{"target.type", "unix"}, {"format", "bbbb"}}),
            prefix + "Illegal pattern character 'b'" + suffix + "bbbb");
  EXPECT_EQ(config_error({{"target.type", "unix"}, {"format", "yyyy'"}}),
            prefix + "Unterminated quote" + suffix + "yyyy'");
}

TEST_F(TimestampConverterTest, ConvertsBetweenForms) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const std::tuple<std::string, std::string, Value, std::string> cases[] = {
      {"string", "seconds", Value::int64(kInstant), "55840-11-08 22:15"},
      {"string", "microseconds", Value::int64(kInstant), "1970-01-20 16:13"},
      {"string", "milliseconds", Value::date(-1), "1969-12-31 23:59"},
      {"unix", "seconds", Value::date(kInstant), "1700000000"},
      {"unix", "seconds", Value::date(-1), "0"},
      {"unix", "nanoseconds", Value::date(kInstant), "1700000000123000000"},
      {"unix", "microseconds", Value::string("2020-01-02 03:04"), "1577934240000000"},
      {"unix", "nanoseconds", Value::int64(kMax), "9223372036854000000"},
      {"unix", "seconds", Value::int64(kMin), "-9223372036854775"},
      {"Date", "milliseconds", Value::int64(kInstant), "D1699920000000"},
      {"Date", "milliseconds", Value::date(-1), "D-86400000"},
      {"Date", "milliseconds", Value::int64(kMin), "D9223372036794351616"},
      {"Time", "milliseconds", Value::date(-1), "D86399999"},
      {"Time", "milliseconds", Value::int64(kMin), "D60424192"},
      {"Timestamp", "seconds", Value::int64(kMax), "D9223372036854775807"},
      {"Timestamp", "nanoseconds", Value::int64(-1), "D0"},
      {"unix", "seconds", Value::int32(5),
       "!DataException: TimestampConverter does not support class java.lang.Integer objects as "
       "timestamps"},
      {"unix", "seconds", Value::string("x"),
       "!DataException: Could not parse timestamp: value (x) does not match pattern (yyyy-MM-dd "
       "HH:mm)"},
  };
  for (const auto& [target, unit, value, expected] : cases) {
    EXPECT_EQ(convert(target, unit, value), expected) << target << ' ' << unit;
  }
}

TEST_F(TimestampConverterTest, WholeValuesWithSchema) {
  configure({{"target.type", "Timestamp"}});
  const std::string type = "org.apache.kafka.connect.data.Timestamp:INT64}";
  const SchemaPtr schema =
      SchemaBuilder(Type::Int64).optional().default_value(Value::int64(5)).name("zz").build();
  EXPECT_EQ(apply(schema, Value::int64(7)), "Schema{" + type + "?v1 Thu Jan 01 00:00:00 UTC 1970");
  EXPECT_EQ(apply(schema, Value()), "Schema{" + type + "?v1 null");
  EXPECT_EQ(apply(primitive_schema(Type::Int32, true), Value()),
            "!ConnectException: Schema Schema{INT32} does not correspond to a known timestamp "
            "type format");
  fresh(primitive_schema(Type::String), Value::string("2020"));
  value_.apply(batch_, rows_);
  EXPECT_EQ(batch_.error(0).kind, ErrorKind::NullPointer);
}

TEST_F(TimestampConverterTest, FieldsOfAStruct) {
  const SchemaPtr schema =
      SchemaBuilder::structure()
          .optional()
          .field("ts", SchemaBuilder(Type::Int64).optional().default_value(Value::int64(5)).build())
          .field("b", SchemaBuilder(Type::String).default_value(Value::string("dd")).build())
          .build();
  const Value data = structure(schema, {Value(), Value()});
  const std::string converted =
      "Schema{STRUCT}?{ts:Schema{org.apache.kafka.connect.data.Timestamp:INT64}?v1,"
      "b:Schema{STRING}=dd,} ";
  configure({{"target.type", "Timestamp"}, {"field", "ts"}});
  EXPECT_EQ(apply(schema, data), converted + "Struct{ts=Thu Jan 01 00:00:00 UTC 1970,b=dd}");
  EXPECT_EQ(apply(schema, Value()), converted + "null");
  EXPECT_EQ(apply(primitive_schema(Type::Int64, true), Value()),
            "!DataException: Cannot list fields on non-struct type");
  EXPECT_EQ(apply(primitive_schema(Type::Int64), Value::int64(5)),
            "!DataException: Only Struct objects supported for [converting timestamp formats], "
            "found: java.lang.Long");
  configure({{"target.type", "Timestamp"}, {"field", "zz"}});
  EXPECT_EQ(apply(schema, data),
            "Schema{STRUCT}?{ts:Schema{INT64}?=5,b:Schema{STRING}=dd,} Struct{ts=5,b=dd}");
  configure({{"target.type", "Timestamp"}, {"field", "ts"}, {"replace.null.with.default", "false"}});
  EXPECT_EQ(apply(schema, structure(schema, {Value(), Value::string("x")})),
            converted + "Struct{b=x}");
  EXPECT_EQ(apply(schema, data),
            "!DataException: Invalid value: null used for required field: \"b\", schema type: "
            "STRING");
}

TEST_F(TimestampConverterTest, FieldsOfAMap) {
  configure({{"target.type", "unix"}, {"field", "b"}, {"unix.precision", "seconds"}});
  EXPECT_EQ(apply_json(R"({"a":1,"b":3})"), R"({"a":1,"b":3})");
  EXPECT_EQ(apply_json("{}"), R"({"b":null})");
  EXPECT_EQ(apply(nullptr, Value()), "null null");
  EXPECT_EQ(apply(nullptr, Value::int64(5)),
            "!DataException: Only Map objects supported in absence of schema for [converting "
            "timestamp formats], found: java.lang.Long");
}

}  // namespace
}  // namespace millrace::transforms
