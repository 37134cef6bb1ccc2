#include "runtime/rest/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "runtime/rest/json_writer.h"

namespace millrace::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Reads all tokens; gives the error text, or empty.
std::string error_of(std::string_view text) {
  try {
    JsonReader reader(text);
    while (reader.next() != JsonToken::End) {
    }
  } catch (const JsonError& e) {
    return e.what();
  }
  return {};
}

std::string string_of(std::string_view text) {
  JsonReader reader(text);
  EXPECT_EQ(reader.next(), JsonToken::String);
  return reader.text();
}

TEST(JsonReader, GivesTokensInOrder) {
  JsonReader reader(R"( {"a": [1, true, null], "b": {} } )");
  const JsonToken expected[] = {
      JsonToken::StartObject, JsonToken::FieldName, JsonToken::StartArray, JsonToken::Number,
      JsonToken::True,        JsonToken::Null,      JsonToken::EndArray,   JsonToken::FieldName,
      JsonToken::StartObject, JsonToken::EndObject, JsonToken::EndObject,  JsonToken::End};
  for (const JsonToken token : expected) EXPECT_EQ(reader.next(), token);
}

TEST(JsonReader, NumbersKeepTheirSpelling) {
  for (const char* text : {"1.50", "1e3", "-0", "0.10", "1E+05", "12345678901234567890123"}) {
    JsonReader reader(text);
    EXPECT_EQ(reader.next(), JsonToken::Number);
    EXPECT_EQ(reader.text(), text);
  }
}

TEST(JsonReader, UnescapesStrings) {
  EXPECT_EQ(string_of(R"("a\"\\\/\b\f\n\r\t\u00e4")"), "a\"\\/\b\f\n\r\t\xC3\xA4");
  EXPECT_EQ(string_of(R"("\ud83d\ude00")"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(string_of(R"("\ud83dx")"), "\xEF\xBF\xBDx");
  EXPECT_EQ(string_of(R"("\ud83d\u0041")"),
            "\xEF\xBF\xBD"
            "A");
}

TEST(JsonReader, IgnoresWhatFollowsTheFirstValue) {
  EXPECT_EQ(error_of(R"({"a":1} trailing {)"), "");
  EXPECT_EQ(error_of(""), "");
  EXPECT_EQ(error_of("  \n"), "");
}

TEST(JsonReader, SkipsAByteOrderMark) {
  EXPECT_EQ(error_of("\xEF\xBB\xBF{}"), "");
}

TEST(JsonReader, SkipGivesTheSourceText) {
  JsonReader reader(R"({"a": {"x" : [1, "]"]} , "b":1.50})");
  reader.next();
  reader.next();
  reader.next();
  EXPECT_EQ(reader.skip_value(), R"({"x" : [1, "]"]})");
  EXPECT_EQ(reader.next(), JsonToken::FieldName);
  reader.next();
  EXPECT_EQ(reader.skip_value(), "1.50");
  EXPECT_EQ(reader.next(), JsonToken::EndObject);
}

TEST(JsonReader, WordsErrorsAsJacksonDoes) {
  const std::string at =
      "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` "
      "disabled); line: 1, column: ";
  EXPECT_EQ(error_of("{a}"),
            "Unexpected character ('a' (code 97)): was expecting double-quote to "
            "start field name" +
                at + "2]");
  EXPECT_THAT(error_of("{\"a\" 1}"), StartsWith("Unexpected character ('1' (code 49)): was "
                                                "expecting a colon to separate field name"));
  EXPECT_THAT(error_of("{\"a\":1 \"b\"}"), HasSubstr("was expecting comma to separate Object"));
  EXPECT_THAT(error_of("[1 2]"), HasSubstr("was expecting comma to separate Array entries"));
  EXPECT_THAT(error_of("nope"), StartsWith("Unrecognized token 'nope': was expecting"));
  EXPECT_THAT(error_of("{"), StartsWith("Unexpected end-of-input: expected close marker for "
                                        "Object (start marker at [Source: "));
  EXPECT_THAT(error_of("[1}"), StartsWith("Unexpected close marker '}': expected ']'"));
  EXPECT_THAT(error_of("{\n \"a\":\n x y}"), HasSubstr("line: 3, column: 2]"));
}

TEST(JsonReader, RefusesWhatJacksonRefuses) {
  for (const char* text :
       {"// c\n1", "/* c */ 1",   "'a'",      "NaN",     "-Infinity",  "01",      "-",   "1.",
        ".5",      "1e",          "+1",       "{'a':1}", "{\"a\":1,}", "[1,]",    "[,]", "{,}",
        "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"", "\"open",  "{\"a\"",     "{\"a\":", "[",   "tru",
        "1a",      "]",           "}",        ":",       "\xFF\xFE"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(JsonReader, NestingHasALimit) {
  const std::string fine = std::string(kMaxBodyDepth, '[') + std::string(kMaxBodyDepth, ']');
  EXPECT_EQ(error_of(fine), "");
  EXPECT_THAT(error_of(std::string(1'000'000, '[')),
              StartsWith("Document nesting depth (1001) exceeds the maximum allowed (1000"));
}

TEST(JsonReader, NumbersHaveALimit) {
  EXPECT_EQ(error_of(std::string(kMaxNumberLength, '1')), "");
  EXPECT_THAT(error_of(std::string(kMaxNumberLength + 1, '1')),
              StartsWith("Number value length (1001) exceeds the maximum allowed (1000"));
}

TEST(JsonReader, WhatTheWriterWritesReadsBack) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (auto left = random() % 40; left > 0; --left) {
      constexpr std::string_view kAlphabet[] = {
          "a", "\"", "\\", "\n", "\x01", "\x1F", "/", "\xC3\xA4", "\xF0\x9F\x98\x80",
          " ", "{",  "\t"};
      text += kAlphabet[random() % std::size(kAlphabet)];
    }
    JsonWriter writer;
    writer.string(text);
    EXPECT_EQ(string_of(writer.take()), text);
  }
}

TEST(JsonReader, RandomBytesNeverCrash) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr std::string_view kAlphabet = "{}[]\",:\\u01e-+.tfn ax\n\x80\xC3";
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto left = random() % 24; left > 0; --left) {
      text.push_back(kAlphabet[random() % kAlphabet.size()]);
    }
    if (!error_of(text).empty()) ++refused;
  }
  EXPECT_GT(refused, 0U);
}

TEST(JsonWriter, SeparatesAndEscapes) {
  JsonWriter json;
  json.begin_object().key("a").begin_array().number(1).null().boolean(false).end_array();
  json.key("b\n").string("\x02\"").key("c").begin_object().end_object().key("d").raw("[1]");
  EXPECT_EQ(json.end_object().take(), R"({"a":[1,null,false],"b\n":"\u0002\"","c":{},"d":[1]})");
}

TEST(JsonWriter, RepairsBadUtf8) {
  JsonWriter json;
  EXPECT_EQ(json.string("a\xFFz").take(), "\"a\xEF\xBF\xBDz\"");
}

}  // namespace
}  // namespace millrace::rest
