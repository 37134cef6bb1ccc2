// Chunks: what goes in comes out, and nothing damaged ever does.

#include "runtime/broker/embedded/chunk.h"

#include "embedded_support.h"

namespace millrace::embedded {
namespace {

const std::vector<PlainRecord>& samples() {
  static const std::vector<PlainRecord> all = {
      {std::nullopt, std::nullopt, {}, 5},
      {"", "", {}, 0},
      {"k", std::nullopt, {{"h", "1"}, {"h", "2"}, {"h", std::nullopt}, {"", ""}}, 9},
      {std::string("\0\xff", 2), std::string(3000, 'x'), {{"naïve", std::string(300, 'y')}}, 7},
  };
  return all;
}

std::string chunk_of_samples() {
  RecordBatch batch;
  ChunkWriter writer;
  for (const PlainRecord& one : samples()) add_record(batch, "t", one);
  for (const Record& record : batch.records()) writer.add(record, 1);
  EXPECT_EQ(writer.count(), samples().size());
  return writer.finish();
}

TEST(EmbeddedChunk, GivesBackWhatWasPut) {
  const std::string bytes = chunk_of_samples();
  auto reader = ChunkReader::open(bytes);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->header().count, samples().size());
  EXPECT_EQ(reader->header().newest_ms, 9);
  RecordBatch batch;
  for (const PlainRecord& wanted : samples()) {
    Record& record = batch.add();
    ASSERT_TRUE(reader->next(record, batch.arena()));
    EXPECT_EQ(plain(record), wanted);
  }
  EXPECT_FALSE(reader->next(batch.add(), batch.arena()));
  EXPECT_FALSE(reader->skip());
}

TEST(EmbeddedChunk, SkippingEndsAtTheSameRecordAsReading) {
  const std::string bytes = chunk_of_samples();
  for (size_t skipped = 0; skipped < samples().size(); ++skipped) {
    auto reader = ChunkReader::open(bytes);
    for (size_t i = 0; i < skipped; ++i) ASSERT_TRUE(reader->skip());
    RecordBatch batch;
    ASSERT_TRUE(reader->next(batch.add(), batch.arena()));
    EXPECT_EQ(plain(batch[0]), samples()[skipped]);
  }
}

TEST(EmbeddedChunk, ARecordWithoutTimestampGetsTheTimeOfItsAppend) {
  RecordBatch batch;
  add_record(batch, "t", {"k", "v"});
  ChunkWriter writer;
  writer.add(batch[0], 1234);
  const std::string bytes = writer.finish();
  RecordBatch out;
  ASSERT_TRUE(ChunkReader::open(bytes)->next(out.add(), out.arena()));
  EXPECT_EQ(out[0].timestamp, 1234);
}

TEST(EmbeddedChunk, AWriterIsEmptyAfterItsChunk) {
  RecordBatch batch;
  add_record(batch, "t", {"k", "v", {}, 50});
  add_record(batch, "t", {"k", "v", {}, 40});
  ChunkWriter writer;
  writer.add(batch[0], 0);
  const std::string first = writer.finish();
  EXPECT_EQ(writer.count(), 0U);
  EXPECT_EQ(writer.size(), 0U);
  writer.add(batch[1], 0);
  const std::string second = writer.finish();
  EXPECT_EQ(peek_chunk(second)->newest_ms, 40);
  EXPECT_EQ(first.size(), second.size());
}

TEST(EmbeddedChunk, EveryChangedBitIsNoticed) {
  std::string bytes = chunk_of_samples();
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned bit : {0U, 7U}) {
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << bit));
      EXPECT_FALSE(ChunkReader::open(bytes)) << "byte " << at;
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << bit));
    }
  }
  EXPECT_TRUE(ChunkReader::open(bytes));
}

TEST(EmbeddedChunk, EveryCutIsNoticed) {
  const std::string bytes = chunk_of_samples();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ChunkReader::open(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(ChunkReader::open(bytes + "x"));
}

// Behind a right checksum may still be nonsense, from a fault in memory: it ends, in bounds.
TEST(EmbeddedChunk, NonsenseBehindARightChecksumIsReadInBounds) {
  std::mt19937_64 random = seeded();
  const std::string good = chunk_of_samples();
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = good;
    const size_t changes = 1 + random() % 8;
    for (size_t i = 0; i < changes; ++i) {
      bytes[sizeof(ChunkHeader) + random() % (bytes.size() - sizeof(ChunkHeader))] =
          static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    ChunkHeader header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    const size_t crc_end = offsetof(ChunkHeader, crc) + sizeof header.crc;
    header.crc = crc32c(std::string_view(bytes).substr(crc_end));
    std::memcpy(bytes.data(), &header, sizeof header);
    const auto copy = std::make_unique<char[]>(bytes.size());  // no room behind it
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    auto reader = ChunkReader::open({copy.get(), bytes.size()});
    ASSERT_TRUE(reader);
    auto skipper = *reader;
    RecordBatch batch;
    size_t read = 0;
    size_t seen = 0;
    while (reader->next(batch.add(), batch.arena())) {
      const PlainRecord record = plain(batch[batch.size() - 1]);
      seen += record.key.value_or("").size() + record.value.value_or("").size();
      ++read;
    }
    while (skipper.skip()) {
    }
    EXPECT_LE(read, samples().size());
    EXPECT_LE(seen, bytes.size());
  }
}

TEST(EmbeddedChunk, TheChecksumIsCrc32c) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
}

}  // namespace
}  // namespace millrace::embedded
