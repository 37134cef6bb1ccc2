#include "millrace/record.h"

#include <gmock/gmock.h>

#include <cstring>
#include <memory>

#include "millrace/ids.h"
#include "tests/unit/core/random_value.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace millrace {
namespace {

using core_test::Random;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<uint32_t> live(const RecordBatch& batch) {
  RowSet rows;
  rows.push_back(99);
  batch.live_rows(rows);
  return {rows.begin(), rows.end()};
}

TEST(RecordBatchTest, RowsNeverMove) {
  RecordBatch batch(3);
  EXPECT_EQ(batch.limit(), 3U);
  EXPECT_TRUE(batch.empty());
  for (int64_t i = 0; i < 3; ++i) batch.add().offset = i;
  EXPECT_TRUE(batch.full());
  batch.filter(0);
  batch.reject(
      2, {.kind = ErrorKind::Data, .stage = Stage::TaskPut, .message = "bad", .class_name = {}});
  EXPECT_EQ(batch.size(), 3U);
  EXPECT_THAT(live(batch), ElementsAre(1));
  EXPECT_EQ(batch[1].offset, 1);
  EXPECT_EQ(batch[0].state, RowState::Filtered);
  EXPECT_EQ(batch[2].state, RowState::Rejected);
  EXPECT_EQ(batch[2].offset, 2);
}

TEST(RecordBatchTest, ErrorsBelongToTheirRows) {
  RecordBatch batch;
  for (int i = 0; i < 4; ++i) batch.add();
  EXPECT_FALSE(batch.has_errors());
  const auto error = [](const char* message) {
    return RowError{ErrorKind::Data, Stage::TaskPut, message, {}};
  };
  batch.reject(3, error("three"));
  batch.reject(1, error("one"));
  batch.locate_error(1, Stage::ValueConverter, "org.example.Converter");
  EXPECT_TRUE(batch.has_errors());
  EXPECT_EQ(batch.error(3).message, "three");
  EXPECT_EQ(batch.error(3).stage, Stage::TaskPut);
  EXPECT_EQ(batch.error(1).message, "one");
  EXPECT_EQ(batch.error(1).stage, Stage::ValueConverter);
  EXPECT_EQ(batch.error(1).class_name, "org.example.Converter");
  EXPECT_THAT(live(batch), ElementsAre(0, 2));
}

TEST(RecordBatchTest, ANewRowIsEmpty) {
  RecordBatch batch;
  const Record& record = batch.add();
  EXPECT_EQ(record.state, RowState::Live);
  EXPECT_EQ(record.key.schema, nullptr);
  EXPECT_TRUE(record.value.value.is_null());
  EXPECT_TRUE(record.value_wire.is_null());
  EXPECT_EQ(record.partition, kNoPartition);
  EXPECT_EQ(record.timestamp, kNoTimestamp);
  EXPECT_EQ(record.offset, -1);
  EXPECT_THAT(record.header_span(), IsEmpty());
}

TEST(RecordBatchTest, SidesNameTheHalvesOfARecord) {
  Record record;
  record.side(Side::Key).value = Value::int8(1);
  record.side(Side::Value).value = Value::int8(2);
  record.wire(Side::Key) = WireBytes::of("k");
  record.wire(Side::Value) = WireBytes::of("v");
  EXPECT_EQ(record.key.value, Value::int8(1));
  EXPECT_EQ(record.value.value, Value::int8(2));
  EXPECT_EQ(record.key_wire.text(), "k");
  EXPECT_EQ(record.value_wire.text(), "v");
}

TEST(WireBytesTest, NullIsNotEmpty) {
  EXPECT_TRUE(WireBytes().is_null());
  EXPECT_FALSE(WireBytes::of("").is_null());
  EXPECT_FALSE(WireBytes::of({}).is_null());
  EXPECT_EQ(WireBytes::of("").size, 0U);
  EXPECT_EQ(WireBytes::of("ab").text(), "ab");
}

/// Counts how many of its kind live.
class Counted : public BatchResource {
 public:
  explicit Counted(int& count) : count_(count) { ++count_; }
  ~Counted() override { --count_; }

 private:
  int& count_;
};

TEST(RecordBatchTest, ResetReleasesResourcesAndSchemas) {
  int resources = 0;
  RecordBatch batch;
  std::weak_ptr<const Schema> watched;
  {
    const SchemaPtr a = SchemaBuilder(Type::Int8).name("a").build();
    const SchemaPtr b = SchemaBuilder(Type::Int8).name("b").build();
    watched = a;
    EXPECT_EQ(batch.keep(a), a.get());
    EXPECT_EQ(batch.keep(b), b.get());
    for (int i = 0; i < 10; ++i) batch.keep(i % 2 == 0 ? a : b);
    EXPECT_EQ(a.use_count(), 2) << "kept once";
  }
  EXPECT_EQ(batch.keep(SchemaPtr()), nullptr);
  batch.keep(std::make_unique<Counted>(resources));
  batch.keep(std::make_unique<Counted>(resources));
  batch.add().value.value = Value::string(batch.arena().copy("text"));
  batch.reject(
      0, {.kind = ErrorKind::Data, .stage = Stage::TaskPut, .message = "x", .class_name = {}});
  EXPECT_EQ(resources, 2);
  EXPECT_FALSE(watched.expired());
  batch.reset();
  EXPECT_EQ(resources, 0);
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(batch.empty());
  EXPECT_FALSE(batch.has_errors());
  EXPECT_EQ(batch.arena().used(), 0U);
}

TEST(RecordTest, StagesAreNamedAsInDeadLetterHeaders) {
  EXPECT_EQ(stage_name(Stage::TaskPoll), "TASK_POLL");
  EXPECT_EQ(stage_name(Stage::TaskPut), "TASK_PUT");
  EXPECT_EQ(stage_name(Stage::Transformation), "TRANSFORMATION");
  EXPECT_EQ(stage_name(Stage::KeyConverter), "KEY_CONVERTER");
  EXPECT_EQ(stage_name(Stage::ValueConverter), "VALUE_CONVERTER");
  EXPECT_EQ(stage_name(Stage::HeaderConverter), "HEADER_CONVERTER");
  EXPECT_EQ(stage_name(Stage::KafkaProduce), "KAFKA_PRODUCE");
  EXPECT_EQ(stage_name(Stage::KafkaConsume), "KAFKA_CONSUME");
}

TEST(ArenaTest, AllocationsAreAlignedAndApart) {
  Random random;
  Arena arena;
  std::vector<std::pair<uint8_t*, size_t>> pieces;
  for (int round = 0; round < 5000; ++round) {
    const size_t align = size_t{1} << random(5);
    const size_t size = random.one_in(100) ? random(200'000) : random(300);
    auto* piece = static_cast<uint8_t*>(arena.allocate(size, align));
    ASSERT_NE(piece, nullptr);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(piece) % align, 0U);
    std::memset(piece, round & 0xFF, size);
    pieces.emplace_back(piece, size);
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto [piece, size] = pieces[i];
    ASSERT_TRUE(std::all_of(piece, piece + size, [i](uint8_t b) { return b == (i & 0xFF); }));
  }
  EXPECT_LE(arena.used(), arena.reserved());
}

TEST(ArenaTest, AWarmArenaAllocatesNothing) {
  Arena arena;
  const auto fill = [&arena] {
    for (int i = 0; i < 10'000; ++i) arena.allocate(100);
  };
  fill();
  const size_t reserved = arena.reserved();
  const size_t used = arena.used();
  for (int round = 0; round < 5; ++round) {
    arena.reset();
    EXPECT_EQ(arena.used(), 0U);
    EXPECT_EQ(arena.reserved(), reserved);
    fill();
    EXPECT_EQ(arena.reserved(), reserved);
    EXPECT_EQ(arena.used(), used);
  }
}

TEST(ArenaTest, ResetReturnsWhatExceedsTheLimit) {
  Arena arena;
  for (int i = 0; i < 300; ++i) arena.allocate(Arena::kBlockSize);
  EXPECT_GT(arena.reserved(), Arena::kMaxRetained);
  arena.reset();
  EXPECT_LE(arena.reserved(), Arena::kMaxRetained);
  EXPECT_GT(arena.reserved(), Arena::kMaxRetained / 2);
  arena.allocate(Arena::kMaxRetained + 1);
  arena.reset();
  EXPECT_LE(arena.reserved(), Arena::kMaxRetained);
  Arena huge;
  huge.allocate(Arena::kMaxRetained + 1);
  huge.reset();
  EXPECT_EQ(huge.reserved(), 0U);
  std::memset(huge.allocate(10), 1, 10);
  EXPECT_EQ(huge.reserved(), Arena::kBlockSize);
}

TEST(ArenaTest, EmptyPiecesAreNotNull) {
  Arena arena;
  EXPECT_NE(arena.allocate(0, 1), nullptr);
  EXPECT_NE(arena.copy(std::string_view()).data(), nullptr);
  EXPECT_TRUE(arena.make_array<Value>(0).empty());
  EXPECT_EQ(*arena.make<int64_t>(), 0) << "made objects are initialised";
}

#if defined(__SANITIZE_ADDRESS__)
TEST(ArenaTest, AResetArenaIsPoisoned) {
  RecordBatch batch;
  const std::string_view text = batch.arena().copy("some text");
  EXPECT_EQ(__asan_address_is_poisoned(text.data()), 0);
  batch.reset();
  EXPECT_EQ(__asan_address_is_poisoned(text.data()), 1);
}
#endif

TEST(IdsTest, OrderHashAndText) {
  const ConnectorTaskId task{"my-connector", 3};
  EXPECT_EQ(task.to_string(), "my-connector-3");
  EXPECT_LT((ConnectorTaskId{"a", 9}), (ConnectorTaskId{"b", 0}));
  EXPECT_LT((ConnectorTaskId{"a", 2}), (ConnectorTaskId{"a", 10}));
  EXPECT_EQ((TopicPartition{"t", 1}), (TopicPartition{"t", 1}));
  EXPECT_NE((TopicPartition{"t", 1}), (TopicPartition{"t", 2}));
  EXPECT_EQ((TopicPartition{"t", 1}).to_string(), "t-1");
  const std::hash<TopicPartition> hash;
  EXPECT_EQ(hash({"t", 1}), hash({"t", 1}));
  EXPECT_NE(hash({"t", 1}), hash({"t", 2}));
}

TEST(IdsTest, NumbersAreNotOffsets) {
  static_assert(!std::is_convertible_v<int64_t, Offset>);
  static_assert(!std::is_convertible_v<Offset, int64_t>);
  static_assert(!std::is_convertible_v<ConnectorTaskId, TopicPartition>);
  EXPECT_EQ(raw(Offset{7}), 7);
  OffsetMap offsets{{{"t", 1}, Offset{5}}, {{"t", 0}, Offset{6}}, {{"s", 2}, Offset{7}}};
  EXPECT_EQ(offsets.begin()->first.topic, "s") << "in a stable order";
}

}  // namespace
}  // namespace millrace
