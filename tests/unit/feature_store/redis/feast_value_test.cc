#include "connectors/feature_store/redis/feast_value.h"

#include <gtest/gtest.h>

#include "connectors/feature_store/redis/entity_key.h"
#include "tests/support/java_program.h"
#include "tests/unit/feature_store/changes.h"

namespace millrace::feature_store {
namespace {

using millrace::testing_support::to_hex;
using testing_support::decimal_type;
using testing_support::kDate;
using testing_support::kTimestamp;
using testing_support::plan_of;
using testing_support::RowText;
using testing_support::schema_of;

/// The second field of a row with a key before it.
std::string value_of(const std::string& avro_type, const RowText& row) {
  FeatureGroup group;
  group.name = "g";
  group.primary_key = {"k"};
  const RowPlanPtr plan = plan_of(group, schema_of({{"k", "\"long\""}, {"v", avro_type}}));
  std::vector<Cell> cells(2);
  const std::string bytes = row;
  EXPECT_TRUE(plan->read(bytes, cells));
  std::string out;
  return append_feast_value(out, plan->fields()[1], cells[1]) ? to_hex(out) : "failed";
}
RowText row() {
  return RowText().whole(1);
}

TEST(FeastValue, VectorsOfTheContract) {
  EXPECT_EQ(value_of("\"double\"", row().real(0.5)), "29000000000000e03f");
  EXPECT_EQ(value_of("\"long\"", row().whole(42)), "202a");
  EXPECT_EQ(value_of("\"string\"", row().bytes("hi")), "12026869");
  EXPECT_EQ(value_of("\"string\"", row().null()), "") << "not 980100: Feast's SDK takes it for a 0";
  std::string ts;
  append_feast_timestamp(ts, 1'767'323'045'678'901);
  EXPECT_EQ(to_hex(ts), "08a5ebdcca061088eadcc302");
}

TEST(FeastValue, OtherScalars) {
  EXPECT_EQ(value_of("\"int\"", row().whole(0)), "1800");
  EXPECT_EQ(value_of("\"int\"", row().whole(-1)), "18ffffffffffffffffff01");
  EXPECT_EQ(value_of("\"float\"", row().small_real(1.5F)), "350000c03f");
  EXPECT_EQ(value_of("\"boolean\"", row().truth(false)), "3800");
  EXPECT_EQ(value_of("\"boolean\"", row().truth(true)), "3801");
  EXPECT_EQ(value_of("\"bytes\"", row().bytes(std::string("\0\x01", 2))), "0a020001");
  EXPECT_EQ(value_of(kDate, row().whole(1)), "4080a305");
  EXPECT_EQ(value_of(kDate, row().whole(0)), "4000");
  EXPECT_EQ(value_of(decimal_type(6, 2), row().bytes("\x30\x39")), "e202063132332e3435");
}

TEST(FeastValue, TimestampsAreSecondsRoundedDown) {
  EXPECT_EQ(value_of(kTimestamp, row().whole(1'999'999)), "4001");
  EXPECT_EQ(value_of(kTimestamp, row().whole(-1)), "40ffffffffffffffffff01");
}

/// Bytes of a complex cell, behind the branch that is not null.
std::string nested(const std::function<void(avro::Writer&)>& write) {
  std::string out;
  avro::Writer writer(out);
  writer.write_long(1);
  write(writer);
  return out;
}
const std::string kDoubles = R"({"type":"array","items":["null","double"]})";

TEST(FeastValue, ArraysAreListsOfTheirItems) {
  const auto doubles = nested([](avro::Writer& out) {
    out.write_long(-2);  // with its size
    out.write_long(18);
    for (const double value : {0.5, 1.5}) {
      out.write_long(1);
      out.write_double(value);
    }
    out.write_long(0);
  });
  EXPECT_EQ(value_of(kDoubles, row().bytes(doubles)), "7a120a10000000000000e03f000000000000f83f");
  const auto texts = nested([](avro::Writer& out) {
    out.write_long(2);
    out.write_bytes("a");
    out.write_bytes("");
    out.write_long(0);
  });
  EXPECT_EQ(value_of(R"({"type":"array","items":"string"})", row().bytes(texts)), "62050a01610a00");
  const auto none = nested([](avro::Writer& out) { out.write_long(0); });
  EXPECT_EQ(value_of(kDoubles, row().bytes(none)), "7a00");
  const auto dates = nested([](avro::Writer& out) {
    out.write_long(1);
    out.write_long(1);
    out.write_long(0);
  });
  EXPECT_EQ(value_of(R"({"type":"array","items":)" + kDate + "}", row().bytes(dates)),
            "9201050a0380a305");
}

TEST(FeastValue, AListWithANullIsAListOfValues) {
  const auto values = nested([](avro::Writer& out) {
    out.write_long(2);
    out.write_long(1);
    out.write_double(1.5);
    out.write_long(0);
    out.write_long(0);
  });
  EXPECT_EQ(value_of(kDoubles, row().bytes(values)), "d2020d0a0929000000000000f83f0a00");
}

TEST(FeastValue, RecordsAreStructsAndMapsAreMaps) {
  const std::string record =
      R"({"type":"record","name":"p","fields":[{"name":"a","type":["null","long"]}]})";
  const auto one = nested([](avro::Writer& out) {
    out.write_long(1);
    out.write_long(7);
  });
  EXPECT_EQ(value_of(record, row().bytes(one)),
            "9202090a070a0161120220"
            "07");
  const auto map = nested([](avro::Writer& out) {
    out.write_long(1);
    out.write_bytes("k");
    out.write_long(1);
    out.write_long(7);
    out.write_long(0);
  });
  EXPECT_EQ(value_of(R"({"type":"map","values":["null","long"]})", row().bytes(map)),
            "a201090a070a016b12022007");
}

TEST(FeastValue, BytesThatAreNoSuchValueAreRefused) {
  EXPECT_EQ(value_of(kDoubles, row().bytes(std::string("\x02\x02", 2))), "failed");
  EXPECT_EQ(value_of(kDoubles, row().bytes(std::string("\x02\x00\x00", 3))),
            "failed");                                                   // bytes behind it
  EXPECT_EQ(value_of(kDoubles, row().bytes(std::string(1, '\0'))), "");  // Python's null
}

TEST(EntityKeys, VectorsOfTheContract) {
  const KeySchema key({"driver_id"}, {parse_feature_type("bigint")});
  std::string out;
  Cell cell;
  cell.kind = Cell::Kind::Integer;
  cell.integer = 1001;
  ASSERT_TRUE(EntityKeys(key, {}, "demo").append(out, {&cell, 1}));
  EXPECT_EQ(to_hex(out),
            "01000000020000000900000064726976"
            "65725f69640400000008000000e90300"
            "000000000064656d6f");
  EXPECT_EQ(to_hex(feast_field("driver_stats", "conv_rate")), "fa731014");
}

TEST(EntityKeys, JoinKeysAreSortedByTheirNamesAndWidthsAreThoseOfTheTypes) {
  const KeySchema key({"a", "b"}, {parse_feature_type("int"), parse_feature_type("string")});
  std::vector<Cell> cells(2);
  cells[0].kind = Cell::Kind::Integer;
  cells[0].integer = -2;
  cells[1].kind = Cell::Kind::Text;
  cells[1].bytes = "x";
  std::string plain;
  ASSERT_TRUE(EntityKeys(key, {}, "").append(plain, cells));
  EXPECT_EQ(to_hex(plain),
            "0200000002000000010000006102000000010000006203000000"
            "04000000feffffff020000000100000078");
  std::string renamed;
  ASSERT_TRUE(EntityKeys(key, {{"z", "a"}}, "").append(renamed, cells));
  EXPECT_EQ(to_hex(renamed),
            "020000000200000001000000620200000001000000"
            "7a"
            "020000000100000078"
            "0300000004000000feffffff");
}

TEST(EntityKeys, Murmur3OfKnownTexts) {
  EXPECT_EQ(murmur3_32(""), 0U);
  EXPECT_EQ(murmur3_32("", 1), 0x514E28B7U);
  EXPECT_EQ(murmur3_32("test"), 0xba6bd213U);
  EXPECT_EQ(murmur3_32("Hello, world!"), 0xc0363e43U);
}

}  // namespace
}  // namespace millrace::feature_store
