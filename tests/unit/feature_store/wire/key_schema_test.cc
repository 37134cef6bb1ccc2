#include "connectors/feature_store/wire/key_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "connectors/scalars/decimal_bytes.h"
#include "millrace/errors.h"
#include "tests/unit/feature_store/wire/fixture.h"

namespace millrace::feature_store {
namespace {

Cell number(Cell::Kind kind, int64_t value) {
  Cell cell;
  cell.kind = kind;
  cell.integer = value;
  return cell;
}
Cell bytes(Cell::Kind kind, std::string_view value) {
  Cell cell;
  cell.kind = kind;
  cell.bytes = value;
  return cell;
}

KeySchema one(const char* type) { return KeySchema({"k"}, {parse_feature_type(type)}); }

std::string key_of(const char* type, const Cell& cell) {
  std::string out;
  const char* error = one(type).append_all(out, std::vector<Cell>{cell});
  return error == nullptr ? out : "refused";
}

TEST(KeySchema, BytesOfTheContract) {
  EXPECT_EQ(key_of("boolean", number(Cell::Kind::Boolean, 1)), from_hex("01"));
  EXPECT_EQ(key_of("tinyint", number(Cell::Kind::Integer, -1)), from_hex("7f"));
  EXPECT_EQ(key_of("smallint", number(Cell::Kind::Integer, 1)), from_hex("8001"));
  EXPECT_EQ(key_of("int", number(Cell::Kind::Integer, INT32_MIN)), from_hex("00000000"));
  EXPECT_EQ(key_of("bigint", number(Cell::Kind::Integer, 4711)), from_hex("8000000000001267"));
  EXPECT_EQ(key_of("date", number(Cell::Kind::Date, 0)), from_hex("80000000"));
  EXPECT_EQ(key_of("timestamp", number(Cell::Kind::Timestamp, -1)), from_hex("7fffffffffffffff"));
  EXPECT_EQ(key_of("string", bytes(Cell::Kind::Text, std::string_view("a\0b", 3))), from_hex("61 00ff 62 0000"));
  EXPECT_EQ(key_of("binary", bytes(Cell::Kind::Bytes, "")), from_hex("0000"));
  EXPECT_EQ(key_of("decimal(6,2)", bytes(Cell::Kind::Decimal, from_hex("3039"))),
            from_hex("80000000000000000000000000003039"));
  EXPECT_EQ(key_of("decimal(6,2)", bytes(Cell::Kind::Decimal, from_hex("cfc7"))),
            from_hex("7fffffffffffffffffffffffffffcfc7"));
}

TEST(KeySchema, RefusesWhatIsNoKey) {
  EXPECT_THROW(one("float"), DataException);
  EXPECT_THROW(one("double"), DataException);
  EXPECT_THROW(one("array<int>"), DataException);
  EXPECT_THROW(KeySchema({}, {}), DataException);
  for (const char* type : {"boolean", "int", "string", "decimal(3,1)", "date"}) {
    EXPECT_EQ(key_of(type, Cell()), "refused") << type;
  }
  EXPECT_EQ(key_of("tinyint", number(Cell::Kind::Integer, 128)), "refused");
  EXPECT_EQ(key_of("int", number(Cell::Kind::Integer, int64_t{1} << 31)), "refused");
  EXPECT_EQ(key_of("boolean", number(Cell::Kind::Integer, 1)), "refused");
  EXPECT_EQ(key_of("boolean", number(Cell::Kind::Boolean, 2)), "refused");
  EXPECT_EQ(key_of("date", number(Cell::Kind::Integer, 1)), "refused");
  EXPECT_EQ(key_of("string", bytes(Cell::Kind::Bytes, "x")), "refused");
  EXPECT_EQ(key_of("string", bytes(Cell::Kind::Complex, "x")), "refused");
  EXPECT_EQ(key_of("decimal(2,1)", bytes(Cell::Kind::Decimal, from_hex("64"))), "refused") << "10.0";
  EXPECT_EQ(key_of("decimal(38,0)", bytes(Cell::Kind::Decimal, std::string(17, '\x7f'))), "refused");
}

TEST(KeySchema, TakesOtherScalesWhenNothingIsLost) {
  const KeySchema schema = one("decimal(6,2)");
  const std::string expected = key_of("decimal(6,2)", bytes(Cell::Kind::Decimal, from_hex("64")));  // 1.00
  struct Case {
    const char* unscaled;
    int32_t scale;
    bool fits;
  };
  for (const Case& each : std::vector<Case>{{"01", 0, true}, {"0a", 1, true}, {"03e8", 3, true}, {"03e9", 3, false},
                                            {"01", -2147483647, false}, {"01", 2147483647, false}}) {
    std::string out = "before";
    const char* error = schema.append(out, 0, bytes(Cell::Kind::Decimal, from_hex(each.unscaled)), each.scale);
    EXPECT_EQ(error == nullptr, each.fits) << each.scale;
    EXPECT_EQ(out, each.fits ? "before" + expected : "before");
  }
}

TEST(KeySchema, AFailureLeavesTheKeyAsItWas) {
  const KeySchema schema({"a", "b"}, {parse_feature_type("int"), parse_feature_type("string")});
  std::string out = "x";
  EXPECT_NE(schema.append_all(out, std::vector<Cell>{number(Cell::Kind::Integer, 1), Cell()}), nullptr);
  EXPECT_EQ(out, "x");
}

TEST(KeySchema, WhatIsNoKeyIsNotRead) {
  const KeySchema schema({"a", "b"}, {parse_feature_type("boolean"), parse_feature_type("string")});
  std::vector<Cell> cells;
  std::vector<std::string> texts;
  EXPECT_TRUE(schema.read(from_hex("01 61 0000"), cells, texts));
  for (const char* none : {"", "01", "02 0000", "01 61", "01 6100", "01 610001", "01 61 0000 00", "01 00ff"}) {
    EXPECT_FALSE(schema.read(from_hex(none), cells, texts)) << none;
  }
}

/// Keys of random values, as cells and as what they sort by.
class RandomKeys {
 public:
  explicit RandomKeys(uint64_t seed) : random_(seed) {}
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

  std::string text() {
    std::string out;
    for (size_t i = below(5); i > 0; --i) out.push_back("\0\1\xff" "ab"[below(5)]);
    return out;
  }
  int64_t whole(int bits) {
    const auto value = static_cast<int64_t>(random_()) >> (64 - bits);
    return below(4) == 0 ? value : value >> below(static_cast<size_t>(bits));
  }

 private:
  std::mt19937_64 random_;
};

TEST(KeySchema, SortsAsItsValuesDo) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomKeys random(seed);
  const KeySchema schema({"s", "n", "d", "b"}, {parse_feature_type("string"), parse_feature_type("int"),
                                                parse_feature_type("decimal(30,3)"), parse_feature_type("binary")});
  struct Row {
    std::tuple<std::string, int64_t, int64_t, std::string> value;
    std::string key;
  };
  std::vector<Row> rows;
  for (int i = 0; i < 400; ++i) {
    Row row;
    row.value = {random.text(), random.whole(32), random.whole(60), random.text()};
    const auto& [text, whole, decimal, blob] = row.value;
    const std::string unscaled = decimal_bytes(decimal);
    const std::vector<Cell> cells = {bytes(Cell::Kind::Text, text), number(Cell::Kind::Integer, whole),
                                     bytes(Cell::Kind::Decimal, unscaled), bytes(Cell::Kind::Bytes, blob)};
    ASSERT_EQ(schema.append_all(row.key, cells), nullptr);
    std::vector<Cell> again;
    std::vector<std::string> texts;
    ASSERT_TRUE(schema.read(row.key, again, texts));
    EXPECT_EQ(again[0].bytes, text);
    EXPECT_EQ(again[1].integer, whole);
    EXPECT_EQ(int128_of(again[2].bytes), Int128{decimal});
    EXPECT_EQ(again[3].bytes, blob);
    rows.push_back(std::move(row));
  }
  // std::string compares bytes without their sign, as stores do.
  for (const Row& a : rows) {
    for (const Row& b : rows) {
      ASSERT_EQ(a.value < b.value, a.key < b.key);
      ASSERT_EQ(a.value == b.value, a.key == b.key);
    }
  }
}

TEST(KeySchema, ReadsBackEveryWidth) {
  struct Case {
    const char* type;
    Cell::Kind kind;
    std::vector<int64_t> values;
  };
  for (const Case& each : std::vector<Case>{
           {"boolean", Cell::Kind::Boolean, {0, 1}},
           {"tinyint", Cell::Kind::Integer, {-128, -1, 0, 127}},
           {"smallint", Cell::Kind::Integer, {-32768, -1, 0, 32767}},
           {"int", Cell::Kind::Integer, {INT32_MIN, -1, 0, INT32_MAX}},
           {"bigint", Cell::Kind::Integer, {INT64_MIN, -1, 0, INT64_MAX}},
           {"date", Cell::Kind::Date, {INT32_MIN, -719'529, 0, INT32_MAX}},
           {"timestamp", Cell::Kind::Timestamp, {INT64_MIN, -1, 0, INT64_MAX}}}) {
    const KeySchema schema = one(each.type);
    std::string previous;
    for (const int64_t value : each.values) {
      std::string key;
      ASSERT_EQ(schema.append_all(key, std::vector<Cell>{number(each.kind, value)}), nullptr);
      EXPECT_TRUE(previous.empty() || previous < key) << each.type << " " << value;
      std::vector<Cell> cells;
      std::vector<std::string> texts;
      ASSERT_TRUE(schema.read(key, cells, texts));
      EXPECT_EQ(cells[0].kind, each.kind);
      EXPECT_EQ(cells[0].integer, value) << each.type;
      previous = key;
    }
  }
}

}  // namespace
}  // namespace millrace::feature_store
