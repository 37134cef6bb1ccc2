#include "connectors/file/file_connectors.h"

#include "tests/unit/connectors/file_fixture.h"

namespace millrace::file {
namespace {

const Properties kSource{{"topic", "t"}, {"file", "f"}};

/// Message of the refusal, or "true".
std::string alter(const Properties& config, const std::string& partition,
                  const std::string& offset) {
  Arena arena;
  PartitionOffset entry;
  EXPECT_EQ(parse_json(arena.copy(partition), arena, entry.partition), "");
  EXPECT_EQ(parse_json(arena.copy(offset), arena, entry.offset), "");
  bool accepted = false;
  const std::string message = connect_exception(
      [&] { accepted = FileStreamSourceConnector().alter_offsets(config, std::span(&entry, 1)); });
  return accepted ? "true" : message;
}

// Answers of FileStreamSourceConnector.alterOffsets of Kafka 4.1.1.
TEST(FileConnectorsTest, AlteringOffsets) {
  const std::string part = R"({"filename":"f"})";
  EXPECT_EQ(alter(kSource, part, R"({"position":5})"), "true");
  EXPECT_EQ(alter(kSource, part, R"({"position":0})"), "true");
  EXPECT_EQ(alter(kSource, part, R"({"position":5,"more":"x"})"), "true");
  EXPECT_EQ(alter(kSource, part, R"({"position":-1})"),
            "The value for the 'position' key in the offset should be a non-negative value");
  for (const char* value : {"\"5\"", "2.5", "true", "null"}) {
    EXPECT_EQ(alter(kSource, part, "{\"position\":" + std::string(value) + "}"),
              "The value for the 'position' key in the offset is expected to be a Long value");
  }
  EXPECT_EQ(alter(kSource, part, R"({"x":1})"),
            "Offset objects should either be null or contain the key 'position'");
  EXPECT_EQ(alter(kSource, "null", R"({"position":1})"), "Partition objects cannot be null");
  EXPECT_EQ(alter(kSource, R"({"x":1})", R"({"position":1})"),
            "Partition objects should contain the key 'filename'");
  EXPECT_EQ(alter(kSource, R"({"filename":null})", R"({"position":1})"), "true");
}

TEST(FileConnectorsTest, AnyPartitionMayBeReset) {
  for (const char* partition : {"null", R"({"x":1})", R"({"filename":"f"})"}) {
    EXPECT_EQ(alter(kSource, partition, "null"), "true");
  }
}

TEST(FileConnectorsTest, OffsetsOfStandardInputCannotBeAltered) {
  for (const Properties& config : {Properties{{"topic", "t"}}, {{"topic", "t"}, {"file", ""}}}) {
    EXPECT_EQ(alter(config, R"({"filename":"f"})", "null"),
              "Offsets cannot be modified if the 'file' configuration is unspecified. This is "
              "because stdin is used for input and offsets are not tracked.");
  }
}

TEST(FileConnectorsTest, EveryOffsetOfARequestIsChecked) {
  Arena arena;
  PartitionOffset entries[2];
  ASSERT_EQ(parse_json(R"({"filename":"f"})", arena, entries[1].partition), "");
  ASSERT_EQ(parse_json(R"({"position":"x"})", arena, entries[1].offset), "");
  EXPECT_THROW(FileStreamSourceConnector().alter_offsets(kSource, entries), ConnectException);
}

TEST(FileConnectorsTest, TheSinkLeavesOffsetsToTheWorker) {
  EXPECT_TRUE(FileStreamSinkConnector().alter_offsets({}, {{{"t", 0}, std::nullopt}}));
}

TEST(FileConnectorsTest, ClassNamesAreThoseOfKafka) {
  EXPECT_EQ(FileStreamSourceConnector().task_class(),
            "org.apache.kafka.connect.file.FileStreamSourceTask");
  EXPECT_EQ(FileStreamSinkConnector().task_class(),
            "org.apache.kafka.connect.file.FileStreamSinkTask");
  EXPECT_EQ(FileStreamSourceConnector().version(), "4.1.1");
}

}  // namespace
}  // namespace millrace::file
