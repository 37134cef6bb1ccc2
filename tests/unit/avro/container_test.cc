#include "connectors/avro/container.h"

#include <gtest/gtest.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include "connectors/avro/limits.h"
#include "millrace/errors.h"
#include "tests/unit/avro/random_value.h"

namespace millrace::avro {
namespace {

using std::string_literals::operator""s;

constexpr Sync kSync = {'0', '1', '2', '3', '4', '5', '6', '7',
                        '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

std::vector<Value> read_all(std::string_view bytes) {
  FileReader reader(bytes);
  const Projection projection(reader.schema());
  std::vector<Value> values;
  for (Value value; reader.next(projection, value);) values.push_back(std::move(value));
  return values;
}

std::string with_one_block(const std::string& codec, int64_t count, const std::string& block,
                           const std::string& schema = R"("string")") {
  std::string out = "Obj\x01";
  Writer writer(out);
  writer.open_block(2);
  writer.write_bytes("avro.schema");
  writer.write_bytes(schema);
  writer.write_bytes("avro.codec");
  writer.write_bytes(codec);
  writer.close_block();
  out.append(kSync.data(), kSync.size());
  writer.write_long(count);
  writer.write_bytes(block);
  out.append(kSync.data(), kSync.size());
  return out;
}

std::string text_block(const std::string& text) {
  std::string block;
  Writer(block).write_bytes(text);
  return block;
}

std::string snappy_block(const std::string& block) {
  std::string out;
  snappy::Compress(block.data(), block.size(), &out);
  const auto crc = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(block.data()), static_cast<uInt>(block.size())));
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>(crc >> shift));
  return out;
}

std::string zstd_block(const std::string& block) {
  std::string out(ZSTD_compressBound(block.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), block.data(), block.size(), 3));
  return out;
}

TEST(AvroContainer, GoldenBytes) {
  FileWriter writer(Schema::parse(R"("string")"), Codec::Null, {{"key", "v"}}, kSync);
  writer.append(std::string("foo"));
  writer.append(std::string(""));
  EXPECT_EQ(writer.finish(),
            "Obj\x01\x06\x14"
            "avro.codec\x08null\x16"
            "avro.schema\x10\"string\"\x06key\x02v\x00"
            "0123456789abcdef\x04\x0a\x06"
            "foo\x00"
            "0123456789abcdef"s);
}

TEST(AvroContainer, FilesComeBackWithTheirMetadata) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomValue random(seed);
  for (int round = 0; round < 60; ++round) {
    const SchemaPtr schema = Schema::from_json(random.schema());
    std::vector<Value> values;
    for (size_t i = random.below(200); i > 0; --i) values.push_back(random.value(schema->root()));
    FileWriter writer(schema, round % 2 == 0 ? Codec::Null : Codec::Deflate,
                      {{"a", "1"}, {"b", std::string(300, 'x')}});
    for (const Value& value : values) writer.append(value);
    const std::string bytes = writer.finish();
    FileReader reader(bytes);
    EXPECT_EQ(*reader.metadata("b"), std::string(300, 'x'));
    EXPECT_EQ(reader.metadata("c"), nullptr);
    EXPECT_EQ(reader.schema()->to_json(), schema->to_json());
    ASSERT_EQ(read_all(bytes), values);
  }
}

TEST(AvroContainer, ManyBlocks) {
  FileWriter writer(Schema::parse(R"("string")"), Codec::Deflate, {});
  const std::string text(1000, 'x');
  for (int i = 0; i < 500; ++i) writer.append(text);
  const std::string bytes = writer.finish();
  EXPECT_LT(bytes.size(), 10'000U);
  EXPECT_EQ(read_all(bytes), std::vector<Value>(500, Value(text)));
}

TEST(AvroContainer, DeflateHasNoHeaderOfZlib) {
  const std::string compressed = compress(Codec::Deflate, std::string(100, 'x'));
  EXPECT_NE(static_cast<uint8_t>(compressed[0]), 0x78);
  EXPECT_EQ(decompress(Codec::Deflate, compressed), std::string(100, 'x'));
}

TEST(AvroContainer, ReadsSnappyAndZstandard) {
  const std::string text(5000, 'x');
  const std::string block = text_block(text);
  EXPECT_EQ(read_all(with_one_block("snappy", 1, snappy_block(block))),
            std::vector<Value>{Value(text)});
  EXPECT_EQ(read_all(with_one_block("zstandard", 1, zstd_block(block))),
            std::vector<Value>{Value(text)});
  EXPECT_THROW(compress(Codec::Snappy, "x"), UnsupportedException);
}

TEST(AvroContainer, NoticesDamage) {
  std::string wrong_crc = snappy_block(text_block("x"));
  wrong_crc.back() = static_cast<char>(wrong_crc.back() ^ 1);
  EXPECT_THROW(read_all(with_one_block("snappy", 1, wrong_crc)), DataException);
  EXPECT_THROW(read_all(with_one_block("snappy", 1, "\xff\xff\xff\xff\x0f")), DataException);
  EXPECT_THROW(read_all(with_one_block("snappy", 1, std::string("\x80\x80\x80\x40\x00", 5) + "1234")),
               DataException);
  EXPECT_THROW(read_all(with_one_block("zstandard", 1, "no frame")), DataException);
  EXPECT_THROW(read_all(with_one_block("deflate", 1, "\xff\xff")), DataException);
  EXPECT_THROW(read_all(with_one_block("deflate", 1, "")), DataException);
  EXPECT_THROW(read_all(with_one_block("lzma", 1, "")), DataException);
  EXPECT_THROW(read_all(with_one_block("null", 2, text_block("x"))), DataException);
  EXPECT_THROW(read_all(with_one_block("null", 1, text_block("x") + "rest")), DataException);
  EXPECT_THROW(read_all(with_one_block("null", -1, text_block("x"))), DataException);
  EXPECT_THROW(read_all(with_one_block("null", int64_t{1} << 50, "", R"("null")")), DataException);
  std::string other_marker = with_one_block("null", 1, text_block("x"));
  other_marker.back() = 'x';
  EXPECT_THROW(read_all(other_marker), DataException);
  EXPECT_THROW(read_all("Obj\x02"), DataException);
  EXPECT_THROW(read_all(""), DataException);
}

TEST(AvroContainer, RefusesBlocksThatUnpackWithoutEnd) {
  const std::string zeros(kMaxBlockBytes, '\0');
  const std::string fits = compress(Codec::Deflate, zeros);
  EXPECT_LT(fits.size(), size_t{1} << 20U);
  EXPECT_EQ(decompress(Codec::Deflate, fits).size(), kMaxBlockBytes);
  std::string bomb = zstd_block(zeros);
  bomb += zstd_block("x");
  EXPECT_THROW(decompress(Codec::Zstandard, bomb), DataException);
}

TEST(AvroContainer, CutAnywhereIsAnErrorOrAnEarlierEnd) {
  FileWriter writer(Schema::parse(R"("string")"), Codec::Deflate, {{"k", "v"}}, kSync);
  writer.append(std::string("some text"));
  const std::string bytes = writer.finish();
  int errors = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    try {
      EXPECT_TRUE(read_all(std::string_view(bytes).substr(0, size)).empty()) << size;
    } catch (const DataException&) {
      ++errors;
    }
  }
  EXPECT_EQ(static_cast<size_t>(errors), bytes.size() - 1);  // all but after the header
}

TEST(AvroContainer, AnyByteCanBeWrong) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomValue random(seed);
  int errors = 0;
  for (int round = 0; round < 400; ++round) {
    const SchemaPtr schema = Schema::from_json(random.schema());
    FileWriter writer(schema, round % 2 == 0 ? Codec::Null : Codec::Deflate, {});
    for (int i = 0; i < 5; ++i) writer.append(random.value(schema->root()));
    std::string bytes = writer.finish();
    for (int i = 0; i < 3; ++i) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    try {
      read_all(bytes);
    } catch (const DataException&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 100);
}

TEST(AvroContainer, AValueThatDoesNotFitLeavesTheFileAsItWas) {
  FileWriter writer(Schema::parse(R"({"type":"record","name":"r","fields":[
    {"name":"a","type":"string"},{"name":"b","type":"int"}]})"), Codec::Null, {});
  const Value good = Record{{std::string("x"), 1}};
  writer.append(good);
  EXPECT_THROW(writer.append(Record{{std::string("x"), std::string("y")}}), DataException);
  EXPECT_EQ(read_all(writer.finish()), std::vector<Value>{good});
}

}  // namespace
}  // namespace millrace::avro
