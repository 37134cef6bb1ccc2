// Rows as each client of Hopsworks writes them, byte for byte (feature-store-sink.md §3, §4).

#include "connectors/avro/binary.h"
#include "tests/unit/feature_store/wire/fixture.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kKey4711 = "80 00 00 00 00 00 12 67";

TEST(GoldenRow, OfTheContract) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  const Scan result = scan(*plan, kTxnRow);
  ASSERT_FALSE(result.failure) << result.failure.reason;
  EXPECT_EQ(result.key, from_hex(kKey4711));
  EXPECT_TRUE(result.row.has_event_time);
  EXPECT_EQ(result.row.event_time_us, 1767323045678901);
  EXPECT_EQ(json_of(*plan, kTxnRow),
            R"([4711,"2026-01-02 03:04:05",9.25,"2026-01-02",123.45,true,[1.5,null],{"lat":59.5,"lon":null}])");
}

TEST(GoldenRow, NegativeDecimal) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  const std::string row = from_hex("02ce49 00 00 00 0204cfc7 00 00 00");
  EXPECT_FALSE(scan(*plan, row).failure);
  EXPECT_EQ(json_of(*plan, row), "[4711,null,null,null,-123.45,null,null,null]");
}

TEST(GoldenRow, BothEncodingsOfANullComplexValue) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  for (const std::string_view tail : {"020200 020200", "00 00", "020200 00"}) {
    const std::string row = from_hex("02ce49 00 00 00 00 00 " + std::string(tail));
    EXPECT_FALSE(scan(*plan, row).failure);
    const std::vector<Cell> cells = read(*plan, row);
    EXPECT_TRUE(cells[6].is_null());
    EXPECT_TRUE(cells[7].is_null());
    EXPECT_EQ(json_of(*plan, row), "[4711,null,null,null,null,null,null,null]");
  }
}

TEST(GoldenRow, Deletes) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  for (const std::string_view tail : {"00 00 00 00 00 020200 020200", "00 00 00 00 00 00 00"}) {
    const Scan result = scan(*plan, from_hex("02ce49 " + std::string(tail)), true);
    ASSERT_FALSE(result.failure) << result.failure.reason;
    EXPECT_EQ(result.key, from_hex(kKey4711));
    EXPECT_FALSE(result.row.has_event_time);
  }
}

TEST(GoldenRow, NullBehindTheValueInTheUnion) {
  const RowPlanPtr plan = plan_of_fields(
      R"({"name":"id","type":["long","null"]},{"name":"b","type":["bytes","null"]},
         {"name":"s","type":["string","null"]},
         {"name":"a","type":[{"type":"array","items":["double","null"]},"null"]})",
      keyed_by({"id"}));
  // The outer union of a complex value is always null first: it is the client that makes it.
  const std::string row = from_hex("00 0a  00 04 6869  02  02 1a 00 04 00 000000000000f83f 02 00");
  const Scan result = scan(*plan, row);
  ASSERT_FALSE(result.failure) << result.failure.reason;
  EXPECT_EQ(json_of(*plan, row), R"([5,"aGk=",null,[1.5,null]])");
  const std::string python_null = from_hex("00 0a 02 02 02 02 02");
  EXPECT_FALSE(scan(*plan, python_null).failure);
  EXPECT_EQ(json_of(*plan, python_null), "[5,null,null,null]");
}

TEST(GoldenRow, EncodedSchemaInTheRegistry) {
  // The registry has bytes, and the group knows the type; branch order is the schema's.
  FeatureGroup group = keyed_by({"id"});
  group.complex_types["a"] = "array<double>";
  group.feature_types["m"] = parse_feature_type("map<string,int>");
  const RowPlanPtr plan = plan_of_fields(
      R"({"name":"id","type":"long"},{"name":"a","type":["bytes","null"]},
         {"name":"m","type":["null","bytes"]},{"name":"b","type":["null","bytes"]})",
      group);
  const std::string row = from_hex("0a 00 18 02 02 02 000000000000f83f 00  02 0e 02 02 02 6b 02 08 00 02 04 6869");
  const Scan result = scan(*plan, row);
  ASSERT_FALSE(result.failure) << result.failure.reason << " " << result.failure.field;
  EXPECT_EQ(json_of(*plan, row), R"([5,[1.5],{"k":4},"aGk="])");
  EXPECT_EQ(json_of(*plan, from_hex("0a 02 00 00")), "[5,null,null,null]");
  EXPECT_EQ(json_of(*plan, from_hex("0a 00 02 00 02 02 00 00")), "[5,null,null,null]");
}

TEST(GoldenRow, FieldsWithoutUnionAndUnionsOfOne) {
  const RowPlanPtr plan = plan_of_fields(
      R"({"name":"id","type":"long"},{"name":"s","type":"string"},{"name":"one","type":["int"]},
         {"name":"ok","type":"boolean"},{"name":"f","type":"float"})",
      keyed_by({"s", "id"}));
  const std::string row = from_hex("0a 02 78 00 03 01 0000c03f");
  const Scan result = scan(*plan, row);
  ASSERT_FALSE(result.failure) << result.failure.reason;
  EXPECT_EQ(result.key, from_hex("78 0000 8000000000000005")) << "in the order of declaration";
  EXPECT_EQ(json_of(*plan, row), R"([5,"x",-2,true,1.5])");
  EXPECT_EQ(json_of(*plan, row, {.numeric_booleans = true}), R"([5,"x",-2,1,1.5])");
}

TEST(GoldenRow, MillisecondsAreTimestampsToo) {
  const RowPlanPtr plan = plan_of_fields(
      R"({"name":"id","type":["null","long"]},
         {"name":"at","type":[{"type":"long","logicalType":"timestamp-millis"},"null"]})",
      keyed_by({"id"}, "at"));
  std::string row = from_hex("02 0a 00");
  avro::Writer(row).write_long(1767323045678);
  const Scan result = scan(*plan, row);
  ASSERT_FALSE(result.failure) << result.failure.reason;
  EXPECT_EQ(result.row.event_time_us, 1767323045678000);
  std::string far = from_hex("02 0a 00");
  avro::Writer(far).write_long(INT64_MAX / 2);
  EXPECT_EQ(scan(*plan, far).failure.type, FailureType::Deserialization);
}

struct EventTime {
  std::string type;
  int64_t value;
  int64_t micros;
};
TEST(GoldenRow, EventTimesOfOtherTypes) {
  for (const EventTime& each : std::vector<EventTime>{
           {R"({"type":"int","logicalType":"date"})", 20455, 20455 * 86'400'000'000},
           {R"({"type":"int","logicalType":"date"})", -1, -86'400'000'000},
           {R"("long")", 1'767'323'045, 1'767'323'045'000'000},          // seconds
           {R"("long")", 1'767'323'045'678, 1'767'323'045'678'000},      // milliseconds
           {R"("int")", 1'767'323'045, 1'767'323'045'000'000}}) {
    const RowPlanPtr plan = plan_of_fields(
        R"({"name":"id","type":"long"},{"name":"at","type":)" + each.type + "}", keyed_by({"id"}, "at"));
    std::string row = from_hex("0a");
    avro::Writer(row).write_long(each.value);
    const Scan result = scan(*plan, row);
    ASSERT_FALSE(result.failure) << result.failure.reason;
    EXPECT_TRUE(result.row.has_event_time);
    EXPECT_EQ(result.row.event_time_us, each.micros) << each.type << " " << each.value;
  }
}

TEST(GoldenRow, BlocksWithSizesAndSeveralBlocks) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  // recent = [1.5, null] in two blocks, the first with a negative count and its size.
  const std::string row =
      from_hex("02ce49 00 00 00 00 00 02 1e 02 01 12 02 000000000000f83f 02 00 00 00");
  const Scan result = scan(*plan, row);
  ASSERT_FALSE(result.failure) << result.failure.reason;
  EXPECT_EQ(json_of(*plan, row), "[4711,null,null,null,null,null,[1.5,null],null]");
}

TEST(GoldenRow, OnlyWantedFieldsAreRead) {
  const RowPlanPtr plan = plan_of(kTxnSchema);
  const std::vector<uint32_t> wanted = {0, 3, 5};
  std::vector<Cell> cells(wanted.size());
  const std::string_view upto_ok = std::string_view(kTxnRow).substr(0, kTxnRow.size() - 28);
  ASSERT_TRUE(plan->read(upto_ok, wanted, cells)) << "what is behind the last one is not looked at";
  EXPECT_EQ(cells[0].integer, 4711);
  EXPECT_EQ(cells[1].integer, 20455);
  EXPECT_EQ(cells[2].integer, 1);
  EXPECT_FALSE(plan->read(upto_ok.substr(0, 3), wanted, cells));
  EXPECT_FALSE(plan->read(kTxnRow, std::vector<uint32_t>{99}, std::span(cells).first(1)));
}

}  // namespace
}  // namespace millrace::feature_store
