#include "connectors/avro/skip.h"

#include <gtest/gtest.h>

#include <random>

#include "connectors/avro/limits.h"
#include "tests/unit/avro/random_value.h"

namespace millrace::avro {
namespace {

/// Bytes left behind the value; none when it could not be skipped.
std::optional<size_t> rest_after(std::string_view bytes, const Node& type, SizedBlocks blocks) {
  Reader in(bytes);
  uint64_t budget = kFreeValues + bytes.size();
  skip_value(in, type, 0, budget, blocks);
  return in.failed() ? std::nullopt : std::optional(in.remaining());
}

TEST(Skip, EndsWhereTheValueDoes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomValue random(seed);
  for (int i = 0; i < 300; ++i) {
    const SchemaPtr schema = Schema::from_json(random.schema());
    std::string bytes;
    Writer writer(bytes);
    encode(writer, schema->root(), random.value(schema->root()));
    for (const SizedBlocks blocks : {SizedBlocks::Jump, SizedBlocks::Walk}) {
      ASSERT_EQ(rest_after(bytes + "xyz", schema->root(), blocks), 3U) << schema->to_text();
      if (!bytes.empty()) {
        ASSERT_EQ(rest_after(bytes.substr(0, bytes.size() - 1), schema->root(), blocks), std::nullopt);
      }
    }
  }
}

TEST(Skip, SizedBlocksAreJumpedOverOrRead) {
  const SchemaPtr schema = Schema::parse(R"({"type":"array","items":"boolean"})");
  const std::string good("\x03\x04\x01\x00\x00", 5);  // two items in two bytes
  const std::string bad("\x03\x04\x07\x00\x00", 5);   // the first is no boolean
  EXPECT_EQ(rest_after(good, schema->root(), SizedBlocks::Jump), 0U);
  EXPECT_EQ(rest_after(good, schema->root(), SizedBlocks::Walk), 0U);
  EXPECT_EQ(rest_after(bad, schema->root(), SizedBlocks::Jump), 0U);
  EXPECT_EQ(rest_after(bad, schema->root(), SizedBlocks::Walk), std::nullopt);
}

TEST(Skip, HasLimits) {
  const SchemaPtr nulls = Schema::parse(R"({"type":"array","items":"null"})");
  std::string bytes;
  Writer(bytes).write_long(int64_t{1} << 40);
  bytes += '\0';
  EXPECT_EQ(rest_after(bytes, nulls->root(), SizedBlocks::Walk), std::nullopt);
  const SchemaPtr list = Schema::parse(
      R"({"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]})");
  EXPECT_EQ(rest_after(std::string(20, '\2') + '\0', list->root(), SizedBlocks::Walk), 0U);
  EXPECT_EQ(rest_after(std::string(100'000, '\2') + '\0', list->root(), SizedBlocks::Walk), std::nullopt);
}

}  // namespace
}  // namespace millrace::avro
