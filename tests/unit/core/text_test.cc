// Base64, UTF-8, decimals, Java's toString and nearest names.

#include "millrace/text.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "millrace/base64.h"
#include "millrace/decimal.h"
#include "millrace/nearest.h"
#include "millrace/utf8.h"
#include "tests/unit/core/random_value.h"

namespace millrace {
namespace {

using namespace std::string_literals;
using core_test::Random;
using testing::ElementsAre;
using testing::IsEmpty;

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
std::string encode(std::string_view bytes) {
  std::string out = ">";
  append_base64(out, bytes_of(bytes));
  return out.substr(1);
}
std::string random_bytes(Random& random, size_t most) {
  std::string bytes;
  for (size_t n = random(most + 1); n > 0; --n) bytes += static_cast<char>(random(256));
  return bytes;
}

TEST(Base64Test, VectorsOfTheStandard) {
  for (const auto& [plain, text] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"fooba", "Zm9vYmE="},
                                                        {"foobar", "Zm9vYmFy"},
                                                        {"\xff\xfe\xfd", "//79"},
                                                        {"\xfb\xef\xbe", "++++"},
                                                        {"\0"s, "AA=="}}) {
    EXPECT_EQ(encode(plain), text);
    std::string back = ">";
    EXPECT_TRUE(decode_base64(text, back));
    EXPECT_EQ(back, ">" + plain);
  }
}

TEST(Base64Test, AnyBytesComeBack) {
  Random random;
  for (int round = 0; round < 2000; ++round) {
    const std::string bytes = random_bytes(random, 40);
    const std::string text = encode(bytes);
    ASSERT_EQ(text.size(), (bytes.size() + 2) / 3 * 4);
    std::string back;
    ASSERT_TRUE(decode_base64(text, back));
    ASSERT_EQ(back, bytes);
  }
}

TEST(Base64Test, OtherTextIsRefused) {
  std::string out;
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Z===", "Zm9v=", "Zm 9", "Zm9\n",
                           "Zm9-", "Zm9_", "Zg==Zg==", "Z=g=", "\xC3\xA9\xC3\xA9"}) {
    EXPECT_FALSE(decode_base64(text, out)) << text;
  }
}

TEST(Utf8Test, EveryCharacterComesBack) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    utf8::append(text, c);
    const utf8::Decoded decoded = utf8::decode(text);
    ASSERT_TRUE(decoded.valid) << static_cast<uint32_t>(c);
    ASSERT_TRUE(decoded.code_point == c);
    ASSERT_EQ(decoded.length, text.size());
    ASSERT_EQ(text.size(), c < 0x80 ? 1U : c < 0x800 ? 2U : c < 0x10000 ? 3U : 4U);
    for (size_t cut = 1; cut < text.size(); ++cut) {
      const utf8::Decoded half = utf8::decode(std::string_view(text).substr(0, cut));
      ASSERT_FALSE(half.valid);
      ASSERT_EQ(half.length, cut) << "the well-formed beginning is one replacement";
    }
  }
}

TEST(Utf8Test, MalformedTextIsFoundAnywhere) {
  for (const std::string bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xE2\x82",
                                "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x9F\x98",
                                "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    for (size_t before = 0; before < 20; ++before) {
      for (const size_t after : {0, 1, 9}) {
        const std::string text = std::string(before, 'x') + bad + std::string(after, 'y');
        ASSERT_FALSE(utf8::is_valid(text));
        const std::string clean = utf8::sanitise(text);
        ASSERT_TRUE(utf8::is_valid(clean));
        ASSERT_TRUE(clean.starts_with(std::string(before, 'x') + "\uFFFD"));
        ASSERT_TRUE(clean.ends_with("\uFFFD" + std::string(after, 'y')));
      }
    }
  }
}

TEST(Utf8Test, ValidityAgreesWithDecoding) {
  Random random;
  static constexpr std::string_view kPool =
      "ab\x7f\x80\xbf\xc2\xc3\xa9\xe0\xa0\xe2\x82\xac\xed\x9f\xf0\x9f\x98\x80\xf4\x8f\xff";
  size_t valid_texts = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random(12), 'x');
    for (size_t n = random(8); n > 0; --n) text += kPool[random(kPool.size())];
    bool valid = true;
    for (std::string_view rest = text; !rest.empty();) {
      const utf8::Decoded decoded = utf8::decode(rest);
      ASSERT_GE(decoded.length, 1U);
      ASSERT_LE(decoded.length, rest.size());
      valid = valid && decoded.valid;
      rest.remove_prefix(decoded.length);
    }
    ASSERT_EQ(utf8::is_valid(text), valid);
    ASSERT_EQ(utf8::sanitise(text) == text, valid);
    valid_texts += valid ? 1 : 0;
  }
  EXPECT_GT(valid_texts, 1000U);
}

TEST(Utf8Test, OrderOfUtf16Units) {
  const std::vector<std::string> ascending = {"",
                                              "a",
                                              "aa",
                                              "a\xC3\xA9",
                                              "b",
                                              "\xC3\xA9",
                                              "\xED\x9F\xBF",
                                              "\xF0\x90\x80\x80",
                                              "\xF0\x90\x80\x81",
                                              "\xEE\x80\x80",
                                              "\xEF\xBF\xBD"};
  auto sorted = ascending;
  std::reverse(sorted.begin(), sorted.end());
  std::sort(sorted.begin(), sorted.end(), utf8::utf16_less);
  EXPECT_EQ(sorted, ascending);
  for (const std::string& text : ascending) EXPECT_FALSE(utf8::utf16_less(text, text));
}

TEST(Utf8Test, GoodTextIsNotCopied) {
  Arena arena;
  const std::string_view good = "gr\u00fc\u00df";
  EXPECT_EQ(valid_utf8(good, arena).data(), good.data());
  EXPECT_EQ(valid_utf8("a\xFFz", arena), "a\uFFFDz");
  EXPECT_EQ(valid_utf8("", arena), "");
}

std::string decimal_text(int32_t scale, std::span<const uint8_t> unscaled) {
  Arena arena;
  std::string out;
  append_decimal(out, *make_decimal(scale, unscaled, arena));
  return out;
}

TEST(DecimalTest, BytesAreTwosComplement) {
  const auto text = [](std::vector<uint8_t> bytes) { return decimal_text(0, bytes); };
  EXPECT_EQ(text({0x00}), "0");
  EXPECT_EQ(text({0x7F}), "127");
  EXPECT_EQ(text({0x80}), "-128");
  EXPECT_EQ(text({0xFF}), "-1");
  EXPECT_EQ(text({0x00, 0x80}), "128");
  EXPECT_EQ(text({0xFF, 0x7F}), "-129");
  EXPECT_EQ(text({0x00, 0x00, 0x01}), "1") << "not minimal, as others may write it";
  EXPECT_EQ(text({0xFF, 0xFF, 0xFE}), "-2");
  EXPECT_EQ(text({0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
            "-170141183460469231731687303715884105728");
}

TEST(DecimalTest, ScaleDecidesTheText) {
  const std::vector<uint8_t> twelve{12};
  for (const auto& [scale, text] :
       std::vector<std::pair<int32_t, std::string>>{{0, "12"},
                                                    {1, "1.2"},
                                                    {2, "0.12"},
                                                    {7, "0.0000012"},
                                                    {8, "1.2E-7"},
                                                    {-1, "1.2E+2"},
                                                    {INT32_MAX, "1.2E-2147483646"},
                                                    {INT32_MIN, "1.2E+2147483649"}}) {
    EXPECT_EQ(decimal_text(scale, twelve), text);
  }
  const std::vector<uint8_t> zero{0};
  EXPECT_EQ(decimal_text(2, zero), "0.00");
  EXPECT_EQ(decimal_text(7, zero), "0E-7");
  EXPECT_EQ(decimal_text(-3, zero), "0E+3");
}

TEST(DecimalTest, TextComesBack) {
  Random random;
  Arena arena;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = random_bytes(random, 30);
    if (bytes.empty()) bytes = "\0"s;
    const int32_t scale = static_cast<int32_t>(random(60)) - 30;
    std::string text;
    append_decimal(text, *make_decimal(scale, bytes_of(bytes), arena));
    const Value back = parse_decimal(text, arena);
    ASSERT_EQ(back.type(), Type::Decimal) << text;
    ASSERT_EQ(back.as_decimal().scale, scale) << text;
    std::string again;
    append_decimal(again, back.as_decimal());
    ASSERT_EQ(again, text);
    // Minimal: no leading byte that only repeats the sign.
    const auto unscaled = back.as_decimal().unscaled();
    ASSERT_GE(unscaled.size(), 1U);
    ASSERT_LE(unscaled.size(), bytes.size());
    if (unscaled.size() > 1) {
      ASSERT_FALSE((unscaled[0] == 0 && unscaled[1] < 0x80) ||
                   (unscaled[0] == 0xFF && unscaled[1] >= 0x80));
    }
  }
}

TEST(DecimalTest, OtherTextIsNull) {
  Arena arena;
  for (const char* text : {"", "+", "-", ".", "1.2.3", "1e", "1e+", "1e+-5", "1e--5", "e5", "--1",
                           " 1", "1 ", "1_0", "0x1", "NaN", "1e2147483648", "1e-2147483648"}) {
    EXPECT_TRUE(parse_decimal(text, arena).is_null()) << text;
  }
}

std::string java_text(const Value& value) {
  std::string out;
  append_java_string(out, value);
  return out;
}

TEST(JavaStringTest, ValuesPrintAsInJava) {
  Arena arena;
  EXPECT_EQ(java_text({}), "null");
  EXPECT_EQ(java_text(Value::boolean(true)), "true");
  EXPECT_EQ(java_text(Value::int64(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(java_text(Value::float32(1.1F)), "1.1");
  EXPECT_EQ(java_text(Value::float64(1e21)), "1.0E21");
  EXPECT_EQ(java_text(Value::string("a\"b")), "a\"b");
  EXPECT_EQ(java_text(parse_decimal("1.20", arena)), "1.20");
  EXPECT_TRUE(java_text(Value::bytes(bytes_of("x"))).starts_with("[B@"));
  const Value list[] = {Value::int8(1), {}, Value::string("x")};
  EXPECT_EQ(java_text(Value::array(list)), "[1, null, x]");
  EXPECT_EQ(java_text(Value::array({})), "[]");
  const MapEntry entries[] = {{Value::string("a"), Value::int8(1)}, {Value::string("b"), {}}};
  EXPECT_EQ(java_text(Value::map(entries)), "{a=1, b=null}");
  const SchemaPtr schema = SchemaBuilder::structure()
                               .field("a", primitive_schema(Type::Int8))
                               .field("b", primitive_schema(Type::Int8, true))
                               .field("c", primitive_schema(Type::String))
                               .build();
  const Value members[] = {Value::int8(1), {}, Value::string("x")};
  const StructData data{schema.get(), members};
  EXPECT_EQ(java_text(Value::structure(&data)), "Struct{a=1,c=x}") << "nulls are left out";
}

TEST(NearestTest, DistanceCountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("topic", "topics"), 1U);
  EXPECT_EQ(edit_distance("tpoics", "topics"), 1U) << "a swap is one";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("FILE", "file"), 0U);
}

TEST(NearestTest, DistanceIsAMeasure) {
  Random random;
  const auto word = [&random] {
    std::string text;
    for (size_t n = random(7); n > 0; --n) text += static_cast<char>('a' + random(3));
    return text;
  };
  for (int round = 0; round < 2000; ++round) {
    const std::string a = word();
    const std::string b = word();
    const size_t distance = edit_distance(a, b);
    ASSERT_EQ(distance, edit_distance(b, a));
    ASSERT_EQ(distance == 0, a == b);
    ASSERT_LE(distance, std::max(a.size(), b.size()));
    ASSERT_GE(distance, std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
    std::string edited = a;
    edited.insert(random(a.size() + 1), 1, 'z');
    ASSERT_EQ(edit_distance(a, edited), 1U);
  }
}

TEST(NearestTest, BestNamesFirst) {
  const std::vector<std::string> names{"FileStreamSink", "FileStreamSource", "FileSink", "Json"};
  EXPECT_THAT(nearest_names("FileStreamSinc", names, 3),
              ElementsAre("FileStreamSink", "FileStreamSource"));
  EXPECT_THAT(nearest_names("filestreamsink", names, 1), ElementsAre("FileStreamSink"));
  EXPECT_THAT(nearest_names("FileStreamS", names, 3), ElementsAre("FileStreamSink"));
  EXPECT_THAT(nearest_names("Jsno", names, 3), ElementsAre("Json"));
  EXPECT_THAT(nearest_names("Elasticsearch", names, 3), IsEmpty());
  EXPECT_THAT(nearest_names("", {"ab", "a"}, 3), IsEmpty()) << "nothing in common";
  EXPECT_THAT(nearest_names("ba", {"ab", "bb", "b"}, 2), ElementsAre("ab", "b"));
  EXPECT_THAT(nearest_names("x", {}, 3), IsEmpty());
}

TEST(NearestTest, LongTextCostsLittle) {
  const std::vector<std::string> names(1000, "org.example.SomeConnector");
  EXPECT_THAT(nearest_names(std::string(1'000'000, 'x'), names, 3), IsEmpty());
}

}  // namespace
}  // namespace millrace
