#include "connectors/avro/binary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millrace::avro {
namespace {

using std::string_literals::operator""s;

std::string long_bytes(int64_t value) {
  std::string out;
  Writer(out).write_long(value);
  return out;
}

TEST(AvroBinary, ZigZagAsSpecified) {
  EXPECT_EQ(long_bytes(0), "\x00"s);
  EXPECT_EQ(long_bytes(-1), "\x01");
  EXPECT_EQ(long_bytes(1), "\x02");
  EXPECT_EQ(long_bytes(-64), "\x7f");
  EXPECT_EQ(long_bytes(64), "\x80\x01");
  EXPECT_EQ(long_bytes(std::numeric_limits<int64_t>::min()),
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(AvroBinary, EveryPowerOfTwoAndItsNeighboursComeBack) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const int64_t step : {-1, 0, 1}) {
      const auto value = static_cast<int64_t>((uint64_t{1} << bit) + static_cast<uint64_t>(step));
      const std::string bytes = long_bytes(value);
      Reader reader(bytes);
      EXPECT_EQ(reader.read_long(), value);
      EXPECT_EQ(reader.remaining(), 0U);
      EXPECT_FALSE(reader.failed());
    }
  }
}

TEST(AvroBinary, OtherTypes) {
  std::string out;
  Writer writer(out);
  writer.write_boolean(true);
  writer.write_float(1.0F);
  writer.write_double(-2.0);
  writer.write_bytes("foo");
  writer.write_fixed("ab");
  writer.open_block(2);
  writer.write_int(3);
  writer.write_int(27);
  writer.close_block();
  writer.open_block(0);
  writer.close_block();
  EXPECT_EQ(out, "\x01\x00\x00\x80\x3f\x00\x00\x00\x00\x00\x00\x00\xc0\x06"
                 "fooab\x04\x06\x36\x00\x00"s);
  Reader reader(out);
  EXPECT_TRUE(reader.read_boolean());
  EXPECT_EQ(reader.read_float(), 1.0F);
  EXPECT_EQ(reader.read_double(), -2.0);
  EXPECT_EQ(reader.read_bytes(), "foo");
  EXPECT_EQ(reader.read_fixed(2), "ab");
  EXPECT_EQ(reader.read_block(), 2);
  EXPECT_EQ(reader.read_int(), 3);
  EXPECT_EQ(reader.read_int(), 27);
  EXPECT_EQ(reader.read_block(), 0);
  EXPECT_EQ(reader.read_block(), 0);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_FALSE(reader.failed());
}

TEST(AvroBinary, BlocksThatNoteTheirSize) {
  const std::string bytes = "\x03\x04\x06\x36\x00"s;
  Reader reader(bytes);
  int64_t size = 0;
  EXPECT_EQ(reader.read_block(&size), 2);
  EXPECT_EQ(size, 2);
}

TEST(AvroBinary, ErrorsStay) {
  const std::string bytes = "\x80"s;
  Reader reader(bytes);
  EXPECT_EQ(reader.read_long(), 0);
  ASSERT_TRUE(reader.failed());
  const std::string first = reader.error();
  EXPECT_EQ(reader.read_bytes(), "");
  EXPECT_EQ(reader.read_block(), 0);
  EXPECT_EQ(reader.read_double(), 0.0);
  EXPECT_FALSE(reader.read_boolean());
  EXPECT_EQ(reader.error(), first);
}

TEST(AvroBinary, RefusesWhatCannotBe) {
  const auto fails = [](const std::string& bytes, auto read) {
    Reader reader(bytes);
    read(reader);
    return reader.failed();
  };
  EXPECT_TRUE(fails("\x02", [](Reader& r) { r.read_boolean(); }));
  EXPECT_TRUE(fails(std::string(10, '\xff'), [](Reader& r) { r.read_long(); }));
  EXPECT_TRUE(fails("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", [](Reader& r) { r.read_long(); }));
  EXPECT_TRUE(fails(long_bytes(int64_t{1} << 31), [](Reader& r) { r.read_int(); }));
  EXPECT_TRUE(fails(long_bytes(-1), [](Reader& r) { r.read_bytes(); }));
  EXPECT_TRUE(fails(long_bytes(int64_t{1} << 62) + "abc", [](Reader& r) { r.read_bytes(); }));
  EXPECT_TRUE(fails(long_bytes(std::numeric_limits<int64_t>::min()),
                    [](Reader& r) { r.read_block(); }));
  EXPECT_TRUE(fails(long_bytes(-1) + long_bytes(5), [](Reader& r) { r.read_block(); }));
  EXPECT_TRUE(fails(long_bytes(2), [](Reader& r) { r.read_index(2); }));
  EXPECT_TRUE(fails(long_bytes(-1), [](Reader& r) { r.read_index(2); }));
  EXPECT_TRUE(fails("\x01\x02\x03", [](Reader& r) { r.read_float(); }));
}

}  // namespace
}  // namespace millrace::avro
