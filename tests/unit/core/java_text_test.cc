// Properties files, decimals, doubles and patterns beside a real JDK (CoreOracle.java).

#include <gtest/gtest.h>

#include <bit>

#include "millrace/config_def.h"
#include "millrace/decimal.h"
#include "millrace/errors.h"
#include "millrace/java_regex.h"
#include "millrace/properties_file.h"
#include "tests/support/java_program.h"
#include "tests/unit/core/support.h"

namespace millrace {
namespace {

using core_test::Random;
using testing_support::to_hex;
using Strings = std::vector<std::string>;

/// Java's answers, one for each of `questions`.
Strings java(const std::string& kind, const Strings& questions) {
  Strings answers = testing_support::run_java(MILLRACE_CORE_ORACLE, kind, questions);
  EXPECT_EQ(answers.size(), questions.size());
  answers.resize(questions.size());
  return answers;
}

/// A few of `parts`, one after the other.
std::string mixed(Random& random, const Strings& parts, size_t most) {
  std::string text;
  for (size_t n = random(most + 1); n > 0; --n) text += parts[random(parts.size())];
  return text;
}

std::string our_properties(const std::string& file, PropertiesEncoding encoding) {
  std::string line;
  try {
    // std::map orders by bytes, as the hexadecimal text of the other side is ordered.
    for (const auto& [key, value] : parse_properties(file, encoding)) {
      line += to_hex(key) + "=" + to_hex(value) + " ";
    }
  } catch (const ConfigException& error) {
    return std::string("error ") + error.what();
  }
  return line;
}

void compare_properties(const std::string& kind, PropertiesEncoding encoding, Strings parts) {
  Random random;
  // A malformed escape ends a file, so most of the files are free of them.
  Strings malformed = parts;
  for (const char* part : {"\\u", "\\u12", "\\u12g4", "\\uD8", "\\u 123", "\\u123\n4"}) {
    malformed.emplace_back(part);
  }
  Strings files;
  for (int i = 0; i < 20'000; ++i) files.push_back(mixed(random, i % 4 ? parts : malformed, 30));
  Strings questions;
  for (const std::string& file : files) questions.push_back(to_hex(file));
  const Strings answers = java(kind, questions);
  size_t errors = 0;
  size_t ambiguous = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    if (answers[i] == "ambiguous") {
      ++ambiguous;
      continue;
    }
    ASSERT_EQ(our_properties(files[i], encoding), answers[i])
        << "file in hexadecimal: " << questions[i];
    if (answers[i].starts_with("error ")) ++errors;
  }
  EXPECT_GT(errors, 100U);
  EXPECT_LT(errors, files.size() / 2);
  EXPECT_LT(ambiguous, files.size() / 20);
}

const Strings kParts{"a",       "b",
                     "key",     "=",
                     ":",       " ",
                     "\t",      "\f",
                     "\n",      "\r",
                     "\r\n",    "\\",
                     "\\\n",    "\\\r\n",
                     "\\\r",    "\\\\",
                     "#",       "!",
                     "\\t",     "\\n",
                     "\\q",     "\\=",
                     "\\:",     "\\ ",
                     "\v",      "\"",
                     "\\u0041", "\\u00e9",
                     "\\uD83D", "\\uDE00",
                     "\\u0000", "\\u000a",
                     "\\#",     std::string(1, '\0'),
                     "\\u20AC", "\\U0041"};

TEST(JavaTextTest, Latin1PropertiesFilesReadAlike) {
  Strings parts = kParts;
  for (const char* part : {"\xE9", "\xFF", "\x85", "\xA0", "\xC3\xA9"}) parts.emplace_back(part);
  compare_properties("latin1", PropertiesEncoding::Latin1, parts);
}

TEST(JavaTextTest, Utf8PropertiesFilesReadAlike) {
  Strings parts = kParts;
  for (const char* part : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xE9", "\xC3", "\xFF",
                           "\xE2\x82", "\xF0\x9F", "\x80", "\xC2\x85"}) {
    parts.emplace_back(part);
  }
  compare_properties("utf8", PropertiesEncoding::Utf8, parts);
}

TEST(JavaTextTest, DecimalsReadAndPrintAlike) {
  Random random;
  Strings texts{"",
                "+",
                "-",
                ".",
                "1.",
                ".1",
                "1e+-5",
                "1e--5",
                "-0",
                "0.00",
                "-0.0",
                "1e",
                "1e+",
                "e1",
                "1e2147483647",
                "1e2147483648",
                "0x10",
                "1E-2147483647",
                "0.1e-2147483647",
                "1e-2147483648",
                "1 ",
                " 1",
                "1_0",
                "NaN",
                "127",
                "128",
                "-128",
                "-129",
                "32768",
                "1e-6",
                "1e-7",
                "123e-9",
                "1e+6",
                "0e3",
                "0e-7",
                "0e-6",
                "--1"};
  const Strings parts{"0",     "1", "5", "9", "99", "128", "256",
                      "65536", ".", "e", "E", "-",  "+",   "1"};
  for (int i = 0; i < 20'000; ++i) {
    texts.push_back(std::string(random.one_in(2) ? "-" : "") + std::to_string(random(100'000)) +
                    mixed(random, parts, 7));
  }
  for (int i = 0; i < 300; ++i) texts.push_back(mixed(random, {"1", "07", "999", "."}, 60));
  Strings questions;
  for (const std::string& text : texts) questions.push_back(to_hex(text));
  const Strings answers = java("decimal", questions);
  Arena arena;
  for (size_t i = 0; i < texts.size(); ++i) {
    std::string ours = "none";
    if (const Value value = parse_decimal(texts[i], arena); !value.is_null()) {
      const auto unscaled = value.as_decimal().unscaled();
      ours = std::to_string(value.as_decimal().scale) + " " +
             to_hex({reinterpret_cast<const char*>(unscaled.data()), unscaled.size()}) + " ";
      append_decimal(ours, value.as_decimal());
    }
    ASSERT_EQ(ours, answers[i]) << texts[i];
  }
}

TEST(JavaTextTest, DoublesReadAlike) {
  Random random;
  const Strings parts{"0", "1", "9",  "5",  ".",  "e", "E",   "-",        "+", "d",
                      "F", "x", "0x", "0X", "p3", "P", "NaN", "Infinity", "_", "\t"};
  Strings texts{"4.9e-324",
                "2.4703282292062327e-324",
                "2.4703282292062328e-324",
                "1.7976931348623159e308",
                "9007199254740993",
                "0x1.fffffffffffff8p1023"};
  for (int i = 0; i < 20'000; ++i) texts.push_back(mixed(random, parts, 6));
  Strings questions;
  for (const std::string& text : texts) questions.push_back(to_hex(text));
  const Strings answers = java("double", questions);
  ConfigKey key;
  key.name = "k";
  key.type = ConfigType::Double;
  for (size_t i = 0; i < texts.size(); ++i) {
    ConfigValue value;
    std::ostringstream ours;
    if (parse_config_value(key, &texts[i], value).empty()) {
      const double number = std::get<double>(value);
      const double canonical = number != number ? std::numeric_limits<double>::quiet_NaN() : number;
      ours << std::hex << std::bit_cast<uint64_t>(canonical);
    } else {
      ours << "none";
    }
    ASSERT_EQ(ours.str(), answers[i]) << texts[i];
  }
}

/// A pattern of the constructs that both engines have.
std::string random_pattern(Random& random, int depth) {
  static const Strings kAtoms{"a",          "b",       "-",          "\\.",
                              ".",          "\\d",     "\\w",        "[a-c]",
                              "[^a]",       "[]a]",    "[a\\-b]",    "\\Q.a\\E",
                              "\\x61",      "\\u0062", "\\p{Alpha}", "[\\p{Digit}.]",
                              "\\P{Upper}", "\\S",     "[^\\d.]",    "\\<"};
  static const Strings kQuantifiers{"*",  "+",  "?",  "{2}", "{1,2}", "{1,}",
                                    "*?", "+?", "*+", "++",  "?+"};
  static const Strings kGroups{"(", "(?:", "(?i:", "(?=", "(?!", "(?>", "(?-i:"};
  std::string pattern = depth > 2 && random.one_in(4) ? "(?i)" : "";
  for (size_t n = 1 + random(3); n > 0; --n) {
    const bool group = depth > 0 && random.one_in(3);
    const std::string& open = kGroups[random(kGroups.size())];
    pattern +=
        group ? open + random_pattern(random, depth - 1) + ")" : kAtoms[random(kAtoms.size())];
    const bool look = group && (open == "(?=" || open == "(?!");
    if (!look && random.one_in(3)) pattern += kQuantifiers[random(kQuantifiers.size())];
  }
  if (random.one_in(4)) pattern += "|" + random_pattern(random, depth - 1);
  return pattern;
}

TEST(JavaTextTest, PatternsMatchAlike) {
  Random random;
  const Strings letters{"a", "b", "c", "-", ".", "1", "A", "]", "<", " "};
  Strings patterns;
  std::vector<Strings> texts;
  Strings questions;
  for (int i = 0; i < 4000; ++i) {
    patterns.push_back(random_pattern(random, 3));
    questions.push_back(to_hex(patterns.back()));
    for (Strings& all = texts.emplace_back(); all.size() < 20;) {
      all.push_back(mixed(random, letters, 5));
      questions.back() += " " + to_hex(all.back());
    }
  }
  const Strings answers = java("regex", questions);
  size_t matched = 0;
  size_t refused = 0;
  for (size_t i = 0; i < patterns.size(); ++i) {
    std::string ours;
    try {
      const JavaRegex pattern(patterns[i]);
      for (const std::string& text : texts[i]) ours += pattern.matches(text) ? '1' : '0';
    } catch (const Error& error) {
      ours = error.what();
      // Refused rather than misread.
      if (ours.find("supported together with (?i)") != std::string::npos ||
          ours.find("flag i is only supported") != std::string::npos) {
        ++refused;
        continue;
      }
    }
    ASSERT_EQ(ours, answers[i]) << patterns[i];
    if (ours.find('1') != std::string::npos) ++matched;
  }
  EXPECT_GT(matched, (patterns.size() - refused) / 10);
  EXPECT_LT(refused, patterns.size() * 3 / 4);
}

}  // namespace
}  // namespace millrace
