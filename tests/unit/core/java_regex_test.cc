#include "millrace/java_regex.h"

#include <gtest/gtest.h>

#include "millrace/errors.h"
#include "tests/unit/core/support.h"

namespace millrace {
namespace {

using core_test::message_of;

bool matches(std::string_view pattern, std::string_view text) {
  return JavaRegex(pattern).matches(text);
}

std::string refusal(std::string_view pattern) {
  return message_of([&] { JavaRegex refused(pattern); });
}

TEST(JavaRegexTest, MatchesTheWholeText) {
  EXPECT_TRUE(matches("orders.*", "orders-eu"));
  EXPECT_FALSE(matches("orders", "orders-eu"));
  EXPECT_FALSE(matches("orders", "my-orders"));
  EXPECT_TRUE(matches("a|ab", "ab"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(JavaRegexTest, HasWhatEcmaScriptLacks) {
  EXPECT_TRUE(matches("(?i)ORDERS", "orders"));
  EXPECT_TRUE(matches("(?<!x)(?<name>a)\\k<name>", "aa"));
  EXPECT_TRUE(matches("a(?<=a)b(?=c).*", "abc"));
  EXPECT_FALSE(matches("a*+a", "aaa"));
  EXPECT_TRUE(matches("(?>ab|a)c", "abc"));
  EXPECT_TRUE(matches("\\Qa.b\\E+", "a.bbb"));
  EXPECT_FALSE(matches("\\Qa.b\\E", "axb"));
  EXPECT_TRUE(matches("\\Q[(", "[("));
  EXPECT_TRUE(matches("\\Aab\\z", "ab"));
  EXPECT_TRUE(matches("\\u0061\\x62", "ab"));
  EXPECT_TRUE(matches("\\p{Alpha}\\P{Digit}[\\p{Upper}]", "abC"));
  EXPECT_TRUE(matches("\\<a\\>", "<a>")) << "signs, not the ends of words";
}

TEST(JavaRegexTest, ClassesAreThoseOfJava) {
  EXPECT_TRUE(matches("[a-c.-]+", "ab.c-"));
  EXPECT_TRUE(matches("[^a]", "b"));
  EXPECT_TRUE(matches("[\\]\\[]+", "[]"));
  EXPECT_TRUE(matches("[&]", "&"));
  EXPECT_NE(refusal("[a-z&&[^b]]"), "");
  EXPECT_NE(refusal("[a[bc]]"), "");
  EXPECT_NE(refusal("[[:alpha:]]"), "");
  EXPECT_NE(refusal("[\\Q]\\E]"), "");
}

TEST(JavaRegexTest, ADotIsNotALineEnd) {
  EXPECT_FALSE(matches(".", "\n"));
  EXPECT_FALSE(matches(".", "\r"));
  EXPECT_TRUE(matches("(?s).", "\n"));
  EXPECT_TRUE(matches("a.*", "a-b"));
}

TEST(JavaRegexTest, MalformedPatternsAreRefusedWithTheReason) {
  for (const char* pattern :
       {"(", ")", "[", "a**", "*a", "a{2,1}", "\\", "\\u12", "\\uzzzz", "\\p{L}", "\\pL",
        "\\p{Alpha", "\\i", "\\K", "(?<n", "\\u00e9", "(?P<n>a)", "(?<=^|-)b"}) {
    EXPECT_NE(refusal(pattern), "") << pattern;
  }
  EXPECT_EQ(refusal("a\\ib"), "Illegal/unsupported escape sequence near index 1 of a\\ib");
  try {
    JavaRegex refused("(");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::IllegalArgument);
  }
}

TEST(JavaRegexTest, WorkIsBounded) {
  constexpr size_t kDeep = 200'000;
  EXPECT_NE(refusal(std::string(kDeep, '(') + "a" + std::string(kDeep, ')')), "");
  const JavaRegex ambiguous("(a*)*b");
  EXPECT_THROW(ambiguous.matches(std::string(40, 'a') + "c"), ConnectException);
  EXPECT_TRUE(ambiguous.matches("aab")) << "a failure leaves the pattern usable";
  const JavaRegex repeat("(.|x)*");
  const std::string message = message_of([&] { repeat.matches(std::string(kDeep, 'a')); });
  EXPECT_TRUE(message.empty() || message.starts_with("matching '")) << message.substr(0, 100);
}

TEST(JavaRegexTest, CopiesShareThePattern) {
  const JavaRegex pattern("a+");
  const JavaRegex copy = pattern;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_TRUE(copy.matches("aa"));
  EXPECT_TRUE(pattern.matches("a"));
}

}  // namespace
}  // namespace millrace
