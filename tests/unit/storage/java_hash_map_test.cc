#include "runtime/storage/java_hash_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "millrace/errors.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

// The empty map of the contract, cut where a test replaces something.
const std::string kStart =
    from_hex("aced0005737200116a6176612e7574696c2e486173684d61700507dac1c31660d103000246000a6c6f61"
             "64466163746f724900097468726573686f6c647870");
const std::string kEmpty = kStart + from_hex("3f400000000000007708000000100000000078");
const std::string kArrayClass = from_hex("757200025b42acf317f8060854e00200007870");
const std::string kAgain = from_hex("7571007e0002");

std::string int32_bytes(uint32_t v) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(v >> shift);
  return out;
}

std::string map_of(uint32_t size, const std::string& entries, const std::string& end = "x") {
  return kStart + from_hex("3f4000000000000c770800000010") + int32_bytes(size) + entries + end;
}

std::string refusal(std::string_view bytes) {
  try {
    read_java_map(bytes);
  } catch (const ConnectException& error) {
    return error.what();
  }
  return "accepted";
}

TEST(JavaHashMapTest, TheEmptyMapHasTheBytesJavaWrites) {
  EXPECT_EQ(write_java_map({}), kEmpty);
  EXPECT_EQ(kEmpty.size(), 82U);
  EXPECT_TRUE(read_java_map(kEmpty).empty());
}

TEST(JavaHashMapTest, OneEntryHasTheBytesJavaWrites) {
  const std::string expected = map_of(1, kArrayClass + int32_bytes(1) + "k" + kAgain +
                                             int32_bytes(2) + "vv");
  EXPECT_EQ(write_java_map({{"k", "vv"}}), expected);
}

TEST(JavaHashMapTest, ReadsBackWhatItWrote) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto text = [&random] {
    std::string out(random() % 40, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  };
  for (const size_t size : {1U, 12U, 13U, 24U, 25U, 1000U}) {
    OffsetEntries entries;
    while (entries.size() < size) {
      std::optional<std::string> value;
      if (random() % 4 != 0) value = text();
      entries.insert_or_assign(text(), value);
    }
    EXPECT_EQ(read_java_map(write_java_map(entries)), entries) << size;
  }
}

// HashMap.readObject ignores the capacity, but a wrong one would not be Java's own file.
TEST(JavaHashMapTest, CapacityAndThresholdGrowAsInJava) {
  const auto numbers = [](size_t size) {
    OffsetEntries entries;
    for (size_t i = 0; i < size; ++i) entries.emplace("key" + std::to_string(i), "v");
    return write_java_map(entries).substr(kStart.size() + 4, 10);
  };
  EXPECT_EQ(numbers(12), from_hex("0000000c" "7708" "00000010"));
  EXPECT_EQ(numbers(13), from_hex("00000018" "7708" "00000020"));
  EXPECT_EQ(numbers(25), from_hex("00000030" "7708" "00000040"));
}

TEST(JavaHashMapTest, AcceptsAnyLoadFactorThresholdAndCapacity) {
  const std::string bytes = kStart + from_hex("3f800000" "7fffffff" "7708" "00000003") +
                            int32_bytes(1) + kArrayClass + int32_bytes(1) + "k" + "\x70" + "x";
  EXPECT_EQ(read_java_map(bytes), (OffsetEntries{{"k", std::nullopt}}));
}

TEST(JavaHashMapTest, AcceptsSharedArraysAndPassesOverNullKeys) {
  const std::string bytes =
      map_of(3, kArrayClass + int32_bytes(1) + "a" + kAgain + int32_bytes(2) + "vv" +  // 3, 4
                    kAgain + int32_bytes(1) + "b" + from_hex("71007e0004") +           // 5
                    "\x70" + from_hex("71007e0003"));
  EXPECT_EQ(read_java_map(bytes), (OffsetEntries{{"a", "vv"}, {"b", "vv"}}));
}

TEST(JavaHashMapTest, TheLastOfEqualKeysWins) {
  const std::string bytes = map_of(2, kArrayClass + int32_bytes(1) + "a" + "\x70" + kAgain +
                                          int32_bytes(1) + "a" + kAgain + int32_bytes(1) + "2");
  EXPECT_EQ(read_java_map(bytes), (OffsetEntries{{"a", "2"}}));
}

TEST(JavaHashMapTest, EveryTruncationIsRefusedWithItsLength) {
  const std::string whole = write_java_map({{"key", "value"}, {"other", std::nullopt}});
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::string size = std::to_string(length);
    EXPECT_EQ(refusal(whole.substr(0, length)),
              "byte " + size + " of " + size + ": the file ends too early");
  }
}

TEST(JavaHashMapTest, RefusesForeignContentAndSaysWhat) {
  EXPECT_EQ(refusal("offsets"), "byte 0 of 7: it is no serialised Java object");
  EXPECT_EQ(refusal(std::string(82, '\0')), "byte 0 of 82: it is no serialised Java object");
  std::string tree = kEmpty;
  tree.replace(tree.find("java.util.HashMap"), 17, "java.util.TreeMap");
  EXPECT_EQ(refusal(tree), "byte 4 of 82: expected a java.util.HashMap, found class "
                           "java.util.TreeMap");
  std::string other_version = kEmpty;
  other_version[25] ^= 1;
  EXPECT_THAT(refusal(other_version), HasSubstr("expected a java.util.HashMap"));
  EXPECT_THAT(refusal(from_hex("aced0005" "740001") + "a"), HasSubstr("found something else"));
}

TEST(JavaHashMapTest, RefusesForeignEntries) {
  const std::string ints = from_hex("75720002") + "[I" + std::string(13, '\0');
  EXPECT_THAT(refusal(map_of(1, ints)), HasSubstr("expected an array of bytes, found class [I"));
  const std::string integer = from_hex("7372" "0011") + "java.lang.Integer" + std::string(20, '\0');
  EXPECT_THAT(refusal(map_of(1, integer)),
              HasSubstr("expected a byte array, found class java.lang.Integer"));
  EXPECT_THAT(refusal(map_of(1, from_hex("740001") + "a")), HasSubstr("expected a byte array"));
}

TEST(JavaHashMapTest, RefusesHandlesThatAreNoArrays) {
  // The class of byte arrays before it was described, and arrays not yet seen.
  EXPECT_THAT(refusal(map_of(1, kAgain + int32_bytes(1) + "a" + "\x70")),
              HasSubstr("expected the class of a byte array"));
  EXPECT_THAT(refusal(map_of(1, kArrayClass + int32_bytes(1) + "a" + from_hex("71007e0004"))),
              HasSubstr("reference to something that is not an array"));
  EXPECT_THAT(refusal(map_of(1, kArrayClass + int32_bytes(1) + "a" + from_hex("71007e0001"))),
              HasSubstr("reference to something that is not an array"));
}

TEST(JavaHashMapTest, RefusesWrongSizesAndTrailingBytes) {
  EXPECT_EQ(refusal(kEmpty + "x"), "byte 82 of 83: more bytes follow the map");
  EXPECT_THAT(refusal(map_of(0x80000000U, "")), HasSubstr("negative size"));
  EXPECT_THAT(refusal(map_of(0, kArrayClass)), HasSubstr("expected the end of the map"));
  EXPECT_THAT(refusal(map_of(1, kArrayClass + int32_bytes(0x7fffffff) + "a")),
              HasSubstr("the file ends too early"));
  EXPECT_THAT(refusal(map_of(1, kArrayClass + int32_bytes(0xffffffff) + "a")),
              HasSubstr("the file ends too early"));
}

// A flipped bit never crashes the reader, and never makes entries out of nothing.
TEST(JavaHashMapTest, SurvivesDamageAnywhere) {
  const std::string whole = write_java_map({{"key", "value"}, {"other", std::nullopt}, {"x", ""}});
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    try {
      EXPECT_LE(read_java_map(damaged).size(), 3U) << bit;
    } catch (const ConnectException& error) {
      EXPECT_THAT(error.what(), HasSubstr("byte ")) << bit;
    }
  }
}

}  // namespace
}  // namespace millrace
