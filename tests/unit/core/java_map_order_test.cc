// The expected orders were printed by Java.

#include "millrace/java_map_order.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "millrace/arena.h"
#include "millrace/decimal.h"
#include "millrace/json.h"
#include "tests/unit/core/support.h"

namespace millrace {
namespace {

using core_test::Random;
using Keys = std::vector<std::string>;

std::vector<MapEntry> entries_of(const Keys& keys) {
  std::vector<MapEntry> entries;
  for (const std::string& key : keys) {
    entries.push_back({Value::string(key), Value::int64(static_cast<int64_t>(entries.size()))});
  }
  return entries;
}

Keys keys_of(const std::vector<MapEntry>& entries) {
  Keys keys;
  for (const MapEntry& entry : entries) keys.emplace_back(entry.key.as_string());
  return keys;
}

Keys arranged(const Keys& keys, uint32_t capacity = kJavaMapCapacity) {
  auto entries = entries_of(keys);
  arrange_as_java_map(entries, capacity);
  return keys_of(entries);
}

TEST(JavaStringHashTest, IsOverUtf16Units) {
  EXPECT_EQ(java_string_hash(""), 0U);
  EXPECT_EQ(java_string_hash("Aa"), 2112U);
  EXPECT_EQ(java_string_hash("BB"), 2112U);
  EXPECT_EQ(java_string_hash("\xC3\xA9t\xC3\xA9"), 0x3799EU);       // U+00E9 t U+00E9
  EXPECT_EQ(java_string_hash("\xF0\x9F\x98\x80"), 0x1B0D63U);  // U+1F600
}

TEST(JavaMapOrderTest, MatchesTheKeysOfMirrorMaker) {
  EXPECT_EQ(arranged({"topic", "partition", "cluster"}), (Keys{"cluster", "partition", "topic"}));
  EXPECT_EQ(arranged({"group", "topic", "partition"}), (Keys{"partition", "topic", "group"}));
  EXPECT_EQ(arranged({"targetClusterAlias", "sourceClusterAlias"}),
            (Keys{"sourceClusterAlias", "targetClusterAlias"}));
}

// "Aa" and "BB" have the same hash code.
TEST(JavaMapOrderTest, KeysOfOneBucketKeepTheirOrder) {
  EXPECT_EQ(arranged({"Aa", "BB"}), (Keys{"Aa", "BB"}));
  EXPECT_EQ(arranged({"BB", "Aa"}), (Keys{"BB", "Aa"}));
}

TEST(JavaMapOrderTest, TablesHaveJavasSizes) {
  EXPECT_EQ(java_map_capacity(0), 1U);
  EXPECT_EQ(java_map_capacity(3), 4U);
  EXPECT_EQ(java_map_capacity(16), 16U);
  EXPECT_EQ(java_map_copy_capacity(0), 16U);
  EXPECT_EQ(java_map_copy_capacity(1), 2U);
  EXPECT_EQ(java_map_copy_capacity(3), 8U);
  EXPECT_EQ(java_map_copy_capacity(6), 16U);
  EXPECT_EQ(java_map_copy_capacity(12), 32U);
}

TEST(JavaMapOrderTest, SmallTablesGrow) {
  // 0..6 put into tables of one and sixteen buckets: 1, 2, 4, 8, 16.
  const Keys keys{"6", "5", "4", "3", "2", "1", "0"};
  const Keys sorted{"0", "1", "2", "3", "4", "5", "6"};
  EXPECT_EQ(arranged(keys), sorted);
  EXPECT_EQ(arranged(keys, 1), sorted);
  // Three fit four buckets: 48..50 are 0..2 modulo 4; "4" shares the bucket of "0".
  EXPECT_EQ(arranged({"4", "1", "0"}, 4), (Keys{"4", "0", "1"}));
}

TEST(JavaMapOrderTest, OrdersKeysThatAreNoText) {
  Arena arena;
  std::vector<MapEntry> entries;
  for (const Value& key : {Value::int64(int64_t{5} << 32), Value::int32(4), Value::boolean(true),
                           Value::int64(-3), Value()}) {
    entries.push_back({key, Value()});
  }
  arrange_as_java_map(entries);
  // Buckets: 5, 4, 15 (1231), 2, 0.
  const std::vector<Value> expected{Value(), Value::int64(-3), Value::int32(4),
                                    Value::int64(int64_t{5} << 32), Value::boolean(true)};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(entries[i].key == expected[i]) << i;
}

TEST(JavaMapOrderTest, RememberedShapesGiveTheSameOrder) {
  Random random;
  JavaMapOrder order;
  for (int round = 0; round < 5'000; ++round) {
    Keys keys;
    for (size_t n = random(8); n > 0; --n) {
      std::string key(1 + random(2), static_cast<char>('a' + random(4)));
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
    }
    const uint32_t capacity = java_map_capacity(random(20));
    auto entries = entries_of(keys);
    order.arrange(entries, capacity);
    ASSERT_EQ(keys_of(entries), arranged(keys, capacity));
    for (const MapEntry& entry : entries) {
      ASSERT_EQ(entry.key.as_string(), keys[static_cast<size_t>(entry.value.as_int())]);
    }
  }
}

TEST(JavaMapOrderTest, ParsedObjectsAreArranged) {
  Arena arena;
  JavaMapOrder order;
  Value value;
  const std::string text = R"({"topic":{"BB":1,"Aa":2},"partition":[{"b":1,"a":2}],"cluster":3})";
  ASSERT_EQ(parse_json(text, arena, value, JsonNumbers::Double, nullptr, &order), "");
  std::string written;
  append_json(written, value);
  EXPECT_EQ(written, R"({"cluster":3,"partition":[{"a":2,"b":1}],"topic":{"BB":1,"Aa":2}})");
}

}  // namespace
}  // namespace millrace
