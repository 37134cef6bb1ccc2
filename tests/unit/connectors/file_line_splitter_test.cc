#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "connectors/file/line_splitter.h"

namespace millrace::file {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(std::string_view bytes, size_t clean = 0) {
  std::vector<std::string> lines;
  LineSplitter splitter(bytes, clean);
  while (const auto line = splitter.next()) {
    lines.push_back(std::string(line->text) + "/" + std::to_string(line->consumed));
  }
  return lines;
}

TEST(LineSplitterTest, EveryLineEndCounts) {
  EXPECT_THAT(split("a\nbb\r\nc\rd\n"), ElementsAre("a/2", "bb/4", "c/2", "d/2"));
  EXPECT_THAT(split("\n\r\n\r\r\n\n"), ElementsAre("/1", "/2", "/1", "/2", "/1"));
  EXPECT_THAT(split("\n\ra\n"), ElementsAre("/1", "/1", "a/2"));
}

TEST(LineSplitterTest, AnUnfinishedLineWaits) {
  EXPECT_THAT(split(""), ElementsAre());
  EXPECT_THAT(split("abc"), ElementsAre());
  EXPECT_THAT(split("a\nbc"), ElementsAre("a/2"));
}

TEST(LineSplitterTest, AReturnAtTheEndWaitsForTheNextByte) {
  EXPECT_THAT(split("a\r"), ElementsAre());
  EXPECT_THAT(split("a\r\n"), ElementsAre("a/3"));
  EXPECT_THAT(split("a\r\r"), ElementsAre("a/2"));
  EXPECT_THAT(split("a\n\r"), ElementsAre("a/2"));
}

TEST(LineSplitterTest, OnlyReturnsAndFeedsEndLines) {
  using std::literals::operator""sv;
  const auto text = "a\0b\v\f\x85\xE2\x80\xA8 c\n"sv;
  EXPECT_THAT(split(text), ElementsAre(std::string(text.substr(0, 11)) + "/12"));
}

TEST(LineSplitterTest, CleanBytesAreNotLookedAtAgain) {
  LineSplitter first("abc\r");
  EXPECT_FALSE(first.next());
  EXPECT_EQ(first.clean(), 3U);  // the return is undecided
  EXPECT_THAT(split("abc\r\ndef", first.clean()), ElementsAre("abc/5"));
  // What is said to be clean is believed: proof that it is skipped.
  EXPECT_THAT(split("a\nb\nc\n", 3), ElementsAre("a\nb/4", "c/2"));
}

// Specification: the same rules, one byte at a time.
std::vector<std::string> split_slowly(std::string_view bytes) {
  std::vector<std::string> lines;
  size_t start = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\n' && bytes[i] != '\r') continue;
    if (bytes[i] == '\r' && i + 1 == bytes.size()) break;
    const size_t end = i;
    if (bytes[i] == '\r' && bytes[i + 1] == '\n') ++i;
    lines.push_back(std::string(bytes.substr(start, end - start)) + "/" +
                    std::to_string(i + 1 - start));
    start = i + 1;
  }
  return lines;
}

TEST(LineSplitterTest, AgreesWithTheSpecificationOnRandomText) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 24, '\0');
    for (char& c : text) c = "\r\n\r\nabc"[random() % 7];
    ASSERT_EQ(split(text), split_slowly(text)) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace millrace::file
