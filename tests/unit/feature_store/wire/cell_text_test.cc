#include "connectors/feature_store/wire/cell_text.h"

#include <cmath>
#include <limits>
#include <random>

#include "connectors/feature_store/wire/nested_json.h"
#include "connectors/feature_store/wire/scalar_text.h"
#include "connectors/scalars/iso_time.h"
#include "tests/unit/feature_store/wire/fixture.h"

namespace millrace::feature_store {
namespace {

std::string date(int64_t days) {
  std::string out;
  append_date(out, days);
  return out;
}

std::string timestamp(int64_t micros, int digits, char separator = ' ') {
  std::string out;
  append_timestamp(out, micros, separator, digits);
  return out;
}

std::string decimal(std::string_view hex, int64_t scale) {
  std::string out;
  EXPECT_TRUE(append_plain_decimal(out, from_hex(hex), scale));
  return out;
}

PlannedField field_of(const char* feature, const char* column = nullptr) {
  PlannedField field;
  field.type = parse_feature_type(feature);
  field.column = column == nullptr ? default_column_type(field.type) : parse_column_type(column);
  return field;
}

Cell whole(Cell::Kind kind, int64_t value) {
  Cell cell;
  cell.kind = kind;
  cell.integer = value;
  return cell;
}
Cell real(Cell::Kind kind, double value) {
  Cell cell;
  cell.kind = kind;
  cell.real = value;
  return cell;
}
Cell text(Cell::Kind kind, std::string_view value) {
  Cell cell;
  cell.kind = kind;
  cell.bytes = value;
  return cell;
}

std::string json_of(const PlannedField& field, const Cell& cell, const JsonStyle& style = {}) {
  std::string out;
  append_cell_json(out, field, cell, style);
  return out;
}
std::string text_of(const PlannedField& field, const Cell& cell) {
  std::string out;
  append_cell_text(out, field, cell);
  return out;
}

TEST(CellText, Dates) {
  EXPECT_EQ(date(0), "1970-01-01");
  EXPECT_EQ(date(20455), "2026-01-02");
  EXPECT_EQ(date(-1), "1969-12-31");
  EXPECT_EQ(date(-719'162), "0001-01-01");
  EXPECT_EQ(date(-719'163), "0000-12-31");
  EXPECT_EQ(date(-719'529), "-0001-12-31");
  EXPECT_EQ(date(2'932'896), "9999-12-31");
  EXPECT_EQ(date(2'932'897), "10000-01-01");
  EXPECT_EQ(date(INT32_MAX), "5881580-07-11");
  EXPECT_EQ(date(INT32_MIN), "-5877641-06-23");
}

TEST(CellText, EveryDayOfTheUsualYearsComesBack) {
  for (int64_t day = -719'528; day <= 2'932'896; day += 13) ASSERT_EQ(parse_iso_date(date(day)), day);
  EXPECT_EQ(date(11'016), "2000-02-29");
}

TEST(CellText, Timestamps) {
  EXPECT_EQ(timestamp(1767323045678901, 0), "2026-01-02 03:04:05");
  EXPECT_EQ(timestamp(1767323045678901, 3), "2026-01-02 03:04:05.678") << "cut, not rounded";
  EXPECT_EQ(timestamp(1767323045678901, 6, 'T'), "2026-01-02T03:04:05.678901");
  EXPECT_EQ(timestamp(1767323045678901, 1), "2026-01-02 03:04:05.6");
  EXPECT_EQ(timestamp(1767323045000000, -1), "2026-01-02 03:04:05");
  EXPECT_EQ(timestamp(1767323045120000, -1), "2026-01-02 03:04:05.120");
  EXPECT_EQ(timestamp(1767323045120001, -1), "2026-01-02 03:04:05.120001");
  EXPECT_EQ(timestamp(-1, 6), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp(-1, 0), "1969-12-31 23:59:59") << "downwards before 1970 too";
  EXPECT_EQ(timestamp(-62'135'596'800'000'000, 0), "0001-01-01 00:00:00");
  EXPECT_EQ(timestamp(253'402'300'799'999'999, 6), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp(253'402'300'800'000'000, 0), "10000-01-01 00:00:00");
  EXPECT_EQ(timestamp(INT64_MAX, 6), "294247-01-10 04:00:54.775807");
  EXPECT_EQ(timestamp(INT64_MIN, 6), "-290308-12-21 19:59:05.224192");
}

TEST(CellText, RandomTimestampsComeBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int64_t> any(-62'135'596'800'000'000, 253'402'300'799'999'999);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t micros = any(random);
    ASSERT_EQ(parse_iso_moment(timestamp(micros, 6), IsoOffset::Apply), micros);
    ASSERT_EQ(parse_iso_moment(timestamp(micros, -1, 'T') + "Z", IsoOffset::Apply), micros);
  }
}

TEST(CellText, Decimals) {
  EXPECT_EQ(decimal("3039", 2), "123.45");
  EXPECT_EQ(decimal("cfc7", 2), "-123.45");
  EXPECT_EQ(decimal("ffffffcfc7", 2), "-123.45") << "repeated signs";
  EXPECT_EQ(decimal("0000003039", 0), "12345");
  EXPECT_EQ(decimal("", 2), "0.00");
  EXPECT_EQ(decimal("00", 0), "0");
  EXPECT_EQ(decimal("ff", 3), "-0.001");
  EXPECT_EQ(decimal("01", 10), "0.0000000001") << "no exponent";
  EXPECT_EQ(decimal("80", 0), "-128");
  EXPECT_EQ(decimal("0080", 0), "128");
  EXPECT_EQ(decimal("7fffffffffffffffffffffffffffffff", 0), "170141183460469231731687303715884105727");
  EXPECT_EQ(decimal("80000000000000000000000000000000", 1), "-17014118346046923173168730371588410572.8");
  // More than 128 bits.
  EXPECT_EQ(decimal("0100000000000000000000000000000000", 0), "340282366920938463463374607431768211456");
  EXPECT_EQ(decimal("ff00000000000000000000000000000000", 40), "-0.0340282366920938463463374607431768211456");
  EXPECT_EQ(decimal("0100000000000000000000000000000000", 39), "0.340282366920938463463374607431768211456");
  std::string out = "x";
  EXPECT_FALSE(append_plain_decimal(out, "1", -1));
  EXPECT_FALSE(append_plain_decimal(out, "1", INT32_MAX));
  EXPECT_FALSE(append_plain_decimal(out, std::string(100'000, '1'), 0));
  EXPECT_EQ(out, "x");
}

TEST(CellText, NumbersAsJson) {
  const PlannedField any = field_of("double");
  EXPECT_EQ(json_of(any, real(Cell::Kind::Double, 9.25)), "9.25");
  EXPECT_EQ(json_of(any, real(Cell::Kind::Double, 1)), "1.0");
  EXPECT_EQ(json_of(any, real(Cell::Kind::Double, 0.1)), "0.1");
  EXPECT_EQ(json_of(any, real(Cell::Kind::Double, -0.0)), "-0.0");
  EXPECT_EQ(json_of(any, real(Cell::Kind::Float, double{0.1F})), "0.1") << "the shortest of a float";
  for (const double none : {NAN, INFINITY, -INFINITY}) {
    EXPECT_EQ(json_of(any, real(Cell::Kind::Double, none)), "null");
    EXPECT_EQ(json_of(any, real(Cell::Kind::Float, none)), "null");
  }
  EXPECT_EQ(text_of(any, real(Cell::Kind::Double, NAN)), "NaN");
  EXPECT_EQ(text_of(any, real(Cell::Kind::Double, -INFINITY)), "-Infinity");
  const PlannedField bigint = field_of("bigint");
  EXPECT_EQ(json_of(bigint, whole(Cell::Kind::Integer, 9'007'199'254'740'993)), "9007199254740993");
  EXPECT_EQ(json_of(bigint, whole(Cell::Kind::Integer, INT64_MIN)), "-9223372036854775808");
}

TEST(CellText, DoublesComeBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    double value;
    const uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::strtod(json_of(field_of("double"), real(Cell::Kind::Double, value)).c_str(), nullptr), value);
  }
}

TEST(CellText, TextAsJson) {
  const PlannedField field = field_of("string");
  EXPECT_EQ(json_of(field, text(Cell::Kind::Text, "a\"\\\n\x01z")), R"("a\"\\\n\u0001z")");
  EXPECT_EQ(json_of(field, text(Cell::Kind::Text, "grüße 😀")), "\"grüße 😀\"");
  EXPECT_EQ(json_of(field, text(Cell::Kind::Text, "a\xff\xc3(b")), "\"a\xEF\xBF\xBD\xEF\xBF\xBD(b\"");
  EXPECT_EQ(json_of(field, text(Cell::Kind::Text, "")), "\"\"");
  EXPECT_EQ(text_of(field, text(Cell::Kind::Text, "a\"\xff")), "a\"\xff") << "as it is";
  EXPECT_EQ(json_of(field_of("binary"), text(Cell::Kind::Bytes, from_hex("00ff80"))), "\"AP+A\"");
  EXPECT_EQ(text_of(field_of("binary"), text(Cell::Kind::Bytes, from_hex("00ff80"))), "AP+A");
}

TEST(CellText, StylesOfJson) {
  const JsonStyle rondb{.numeric_booleans = true};
  const JsonStyle feast{.rfc3339 = true};
  EXPECT_EQ(json_of(field_of("boolean"), whole(Cell::Kind::Boolean, 1), rondb), "1");
  EXPECT_EQ(json_of(field_of("boolean"), whole(Cell::Kind::Boolean, 0), rondb), "0");
  EXPECT_EQ(json_of(field_of("boolean"), whole(Cell::Kind::Boolean, 0), feast), "false");
  const Cell moment = whole(Cell::Kind::Timestamp, 1767323045678901);
  EXPECT_EQ(json_of(field_of("timestamp"), moment), "\"2026-01-02 03:04:05\"");
  EXPECT_EQ(json_of(field_of("timestamp"), moment, feast), "\"2026-01-02T03:04:05Z\"");
  EXPECT_EQ(json_of(field_of("timestamp", "timestamp(4)"), moment), "\"2026-01-02 03:04:05.6789\"");
  EXPECT_EQ(json_of(field_of("timestamp", "timestamp(4)"), moment, feast), "\"2026-01-02T03:04:05.678900Z\"");
  EXPECT_EQ(json_of(field_of("timestamp", "timestamp(6)"), whole(Cell::Kind::Timestamp, 500'000), feast),
            "\"1970-01-01T00:00:00.500Z\"");
  EXPECT_EQ(json_of(field_of("timestamp"), whole(Cell::Kind::Timestamp, INT64_MIN), feast),
            "\"-290308-12-21T19:59:05.224192Z\"") << "there is no whole second before it";
  EXPECT_EQ(json_of(field_of("date"), whole(Cell::Kind::Date, 20455), feast), "\"2026-01-02\"");
  EXPECT_EQ(json_of(field_of("decimal(6,2)"), text(Cell::Kind::Decimal, from_hex("3039")), feast), "123.45");
  EXPECT_EQ(text_of(field_of("timestamp", "timestamp(3)"), moment), "2026-01-02 03:04:05.678");
  EXPECT_EQ(text_of(field_of("boolean"), whole(Cell::Kind::Boolean, 1)), "true");
  EXPECT_EQ(text_of(field_of("int"), Cell()), "");
  EXPECT_EQ(json_of(field_of("int"), Cell()), "null");
}

struct Nested {
  std::string type;
  std::string_view hex;
  std::string json;
};
TEST(NestedJson, Values) {
  for (const Nested& each : std::vector<Nested>{
           {R"({"type":"array","items":"int"})", "00", "[]"},
           {R"({"type":"array","items":"int"})", "02 02 04 04 06 00", "[1,2,3]"},
           {R"({"type":"array","items":"int"})", "03 04 02 04 01 02 06 00", "[1,2,3]"},
           {R"({"type":"map","values":"int"})", "00", "{}"},
           {R"({"type":"map","values":["null","int"]})", "04 02 61 02 02 02 62 00 00", R"({"a":1,"b":null})"},
           {R"({"type":"map","values":"int"})", "02 06 61 22 ff 02 00", "{\"a\\\"\xEF\xBF\xBD\":1}"},
           {R"({"type":"record","name":"r","fields":[]})", "", "{}"},
           {R"({"type":"record","name":"r","fields":[{"name":"d","type":{"type":"int","logicalType":"date"}},
              {"name":"t","type":{"type":"long","logicalType":"timestamp-micros"}},
              {"name":"m","type":{"type":"long","logicalType":"timestamp-millis"}},
              {"name":"p","type":["null",{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}]},
              {"name":"b","type":"bytes"},{"name":"ok","type":"boolean"},{"name":"f","type":"float"}]})",
            "cebf02 eabcbae5ded7a306 01 02 043039 02ff 01 0000c07f",
            R"({"d":"2026-01-02","t":"2026-01-02 03:04:05.678901","m":"1969-12-31 23:59:59.999",)"
            R"("p":123.45,"b":"/w==","ok":true,"f":null})"},
           {R"(["null",{"type":"array","items":["string","null"]}])", "02 04 00 02 78 02 00", R"(["x",null])"}}) {
    const avro::SchemaPtr schema = avro::Schema::parse(each.type);
    std::string out = "x";
    EXPECT_TRUE(append_nested_json(out, schema->root(), from_hex(each.hex), {})) << each.type;
    EXPECT_EQ(out, "x" + each.json);
  }
}

TEST(NestedJson, RefusesWhatIsNoValue) {
  for (const Nested& each : std::vector<Nested>{
           {R"({"type":"array","items":"int"})", "", ""},
           {R"({"type":"array","items":"int"})", "02 02", ""},
           {R"({"type":"array","items":"int"})", "00 00", ""},
           {R"({"type":"array","items":"null"})", "feffffffffffffffff01 00", ""},
           {R"({"type":"array","items":"null"})", "ffffffffffffffffff01 00 00", ""},
           {R"({"type":"array","items":"string"})", "02 feffffffffffffffff01 00", ""},
           {R"({"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":5,"scale":99999}})",
            "02 02 01 00", ""},
           {R"(["null","int"])", "04", ""},
           {R"(["null","int"])", "01", ""},
           {R"("boolean")", "02", ""},
           {R"({"type":"enum","name":"e","symbols":["A"]})", "00", ""}}) {
    const avro::SchemaPtr schema = avro::Schema::parse(each.type);
    std::string out = "x";
    EXPECT_FALSE(append_nested_json(out, schema->root(), from_hex(each.hex), {})) << each.type << each.hex;
    EXPECT_EQ(out, "x");
  }
}

TEST(NestedJson, DepthHasALimit) {
  const avro::SchemaPtr schema = avro::Schema::parse(
      R"({"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]})");
  std::string out;
  EXPECT_TRUE(append_nested_json(out, schema->root(), std::string(20, '\2') + '\0', {}));
  EXPECT_EQ(out.substr(0, 16), R"({"next":{"next":)");
  EXPECT_FALSE(append_nested_json(out, schema->root(), std::string(100'000, '\2') + '\0', {}));
}

TEST(CellText, AComplexValueThatIsNoneIsNull) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  std::string out = "[";
  EXPECT_FALSE(append_cell_json(out, plan->fields()[6], text(Cell::Kind::Complex, "\x07"), {}));
  EXPECT_EQ(out, "[null");
}

}  // namespace
}  // namespace millrace::feature_store
