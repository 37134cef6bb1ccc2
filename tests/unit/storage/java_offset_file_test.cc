// The offset file, key order and text decoding beside a real JDK (tests/oracle/OffsetFile.java).

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "millrace/java_map_order.h"
#include "millrace/utf8.h"
#include "runtime/storage/java_hash_map.h"
#include "tests/support/java_program.h"

namespace millrace {
namespace {

using testing_support::read_text;
using testing_support::TemporaryFolder;
using testing_support::to_hex;
using testing_support::write_text;

using Lines = std::vector<std::string>;

std::string line_of(const std::string& key, const std::optional<std::string>& value) {
  return to_hex(key) + " " + (value ? to_hex(*value) : "-");
}

Lines lines_of(const OffsetEntries& entries) {
  Lines lines;
  for (const auto& [key, value] : entries) lines.push_back(line_of(key, value));
  std::sort(lines.begin(), lines.end());
  return lines;
}

class JavaOffsetFileTest : public ::testing::Test {
 protected:
  /// Runs the oracle with `input` as its standard input; its output lines.
  Lines java(const std::string& arguments, const Lines& input = {}) {
    return testing_support::run_java(MILLRACE_ORACLE, arguments, input);
  }
  Lines sorted_java(const std::string& arguments) {
    Lines lines = java(arguments);
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  void check_both_ways(const OffsetEntries& entries) {
    write_text(file_, write_java_map(entries));
    EXPECT_EQ(sorted_java("read '" + file_.string() + "'"), lines_of(entries));
    java("write '" + file_.string() + "'", lines_of(entries));
    EXPECT_EQ(read_java_map(read_text(file_)), entries);
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "connect.offsets";
};

TEST_F(JavaOffsetFileTest, AnEmptyMapGoesBothWaysByteForByte) {
  check_both_ways({});
  EXPECT_EQ(read_text(file_), write_java_map({}));
}

TEST_F(JavaOffsetFileTest, EntriesAndNullsGoBothWays) {
  check_both_ways({{R"(["c",{"filename":"f"}])", R"({"position":27})"},
                   {R"(["c",{"filename":"g"}])", std::nullopt},
                   {"same value", R"({"position":27})"},
                   {"empty", ""}});
}

TEST_F(JavaOffsetFileTest, OneEntryHasJavasBytes) {
  check_both_ways({{"key", "value"}});
  EXPECT_EQ(read_text(file_), write_java_map({{"key", "value"}}));
}

TEST_F(JavaOffsetFileTest, AThousandEntriesGoBothWays) {
  OffsetEntries entries;
  for (int i = 0; i < 1000; ++i) {
    std::optional<std::string> value;
    if (i % 7 != 0) value = R"({"position":)" + std::to_string(i / 3) + "}";
    entries.emplace(R"(["c)" + std::to_string(i) + R"(",{"filename":"f"}])", value);
  }
  check_both_ways(entries);
}

std::string random_key(std::mt19937& random) {
  static const Lines kPieces = {"a", "B", "id", "topic", "_", "7", "\xC3\xBC", "\xE2\x82\xAC",
                                "\xF0\x9F\x98\x80", "partition"};
  std::string key;
  for (size_t n = 1 + random() % 5; n > 0; --n) key += kPieces[random() % kPieces.size()];
  return key;
}

TEST_F(JavaOffsetFileTest, KeysAreOrderedAsInAJavaHashMap) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Lines input;
  Lines expected;
  for (size_t round = 0; round < 500; ++round) {
    Lines keys;
    for (size_t n = 1 + random() % 30; n > 0; --n) {
      std::string key = random_key(random);
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
    }
    std::string put;
    for (const std::string& key : keys) put += (put.empty() ? "" : " ") + to_hex(key);
    input.push_back(put);
    std::vector<MapEntry> entries;
    for (const std::string& key : keys) entries.push_back({Value::string(key), Value()});
    arrange_as_java_map(entries);
    std::string iterated;
    for (const MapEntry& entry : entries) {
      iterated += (iterated.empty() ? "" : " ") + to_hex(std::string(entry.key.as_string()));
    }
    expected.push_back(iterated);
  }
  EXPECT_EQ(java("order", input), expected);
}

std::string random_bytes(std::mt19937& random) {
  // Bytes at which the rules of UTF-8 change, so that near misses are common.
  constexpr std::string_view kBytes =
      "a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe2\xed\xef\xf0\xf1\xf4\xf5\xf8\xff";
  std::string bytes;
  for (size_t n = 1 + random() % 8; n > 0; --n) bytes += kBytes[random() % kBytes.size()];
  return bytes;
}

TEST_F(JavaOffsetFileTest, MalformedTextIsReplacedAsInJava) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Lines input;
  Lines expected;
  for (size_t round = 0; round < 5000; ++round) {
    const std::string bytes = random_bytes(random);
    input.push_back(to_hex(bytes));
    expected.push_back(to_hex(utf8::sanitise(bytes)));
    EXPECT_EQ(utf8::is_valid(bytes), utf8::sanitise(bytes) == bytes) << to_hex(bytes);
  }
  const Lines answers = java("decode", input);
  ASSERT_EQ(answers.size(), expected.size());
  for (size_t i = 0; i < input.size(); ++i) ASSERT_EQ(answers[i], expected[i]) << input[i];
}

}  // namespace
}  // namespace millrace
