// Every type of a configuration value: accepted text, refused text with its message, and printing.
// Expected values and messages are those of Kafka's ConfigDef.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "millrace/config_def.h"
#include "tests/unit/core/support.h"

namespace millrace {
namespace {

using namespace std::string_literals;
using core_test::Random;
using Strings = std::vector<std::string>;

ConfigKey key(ConfigType type) {
  ConfigKey key;
  key.name = "k";
  key.type = type;
  return key;
}

ConfigValue parse(ConfigType type, const std::string& text) {
  ConfigValue value;
  EXPECT_EQ(parse_config_value(key(type), &text, value), "") << text;
  return value;
}

/// The error message; what did not parse is null.
std::string refusal(ConfigType type, const std::string& text) {
  ConfigValue value = true;
  std::string message = parse_config_value(key(type), &text, value);
  EXPECT_EQ(value, ConfigValue()) << text;
  return message;
}

void expect_refused(ConfigType type, const Strings& texts, const std::string& detail) {
  for (const std::string& text : texts) {
    EXPECT_EQ(refusal(type, text), "Invalid value " + text + " for configuration k: " + detail);
  }
}

TEST(ConfigValuesTest, Boolean) {
  for (const char* text : {"true", " TRUE ", "True", "\ttrue\n"}) {
    EXPECT_EQ(parse(ConfigType::Boolean, text), ConfigValue(true)) << text;
  }
  for (const char* text : {"false", "False "}) {
    EXPECT_EQ(parse(ConfigType::Boolean, text), ConfigValue(false)) << text;
  }
  expect_refused(ConfigType::Boolean, {"", " ", "yes", "1", "t rue", " no ", "\u00a0true"},
                 "Expected value to be either true or false");
}

TEST(ConfigValuesTest, Int) {
  for (const auto& [text, expected] :
       std::vector<std::pair<std::string, int32_t>>{{"0", 0},
                                                    {"-0", 0},
                                                    {"+5", 5},
                                                    {" 7\t", 7},
                                                    {"007", 7},
                                                    {"2147483647", 2147483647},
                                                    {"-2147483648", -2147483647 - 1}}) {
    EXPECT_EQ(parse(ConfigType::Int, text), ConfigValue(expected)) << text;
  }
  expect_refused(ConfigType::Int,
                 {"2147483648", "-2147483649", "", "+", "-", "+-1", "-+1", "++1", "1_000", "0x10",
                  "1e3", "1.0", "1 2", "1,000", "one", " x "},
                 "Not a number of type INT");
}

TEST(ConfigValuesTest, Short) {
  EXPECT_EQ(parse(ConfigType::Short, "32767"), ConfigValue(int16_t{32767}));
  EXPECT_EQ(parse(ConfigType::Short, "-32768"), ConfigValue(int16_t{-32768}));
  expect_refused(ConfigType::Short, {"32768", "-32769", "", "x"}, "Not a number of type SHORT");
}

TEST(ConfigValuesTest, Long) {
  EXPECT_EQ(parse(ConfigType::Long, "9223372036854775807"), ConfigValue(INT64_MAX));
  EXPECT_EQ(parse(ConfigType::Long, "-9223372036854775808"), ConfigValue(INT64_MIN));
  expect_refused(ConfigType::Long, {"9223372036854775808", "-9223372036854775809", "5L", ""},
                 "Not a number of type LONG");
}

TEST(ConfigValuesTest, Double) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [text, expected] :
       std::vector<std::pair<std::string, double>>{{"1", 1},
                                                   {"1.5", 1.5},
                                                   {"-.5", -0.5},
                                                   {"5.", 5},
                                                   {"1e3", 1000},
                                                   {"1E-3", 0.001},
                                                   {"1.5d", 1.5},
                                                   {"1.5F", 1.5},
                                                   {" 2 ", 2},
                                                   {"+Infinity", infinity},
                                                   {"0x1p3", 8},
                                                   {"0x.8P1", 1},
                                                   {"1e400", infinity},
                                                   {"-1e400", -infinity},
                                                   {"1e-400", 0}}) {
    EXPECT_EQ(parse(ConfigType::Double, text), ConfigValue(expected)) << text;
  }
  EXPECT_TRUE(std::isnan(std::get<double>(parse(ConfigType::Double, "NaN"))));
  EXPECT_TRUE(std::signbit(std::get<double>(parse(ConfigType::Double, "-0.0"))));
  expect_refused(ConfigType::Double,
                 {"", "inf", "nan", "infinity", "0x1", "e5", ".", "1e", "1e+", "1.5dd", "1_0",
                  "1 d", "--1", "1,5", "x"},
                 "Not a number of type DOUBLE");
}

TEST(ConfigValuesTest, StringClassAndPasswordAreTrimmed) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {" a b ", "a b"}, {"", ""}, {" \t", ""}, {"\0x\0"s, "x"}, {"\u00a0x", "\u00a0x"}}) {
    EXPECT_EQ(parse(ConfigType::String, text), ConfigValue(expected));
    EXPECT_EQ(parse(ConfigType::Class, text), ConfigValue(expected));
    EXPECT_EQ(parse(ConfigType::Password, text), ConfigValue(Password(expected)));
  }
}

TEST(ConfigValuesTest, List) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, Strings>>{
           {"a,b", {"a", "b"}},
           {" a , b ", {"a", "b"}},
           {"a,,b", {"a", "", "b"}},
           {"a, ,b", {"a", "", "b"}},
           {"a,", {"a", ""}},
           {",", {"", ""}},
           {"", {}},
           {" \t", {}},
           {"a b,c", {"a b", "c"}},
           // The whole is trimmed of control characters, the elements only of white space.
           {"\x0b"
            "a\x0b,\x01"
            "b\x01, \u00a0c\u00a0",
            {"a",
             "\x01"
             "b\x01",
             "\u00a0c\u00a0"}}}) {
    EXPECT_EQ(parse(ConfigType::List, text), ConfigValue(expected)) << text;
  }
}

TEST(ConfigValuesTest, WhatIsNotSetTakesTheDefault) {
  ConfigKey row = key(ConfigType::Int);
  ConfigValue value;
  EXPECT_EQ(parse_config_value(row, nullptr, value), "");
  EXPECT_EQ(value, ConfigValue()) << "no default: null";
  row.default_text = "12";
  EXPECT_EQ(parse_config_value(row, nullptr, value), "");
  EXPECT_EQ(value, ConfigValue(12));
  const std::string empty;
  EXPECT_EQ(parse_config_value(row, &empty, value),
            "Invalid value  for configuration k: Not a number of type INT")
      << "the empty string is set";
  row.default_text.reset();
  row.required = true;
  EXPECT_EQ(parse_config_value(row, nullptr, value),
            "Missing required configuration \"k\" which has no default value.");
}

TEST(ConfigValuesTest, TextAsRestShowsIt) {
  EXPECT_EQ(config_value_text({}), std::nullopt);
  EXPECT_EQ(config_value_text(true), "true");
  EXPECT_EQ(config_value_text("a b"s), "a b");
  EXPECT_EQ(config_value_text(int16_t{-3}), "-3");
  EXPECT_EQ(config_value_text(int32_t{7}), "7");
  EXPECT_EQ(config_value_text(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(config_value_text(Strings{"a", "", "b c"}), "a,,b c");
  EXPECT_EQ(config_value_text(Strings{}), "");
  EXPECT_EQ(config_value_text(1e7), "1.0E7");
  EXPECT_EQ(config_value_text(100.0), "100.0");
  EXPECT_EQ(config_value_text(0.0001), "1.0E-4");
  EXPECT_EQ(config_value_text(-0.0), "-0.0");
  EXPECT_EQ(config_value_text(Password("secret")), "[hidden]");
  EXPECT_EQ(config_value_text(Password("")), "[hidden]");
}

TEST(ConfigValuesTest, NamesOfTypes) {
  Strings names;
  for (const ConfigType type : {ConfigType::Boolean, ConfigType::String, ConfigType::Int,
                                ConfigType::Short, ConfigType::Long, ConfigType::Double,
                                ConfigType::List, ConfigType::Class, ConfigType::Password}) {
    names.emplace_back(config_type_name(type));
  }
  EXPECT_EQ(names, (Strings{"BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS",
                            "PASSWORD"}));
  EXPECT_EQ(importance_name(Importance::High), "HIGH");
  EXPECT_EQ(importance_name(Importance::Medium), "MEDIUM");
  EXPECT_EQ(importance_name(Importance::Low), "LOW");
  EXPECT_EQ(width_name(Width::None), "NONE");
  EXPECT_EQ(width_name(Width::Short), "SHORT");
  EXPECT_EQ(width_name(Width::Medium), "MEDIUM");
  EXPECT_EQ(width_name(Width::Long), "LONG");
}

TEST(ConfigValuesTest, PrintedNumbersParseBack) {
  Random random;
  for (int round = 0; round < 2000; ++round) {
    const auto bits = static_cast<uint64_t>(random.engine()()) << 32U | random.engine()();
    const auto whole = static_cast<int64_t>(bits >> random(64));
    EXPECT_EQ(parse(ConfigType::Long, config_value_text(whole).value()), ConfigValue(whole));
    double real = 0;
    std::memcpy(&real, &bits, sizeof real);
    if (std::isnan(real)) continue;
    EXPECT_EQ(parse(ConfigType::Double, config_value_text(real).value()), ConfigValue(real));
  }
}

}  // namespace
}  // namespace millrace
