#include <gtest/gtest.h>

#include "millrace/arena.h"
#include "runtime/storage/offset_store.h"

namespace millrace {
namespace {

using Parts = std::pair<std::string, std::string>;

Value map_of(Arena& arena, std::initializer_list<MapEntry> entries) {
  const auto copy = arena.make_array<MapEntry>(entries.size());
  std::copy(entries.begin(), entries.end(), copy.begin());
  return Value::map(copy);
}

TEST(OffsetKeyTest, IsJavasJson) {
  Arena arena;
  const Value file = map_of(arena, {{Value::string("filename"), Value::string("test.txt")}});
  EXPECT_EQ(offset_key("local-file", file), R"(["local-file",{"filename":"test.txt"}])");
  const Value odd = map_of(arena, {{Value::string("a\"\n"), Value()}});
  EXPECT_EQ(offset_key("x\\y", odd), R"(["x\\y",{"a\"\n":null}])");
  EXPECT_EQ(offset_key("c", map_of(arena, {})), R"(["c",{}])");
}

// Stores are looked up by bytes: whatever the order a task builds the map in, the key is Java's.
TEST(OffsetKeyTest, MembersStandInTheOrderOfAJavaHashMap) {
  Arena arena;
  const MapEntry cluster{Value::string("cluster"), Value::string("a")};
  const MapEntry partition{Value::string("partition"), Value::int64(3)};
  const MapEntry topic{Value::string("topic"), Value::string("t")};
  const std::string expected = R"(["mm",{"cluster":"a","partition":3,"topic":"t"}])";
  EXPECT_EQ(offset_key("mm", map_of(arena, {topic, partition, cluster})), expected);
  EXPECT_EQ(offset_key("mm", map_of(arena, {partition, cluster, topic})), expected);
}

TEST(OffsetKeyTest, SplitsIntoConnectorAndPartition) {
  EXPECT_EQ(parse_offset_key(R"(["c",{"filename":"f"}])"), Parts("c", R"({"filename":"f"})"));
  EXPECT_EQ(parse_offset_key(R"( [ "c" , { "b" : 1, "a" : null } ] )"),
            Parts("c", R"({"b":1,"a":null})"));
}

TEST(OffsetKeyTest, OtherKeysAreNone) {
  for (const char* key : {"", "c", "{}", "[]", R"(["c"])", R"(["c",null])", R"(["c",[]])",
                          R"(["c",1])", R"([1,{}])", R"([null,{}])", R"(["c",{},{}])", R"(["c",{)",
                          "\xac\xed"}) {
    EXPECT_EQ(parse_offset_key(key), std::nullopt) << key;
  }
}

}  // namespace
}  // namespace millrace
