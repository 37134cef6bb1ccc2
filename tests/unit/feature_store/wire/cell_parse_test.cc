#include "connectors/feature_store/wire/cell_parse.h"

#include <cmath>
#include <random>

#include "millrace/text.h"
#include "tests/unit/feature_store/wire/random_rows.h"

namespace millrace::feature_store {
namespace {

class CellOf : public testing::Test {
 protected:
  /// The cell as JSON again, or why there is none.
  std::string read(const char* type, std::string_view text) {
    PlannedField field;
    field.type = parse_feature_type(type);
    field.column = field.type.kind == FeatureKind::Timestamp ? parse_column_type("timestamp(6)")
                                                             : default_column_type(field.type);
    Cell cell;
    if (const char* why = cell_of(json(text, arena_), field.type, arena_, cell)) return why;
    std::string out;
    append_cell_json(out, field, cell, {});
    return out;
  }
  void expect_refused(const char* type, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) {
      Cell cell;
      EXPECT_NE(cell_of(json(text, arena_), parse_feature_type(type), arena_, cell), nullptr)
          << type << " " << text;
    }
  }
  Arena arena_;
};

TEST_F(CellOf, Null) {
  for (const char* type : {"int", "string", "array<int>", "decimal(3,1)"}) EXPECT_EQ(read(type, "null"), "null");
}

TEST_F(CellOf, WholeNumbers) {
  EXPECT_EQ(read("bigint", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(read("bigint", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(read("bigint", "9007199254740993"), "9007199254740993");
  EXPECT_EQ(read("int", "3.0"), "3") << "no fraction";
  EXPECT_EQ(read("int", "2e3"), "2000");
  EXPECT_EQ(read("tinyint", "-128"), "-128");
  expect_refused("tinyint", {"128", "-129"});
  expect_refused("smallint", {"32768"});
  expect_refused("int", {"2147483648", "1.5", "\"1\"", "true", "[]", "1e400000000"});
  expect_refused("bigint", {"9223372036854775808", "1e19", "0.1"});
}

TEST_F(CellOf, Booleans) {
  EXPECT_EQ(read("boolean", "true"), "true");
  EXPECT_EQ(read("boolean", "0"), "false");
  expect_refused("boolean", {"2", "\"true\"", "0.5"});
}

TEST_F(CellOf, Reals) {
  EXPECT_EQ(read("double", "1"), "1.0");
  EXPECT_EQ(read("double", "0.1"), "0.1");
  EXPECT_EQ(read("double", "1.7976931348623157e308"), "1.7976931348623157E308");
  EXPECT_EQ(read("float", "0.1"), "0.1");
  EXPECT_EQ(read("double", "1e-400"), "0.0");
  expect_refused("double", {"1e309", "\"1\"", "{}"});
  expect_refused("float", {"1e39"});
}

TEST_F(CellOf, Decimals) {
  EXPECT_EQ(read("decimal(6,2)", "123.45"), "123.45");
  EXPECT_EQ(read("decimal(6,2)", "\"-123.4\""), "-123.40");
  EXPECT_EQ(read("decimal(6,2)", "1e3"), "1000.00");
  EXPECT_EQ(read("decimal(38,0)", "99999999999999999999999999999999999999"),
            "99999999999999999999999999999999999999");
  EXPECT_EQ(read("decimal(38,38)", "-0.00000000000000000000000000000000000001"),
            "-0.00000000000000000000000000000000000001");
  expect_refused("decimal(6,2)", {"10000", "0.001", "\"x\"", "\"\"", "true", "1e999999999", "1e-999999999"});
}

TEST_F(CellOf, Dates) {
  EXPECT_EQ(read("date", "\"2026-01-02\""), "\"2026-01-02\"");
  EXPECT_EQ(read("date", "-1"), "\"1969-12-31\"");
  expect_refused("date", {"\"2026-02-30\"", "\"2026-1-2\"", "\"\"", "2147483648", "\"2026-01-02T00:00\""});
}

TEST_F(CellOf, Timestamps) {
  const char* expected = "\"2026-01-02 03:04:05.678900\"";
  EXPECT_EQ(read("timestamp", "\"2026-01-02 03:04:05.6789\""), expected);
  EXPECT_EQ(read("timestamp", "\"2026-01-02T03:04:05.6789Z\""), expected);
  EXPECT_EQ(read("timestamp", "\"2026-01-02T05:04:05.6789+02:00\""), expected);
  EXPECT_EQ(read("timestamp", "1767323045678"), "\"2026-01-02 03:04:05.678000\"");
  EXPECT_EQ(read("timestamp", "\"2026-01-02\""), "\"2026-01-02 00:00:00.000000\"");
  expect_refused("timestamp", {"\"\"", "\"now\"", "\"2026-01-02 25:00:00\"", "9223372036854775807", "1.5"});
}

TEST_F(CellOf, TextsAndBytes) {
  EXPECT_EQ(read("string", "\"a\\u00df\""), "\"aß\"");
  EXPECT_EQ(read("binary", "\"AP+A\""), "\"AP+A\"");
  expect_refused("string", {"1", "[]"});
  expect_refused("binary", {"\"AP+\"", "\"?\"", "1"});
  expect_refused("array<int>", {"[1]"});
}

TEST_F(CellOf, ValuesOfConverters) {
  Cell cell;
  EXPECT_EQ(cell_of(Value::int16(7), parse_feature_type("bigint"), arena_, cell), nullptr);
  EXPECT_EQ(cell.integer, 7);
  EXPECT_EQ(cell_of(Value::float32(0.5F), parse_feature_type("double"), arena_, cell), nullptr);
  EXPECT_EQ(cell.real, 0.5);
  EXPECT_EQ(cell_of(Value::float64(NAN), parse_feature_type("float"), arena_, cell), nullptr);
  EXPECT_TRUE(std::isnan(cell.real));
  EXPECT_EQ(cell_of(Value::date(1767323045678), parse_feature_type("timestamp"), arena_, cell), nullptr);
  EXPECT_EQ(cell.integer, 1767323045678000);
  EXPECT_EQ(cell_of(Value::date(-1), parse_feature_type("date"), arena_, cell), nullptr);
  EXPECT_EQ(cell.integer, -1);
  EXPECT_NE(cell_of(Value::date(INT64_MAX), parse_feature_type("timestamp"), arena_, cell), nullptr);
  const uint8_t raw[] = {0, 255};
  EXPECT_EQ(cell_of(Value::bytes(raw), parse_feature_type("binary"), arena_, cell), nullptr);
  EXPECT_EQ(cell.bytes, from_hex("00ff"));
}

TEST(RowEncoder, WritesTheRowOfTheContract) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  EXPECT_EQ(row_of(plan, {"4711", "\"2026-01-02 03:04:05.678901\"", "9.25", "\"2026-01-02\"", "123.45", "true",
                          "[1.5,null]", R"({"lat":59.5,"lon":null})"}),
            kTxnRow);
  EXPECT_EQ(row_of(plan, {"4711", "null", "null", "null", "null", "null", "null", "null"}),
            from_hex("02ce49 00 00 00 00 00 00 00"));
}

TEST(RowEncoder, RefusesWhatTheSchemaDoesNotTake) {
  const RowPlanPtr plan = plan_of_fields(
      R"({"name":"id","type":"long"},{"name":"a","type":["null",{"type":"array","items":"int"}]},
         {"name":"s","type":{"type":"record","name":"inner","fields":[{"name":"x","type":"int"},
         {"name":"y","type":["null","int"]}]}})",
      keyed_by({"id"}));
  const RowEncoder encoder(plan);
  Arena arena;
  std::string out = "x";
  std::vector<Cell> cells(3);
  EXPECT_NE(encoder.encode(cells, out), nullptr) << "null without a union";
  cells[0].kind = Cell::Kind::Text;
  EXPECT_NE(encoder.encode(cells, out), nullptr);
  EXPECT_NE(encoder.encode(std::span(cells).first(2), out), nullptr);
  EXPECT_NE(encoder.encode_complex(0, json("1", arena), out), nullptr);
  for (const char* none : {"[1,null]", "[\"x\"]", "{}", "5", "[2147483648]", "[[1]]"}) {
    EXPECT_NE(encoder.encode_complex(1, json(none, arena), out), nullptr) << none;
  }
  for (const char* none : {"{}", "{\"y\":1}", "{\"x\":1,\"z\":2}", "[]", "null", "{\"x\":null}"}) {
    EXPECT_NE(encoder.encode_complex(2, json(none, arena), out), nullptr) << none;
  }
  EXPECT_EQ(out, "x") << "as it was";
  out.clear();
  EXPECT_EQ(encoder.encode_complex(2, json("{\"x\":1}", arena), out), nullptr);
  EXPECT_EQ(out, from_hex("02 00"));
}

TEST(RowEncoder, RandomRowsComeBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRows random(seed);
  for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
    const RowPlanPtr plan = random.plan();
    SCOPED_TRACE(plan->schema()->to_text());
    const std::vector<std::string> values = random_values(random, *plan);
    const std::string row = row_of(plan, values);
    const Scan result = scan(*plan, row);
    EXPECT_FALSE(result.failure) << result.failure.reason << " " << result.failure.field;
    const std::string written = json_of(*plan, row);
    EXPECT_EQ(written, "[" + join(values, ",") + "]");
    std::vector<Cell> cells = read(*plan, row);
    std::string again;
    const char* error = RowEncoder(plan).encode(cells, again);
    ASSERT_EQ(error, nullptr);
    EXPECT_EQ(json_of(*plan, again), written);
  }
}

}  // namespace
}  // namespace millrace::feature_store
