#include "connectors/lakehouse/table/literal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "connectors/scalars/decimal_bytes.h"
#include "millrace/errors.h"
#include "millrace/utf8.h"

namespace millrace::lakehouse {
namespace {

using std::string_literals::operator""s;

const Type kInt{.id = TypeId::Int};
const Type kLong{.id = TypeId::Long};
const Type kDouble{.id = TypeId::Double};
const Type kFloat{.id = TypeId::Float};
const Type kString{.id = TypeId::String};
const Type kUuid{.id = TypeId::Uuid};
const Type kDecimal{.id = TypeId::Decimal, .precision = 38, .scale = 2};

TEST(Literal, BytesAreLittleEndianNumbers) {
  EXPECT_EQ(to_bytes(int32_t{34}), "\x22\0\0\0"s);
  EXPECT_EQ(to_bytes(int32_t{-2}), "\xfe\xff\xff\xff"s);
  EXPECT_EQ(to_bytes(int64_t{1} << 40), "\0\0\0\0\0\1\0\0"s);
  EXPECT_EQ(to_bytes(true), "\1"s);
  EXPECT_EQ(to_bytes(1.0F), "\0\0\x80\x3f"s);
  EXPECT_EQ(to_bytes(1.0), "\0\0\0\0\0\0\xf0\x3f"s);
  EXPECT_EQ(to_bytes("é"s), "é");
  EXPECT_THROW(to_bytes(Literal{}), DataException);
}

TEST(Literal, BytesComeBack) {
  EXPECT_EQ(from_bytes(to_bytes(int64_t{-5}), kLong), Literal(int64_t{-5}));
  EXPECT_EQ(from_bytes(to_bytes(-0.5), kDouble), Literal(-0.5));
  EXPECT_EQ(from_bytes("", kString), Literal(""s));
  EXPECT_EQ(from_bytes("\0\0\x05\x8c"s, kDecimal), Literal("\x05\x8c"s));
  EXPECT_EQ(from_bytes("\xff\xff\x80"s, kDecimal), Literal("\x80"s));
}

TEST(Literal, BoundsOlderThanAPromotionAreWidened) {
  EXPECT_EQ(from_bytes(to_bytes(int32_t{-7}), kLong), Literal(int64_t{-7}));
  EXPECT_EQ(from_bytes(to_bytes(0.25F), kDouble), Literal(0.25));
}

TEST(Literal, BytesOfAnotherLengthAreRefused) {
  EXPECT_THROW(from_bytes("abc", kInt), DataException);
  EXPECT_THROW(from_bytes("", kLong), DataException);
  EXPECT_THROW(from_bytes("abc", kUuid), DataException);
  EXPECT_THROW(from_bytes("", kDecimal), DataException);
  EXPECT_THROW(from_bytes("\1"s + std::string(16, '\1'), kDecimal), DataException);
  EXPECT_THROW(from_bytes("abc", *fixed_type(4)), DataException);
  EXPECT_THROW(from_bytes("abc", *struct_type({})), DataException);
}

TEST(Literal, OrderIsThatOfTheType) {
  EXPECT_LT(compare(int32_t{-1}, int32_t{1}, kInt), 0);
  EXPECT_EQ(compare(int64_t{4}, int64_t{4}, kLong), 0);
  EXPECT_GT(compare(2.5F, -2.5F, kFloat), 0);
  EXPECT_LT(compare(-0.0, 0.0, kDouble), 0);
  EXPECT_LT(compare("a"s, "é"s, kString), 0);
  EXPECT_LT(compare("z"s, "é"s, kString), 0);
  EXPECT_LT(compare("a"s, "ab"s, kString), 0);
  EXPECT_LT(compare("\x7f"s + std::string(15, '\0'), "\x80"s + std::string(15, '\0'), kUuid), 0);
  EXPECT_LT(compare("\xff"s, "\1"s, kDecimal), 0);
  EXPECT_LT(compare("\x7f"s, "\0\x80"s, kDecimal), 0);
}

TEST(Literal, TextIsCutByCodePoints) {
  EXPECT_EQ(truncate_text("日本語", 2), "日本");
  EXPECT_EQ(truncate_text("a😀b", 2), "a😀");
  EXPECT_EQ(truncate_text("ab", 16), "ab");
  EXPECT_EQ(truncate_text("ab", 0), "");
}

TEST(Literal, UpperBoundsRoundUp) {
  std::string out;
  EXPECT_TRUE(truncate_text_up("ab", 2, out));
  EXPECT_EQ(out, "ab");
  EXPECT_TRUE(truncate_text_up("abc", 2, out));
  EXPECT_EQ(out, "ac");
  EXPECT_TRUE(truncate_text_up("日本語", 2, out));
  EXPECT_EQ(out, "日札");
  EXPECT_TRUE(truncate_text_up("\xed\x9f\xbfz", 1, out)) << "surrogates are stepped over";
  EXPECT_EQ(out, "\xee\x80\x80");
  EXPECT_TRUE(truncate_text_up("a\xf4\x8f\xbf\xbfz", 2, out));
  EXPECT_EQ(out, "b");
  EXPECT_FALSE(truncate_text_up("\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf", 1, out));
}

TEST(Literal, UpperBoundsOfBytesRoundUp) {
  std::string out;
  EXPECT_TRUE(truncate_bytes_up("\1\2\3"s, 2, out));
  EXPECT_EQ(out, "\1\3"s);
  EXPECT_TRUE(truncate_bytes_up("\1\xff\3"s, 2, out));
  EXPECT_EQ(out, "\2"s);
  EXPECT_TRUE(truncate_bytes_up("\xff"s, 2, out));
  EXPECT_EQ(out, "\xff"s);
  EXPECT_FALSE(truncate_bytes_up("\xff\xff\xff"s, 2, out));
}

TEST(Literal, DecimalsOfAllWidthsRoundTrip) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const auto shift = static_cast<int>(random() % 127);
    const Int128 value =
        static_cast<Int128>(static_cast<Int128>(static_cast<int64_t>(random())) << 63 |
                            static_cast<Int128>(random() >> 1)) >>
        shift;
    const std::string bytes = decimal_bytes(value);
    EXPECT_TRUE(decimal_value(bytes) == value);
    EXPECT_EQ(minimal_decimal(bytes), bytes);
    EXPECT_TRUE(decimal_value(std::string(bytes[0] < 0 ? "\xff" : "\0", 1) + bytes) == value);
    EXPECT_EQ(decimal_text(value, 0), decimal_text(-value, 0).starts_with('-')
                                          ? decimal_text(-value, 0).substr(1)
                                          : (value == 0 ? "0" : "-" + decimal_text(-value, 0)));
  }
}

TEST(Literal, DecimalTextHasItsScale) {
  EXPECT_EQ(decimal_text(1420, 2), "14.20");
  EXPECT_EQ(decimal_text(-5, 2), "-0.05");
  EXPECT_EQ(decimal_text(0, 3), "0.000");
  EXPECT_EQ(decimal_text(-120, 0), "-120");
}

std::string random_text(std::mt19937_64& random) {
  static constexpr char32_t kPoints[] = {U'a',   U'z',   0x7F,    0xE9,    0xD7FF,
                                         0xE000, 0xFFFF, 0x10000, 0x10FFFF};
  std::string text;
  for (auto left = random() % 6; left > 0; --left) utf8::append(text, kPoints[random() % 9]);
  return text;
}

TEST(Literal, TruncatedBoundsHoldTheValue) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = random_text(random);
    const auto length = static_cast<int32_t>(random() % 4 + 1);
    const std::string low = truncate_text(text, length);
    EXPECT_LE(low, text);
    EXPECT_TRUE(utf8::is_valid(low));
    std::string high;
    if (truncate_text_up(text, length, high)) {
      EXPECT_GE(high, text);
      EXPECT_TRUE(utf8::is_valid(high));
      EXPECT_EQ(truncate_text(high, length), high);
    }
    if (truncate_bytes_up(text, length, high)) {
      EXPECT_GE(high, text);
      EXPECT_LE(high.size(), static_cast<size_t>(length));
    }
  }
}

}  // namespace
}  // namespace millrace::lakehouse
