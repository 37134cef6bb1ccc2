#include "millrace/properties_file.h"

#include <gtest/gtest.h>

#include <random>

#include "millrace/errors.h"
#include "millrace/utf8.h"
#include "tests/unit/core/support.h"

namespace millrace {
namespace {

using core_test::message_of;
using core_test::OpenFolder;
using core_test::Random;
using core_test::WithoutPrivileges;
using namespace std::string_literals;

struct Case {
  std::string text;
  Properties expected;
};

// Part of the test's name: letters and digits as they are, the rest as in a URL.
void PrintTo(const Case& rule, std::ostream* out) {
  for (const char c : rule.text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      *out << c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      *out << '%' << kHex[byte >> 4U] << kHex[byte & 0xFU];
    }
  }
}

class PropertiesRulesTest : public testing::TestWithParam<Case> {};

TEST_P(PropertiesRulesTest, ParsesAsJava) {
  EXPECT_EQ(parse_properties(GetParam().text), GetParam().expected);
}

// Expected values are those of java.util.Properties.
INSTANTIATE_TEST_SUITE_P(
    Separators, PropertiesRulesTest,
    testing::Values(Case{"", {}}, Case{"a:b", {{"a", "b"}}}, Case{"a b", {{"a", "b"}}},
                    Case{"a\tb", {{"a", "b"}}}, Case{"a\fb", {{"a", "b"}}},
                    Case{"a = b", {{"a", "b"}}}, Case{"a b=c", {{"a", "b=c"}}},
                    Case{"a==b", {{"a", "=b"}}}, Case{"a:=b", {{"a", "=b"}}},
                    Case{"a = = b", {{"a", "= b"}}}, Case{"a : :b", {{"a", ":b"}}},
                    Case{"a", {{"a", ""}}}, Case{"a=", {{"a", ""}}}, Case{"a  ", {{"a", ""}}},
                    Case{"=b", {{"", "b"}}}, Case{" \t\fa=b", {{"a", "b"}}},
                    Case{"a = b ", {{"a", "b "}}}, Case{"a=b\t \f", {{"a", "b\t \f"}}},
                    Case{"a=\"b\" 'c'", {{"a", "\"b\" 'c'"}}}, Case{"a=1\na=2", {{"a", "2"}}},
                    Case{"a=\vb", {{"a", "\vb"}}}, Case{"a=x\0y"s, {{"a", "x\0y"s}}}));

INSTANTIATE_TEST_SUITE_P(
    LinesAndComments, PropertiesRulesTest,
    testing::Values(Case{"a=1\nb=2\rc=3\r\nd=4", {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}},
                    Case{"#x\n!y\n  #z=1\na=1", {{"a", "1"}}}, Case{"# c\\\na=1", {{"a", "1"}}},
                    Case{"a=#x", {{"a", "#x"}}}, Case{"a=1 # x", {{"a", "1 # x"}}},
                    Case{"\n \r\n\t\na=1\n\n", {{"a", "1"}}}, Case{"#only", {}}, Case{"   ", {}}));

INSTANTIATE_TEST_SUITE_P(
    Continuations, PropertiesRulesTest,
    testing::Values(Case{"a=1\\\n  2", {{"a", "12"}}}, Case{"a=1\\\r\n\t2", {{"a", "12"}}},
                    Case{"a=1\\\r2", {{"a", "12"}}}, Case{"a=1\\\n#b=2", {{"a", "1#b=2"}}},
                    Case{"a=1\\\\\nb=2", {{"a", "1\\"}, {"b", "2"}}},
                    Case{"a=1\\\\\\\n2", {{"a", "1\\2"}}}, Case{"a=1\\", {{"a", "1"}}},
                    Case{"a=1\\\n", {{"a", "1"}}}, Case{"a=1\\\n\nb=2", {{"a", "1"}, {"b", "2"}}},
                    Case{"a=1\\\n  \nb=2", {{"a", "1"}, {"b", "2"}}},
                    Case{"a\\\n  b\\\n=c", {{"ab", "c"}}}, Case{"\\\na=1", {{"a", "1"}}},
                    Case{"\\\n#a=1", {}}, Case{"\\", {{"", ""}}}, Case{"\\\n", {{"", ""}}},
                    Case{"\\\n ", {}}));

INSTANTIATE_TEST_SUITE_P(
    Escapes, PropertiesRulesTest,
    testing::Values(Case{"a\\:b=c", {{"a:b", "c"}}}, Case{"a\\=b=c", {{"a=b", "c"}}},
                    Case{"a\\ b=c", {{"a b", "c"}}}, Case{"a=\\q", {{"a", "q"}}},
                    Case{"a=\\ x", {{"a", " x"}}},
                    Case{"a=\\t\\n\\r\\f\\\\", {{"a", "\t\n\r\f\\"}}},
                    Case{"a=\\b\\0\\\"", {{"a", "b0\""}}}, Case{"\\#a=1", {{"#a", "1"}}},
                    Case{"\\u0061\\u00e9=\\u20AC", {{"a\xC3\xA9", "\xE2\x82\xAC"}}},
                    Case{"\\u003da=b", {{"=a", "b"}}}, Case{"a=\\U0061", {{"a", "U0061"}}},
                    Case{"a=\\uD83D\\uDE00", {{"a", "\xF0\x9F\x98\x80"}}},
                    Case{"a=\\uD83Dx\\uDE00", {{"a", "\xEF\xBF\xBDx\xEF\xBF\xBD"}}},
                    Case{"a=\\uD83D\\uD83D\\uDE00", {{"a", "\xEF\xBF\xBD\xF0\x9F\x98\x80"}}},
                    Case{"a=\\u0000", {{"a", "\0"s}}}));

TEST(PropertiesFileTest, MalformedUnicodeEscapeIsRefused) {
  for (const char* text : {"a=\\u", "a=\\u12", "a=\\u12g4", "a=\\uuuuu", "\\u00=b", "a=\\u+123"}) {
    EXPECT_EQ(message_of([&] { parse_properties(text); }), "Malformed \\uxxxx encoding.") << text;
  }
}

TEST(PropertiesFileTest, EncodingDecidesWhatBytesMean) {
  EXPECT_EQ(parse_properties("a=\xE9"), (Properties{{"a", "\xC3\xA9"}}));
  EXPECT_EQ(parse_properties("a=\xC3\xA9"), (Properties{{"a", "\xC3\x83\xC2\xA9"}}));
  EXPECT_EQ(parse_properties("a=\xC3\xA9", PropertiesEncoding::Utf8),
            (Properties{{"a", "\xC3\xA9"}}));
  EXPECT_EQ(parse_properties("\xF0\x9F\x98\x80=\\uD83D\xF0\x9F\x98\x80", PropertiesEncoding::Utf8),
            (Properties{{"\xF0\x9F\x98\x80", "\xEF\xBF\xBD\xF0\x9F\x98\x80"}}));
  EXPECT_EQ(parse_properties("a=\xE9x", PropertiesEncoding::Utf8),
            (Properties{{"a", "\xEF\xBF\xBDx"}}));
  // U+0085 and U+00A0 are neither line ends nor blanks.
  EXPECT_EQ(parse_properties("a=1\x85\xA0"), (Properties{{"a", "1\xC2\x85\xC2\xA0"}}));
}

/// Writes properties text in one of the many ways it can be written, chosen at random.
class RandomWriter {
 public:
  RandomWriter(std::mt19937& random, bool utf8) : random_(random), utf8_(utf8) {}

  std::string write(const std::u32string& key, const std::u32string& value) {
    text_.clear();
    if (one_in(4)) text_ += "# comment = \\\n";
    if (one_in(4)) text_ += "  \t";
    for (const char32_t c : key) character(c, true);
    static constexpr const char* kSeparators[] = {"=", ":", " = ", "\t:", "= ", " "};
    const bool blank_separator = one_in(6);
    text_ += blank_separator ? " " : kSeparators[random_() % 5];
    bool at_start = true;
    for (const char32_t c : value) {
      character(c, at_start);
      at_start = false;
    }
    static constexpr const char* kEnds[] = {"\n", "\r", "\r\n", "\n\n"};
    text_ += kEnds[random_() % 4];
    return text_;
  }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }

  void escape_unit(char32_t unit) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, one_in(2) ? "\\u%04x" : "\\u%04X",
                  static_cast<unsigned>(unit));
    text_ += buffer;
  }

  void escaped(char32_t c) {
    switch (c) {
      case '\n':
        text_ += "\\n";
        return;
      case '\r':
        text_ += "\\r";
        return;
      case '\t':
        text_ += "\\t";
        return;
      case '\f':
        text_ += "\\f";
        return;
      default:
        break;
    }
    if (c >= 0x10000) {
      escape_unit(0xD800 + ((c - 0x10000) >> 10U));
      escape_unit(0xDC00 + ((c - 0x10000) & 0x3FFU));
    } else if (c > ' ' && c < 0x7F && std::isalnum(static_cast<int>(c)) == 0) {
      text_ += '\\';
      text_ += static_cast<char>(c);
    } else {
      escape_unit(c);
    }
  }

  void character(char32_t c, bool special) {
    if (one_in(10)) text_ += one_in(2) ? "\\\n  " : "\\\r\n\t";
    const bool is_separator = U" \t\f=:#!"s.find(c) != std::u32string::npos;
    const bool raw =
        c != '\\' && c != '\n' && c != '\r' && !(special && is_separator) && (utf8_ || c < 0x100);
    // A blank after a continuation would be dropped.
    const bool after_break = !text_.empty() && (text_.ends_with("\n  ") || text_.ends_with("\n\t"));
    if (!raw || (after_break && is_separator) || one_in(8)) return escaped(c);
    if (utf8_) return utf8::append(text_, c);
    text_ += static_cast<char>(static_cast<unsigned char>(c));
  }

  std::mt19937& random_;
  bool utf8_;
  std::string text_;
};

std::string to_utf8(const std::u32string& text) {
  std::string out;
  for (const char32_t c : text) utf8::append(out, c);
  return out;
}

std::u32string random_text(std::mt19937& random, size_t most) {
  static const std::u32string kPool =
      U"abcXYZ019 \t\f\n\r\\=:#!'\"\u0001\u0085\u00e9\u00ff\u20ac\ufffd\U0001F600\U0010FFFF";
  std::u32string text;
  for (size_t n = random() % (most + 1); n > 0; --n) text += kPool[random() % kPool.size()];
  return text;
}

TEST(PropertiesFileTest, AnyWayOfWritingReadsBack) {
  Random seeded;
  std::mt19937& random = seeded.engine();
  for (int round = 0; round < 3000; ++round) {
    const bool utf8 = round % 2 == 0;
    RandomWriter writer(random, utf8);
    Properties expected;
    std::string text;
    for (size_t n = random() % 6; n > 0; --n) {
      const std::u32string key = U"k" + random_text(random, 6);
      const std::u32string value = random_text(random, 10);
      expected.insert_or_assign(to_utf8(key), to_utf8(value));
      text += writer.write(key, value);
    }
    ASSERT_EQ(parse_properties(text, utf8 ? PropertiesEncoding::Utf8 : PropertiesEncoding::Latin1),
              expected)
        << text;
  }
}

char byte_of_interest(std::mt19937& random) {
  static constexpr std::string_view kPool = "aub=: \t\f\n\r\\\\\\#!0dDfF\xE9\xC3\xF0\x9F\x98\x80";
  return kPool[random() % kPool.size()];
}

TEST(PropertiesFileTest, AnyBytesParseOrAreRefused) {
  Random seeded;
  std::mt19937& random = seeded.engine();
  for (int round = 0; round < 5000; ++round) {
    std::string bytes;
    for (size_t n = random() % 24; n > 0; --n) bytes += byte_of_interest(random);
    for (const auto encoding : {PropertiesEncoding::Latin1, PropertiesEncoding::Utf8}) {
      const std::string message = message_of([&] {
        for (const auto& [key, value] : parse_properties(bytes, encoding)) {
          ASSERT_TRUE(utf8::is_valid(key) && utf8::is_valid(value));
        }
      });
      ASSERT_TRUE(message.empty() || message == "Malformed \\uxxxx encoding.") << message;
    }
  }
}

TEST(PropertiesFileTest, ReadsAFile) {
  const OpenFolder folder;
  const auto file = folder.write("w.properties", "a=\xE9\nb=2\n");
  EXPECT_EQ(read_properties_file(file), (Properties{{"a", "\xC3\xA9"}, {"b", "2"}}));
  EXPECT_EQ(read_properties_file(folder.write("empty", "")), Properties{});
}

TEST(PropertiesFileTest, UnreadableFilesAreNamedWithTheReason) {
  const OpenFolder folder;
  const auto message = [](const std::filesystem::path& path) {
    std::string text;
    EXPECT_THROW(
        {
          try {
            read_properties_file(path);
          } catch (const std::exception& error) {
            text = error.what();
            throw;
          }
        },
        ConfigException);
    return text;
  };
  EXPECT_EQ(message(folder / "no.properties"),
            "reading " + (folder / "no.properties").string() + ": No such file or directory");
  EXPECT_EQ(message(folder.path()),
            "reading " + folder.path().string() + ": it is a directory, not a file");
  const auto bad = folder.write("bad", "a=\\u12");
  EXPECT_EQ(message(bad), "reading " + bad.string() + ": Malformed \\uxxxx encoding.");
  const auto closed = folder.write("closed", "a=1");
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  const WithoutPrivileges nobody;
  EXPECT_EQ(message(closed), "opening " + closed.string() + ": Permission denied");
}

}  // namespace
}  // namespace millrace
