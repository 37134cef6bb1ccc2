#include "millrace/config_def.h"

#include <gmock/gmock.h>

#include "tests/unit/core/support.h"

namespace millrace {
namespace {

using core_test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Strings = std::vector<std::string>;

constexpr const char* kMissing = "Missing required configuration \"k\" which has no default value.";

std::string invalid(const std::string& value, const std::string& detail) {
  return "Invalid value " + value + " for configuration k: " + detail;
}

/// Errors of one required key when it is set to `text`, or not at all.
Strings errors(ConfigType type, const ConfigValidator& validator,
               const std::optional<std::string>& text) {
  ConfigKey key;
  key.name = "k";
  key.type = type;
  key.required = true;
  key.validator = validator;
  ConfigDefinition definition;
  definition.add(key);
  Properties properties;
  if (text) properties["k"] = *text;
  return definition.validate(properties).at(0).errors;
}

TEST(ConfigValidatorsTest, AtLeast) {
  const ConfigValidator validator = at_least(1);
  EXPECT_EQ(validator.description, "[1,...]");
  EXPECT_THAT(errors(ConfigType::Int, validator, "1"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::Int, validator, " 0"),
              ElementsAre(invalid("0", "Value must be at least 1")));
  EXPECT_THAT(errors(ConfigType::Short, validator, "-1"),
              ElementsAre(invalid("-1", "Value must be at least 1")));
  EXPECT_THAT(errors(ConfigType::Long, validator, "-9223372036854775808"),
              ElementsAre(invalid("-9223372036854775808", "Value must be at least 1")));
  // What does not parse, or is not there, goes to the validator as null.
  EXPECT_THAT(errors(ConfigType::Int, validator, "x"),
              ElementsAre(invalid("x", "Not a number of type INT"),
                          invalid("null", "Value must be non-null")));
  EXPECT_THAT(errors(ConfigType::Int, validator, std::nullopt),
              ElementsAre(kMissing, invalid("null", "Value must be non-null")));
}

TEST(ConfigValidatorsTest, Between) {
  EXPECT_EQ(between(1, 5).description, "[1,...,5]");
  EXPECT_THAT(errors(ConfigType::Int, between(1, 5), "1"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::Int, between(1, 5), "5"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::Int, between(1, 5), "0"),
              ElementsAre(invalid("0", "Value must be at least 1")));
  EXPECT_THAT(errors(ConfigType::Int, between(1, 5), "6"),
              ElementsAre(invalid("6", "Value must be no more than 5")));
  EXPECT_EQ(between_real(0.5, 1).description, "[0.5,...,1.0]");
  EXPECT_THAT(errors(ConfigType::Double, between_real(0.5, 1), "1"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::Double, between_real(0.5, 1), "0.4"),
              ElementsAre(invalid("0.4", "Value must be at least 0.5")));
  EXPECT_THAT(errors(ConfigType::Double, between_real(0.5, 1), "1.1"),
              ElementsAre(invalid("1.1", "Value must be no more than 1.0")));
}

TEST(ConfigValidatorsTest, OneOf) {
  const ConfigValidator validator = one_of({"a", "b"});
  const std::string detail = "String must be one of: a, b";
  EXPECT_EQ(validator.description, "[a, b]");
  EXPECT_THAT(errors(ConfigType::String, validator, " b "), IsEmpty());
  EXPECT_THAT(errors(ConfigType::String, validator, "A"), ElementsAre(invalid("A", detail)));
  EXPECT_THAT(errors(ConfigType::String, validator, ""), ElementsAre(invalid("", detail)));
  EXPECT_THAT(errors(ConfigType::String, validator, std::nullopt),
              ElementsAre(kMissing, invalid("null", detail)));
}

TEST(ConfigValidatorsTest, OneOfIgnoringCase) {
  const ConfigValidator validator = one_of_ignoring_case({"required", "Requested"});
  const std::string detail = "String must be one of (case insensitive): REQUIRED, REQUESTED";
  EXPECT_EQ(validator.description, "(case insensitive) [REQUIRED, REQUESTED]");
  EXPECT_THAT(errors(ConfigType::String, validator, "REQUIRED"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::String, validator, "requesteD"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::String, validator, "c"), ElementsAre(invalid("c", detail)));
  EXPECT_THAT(errors(ConfigType::String, validator, std::nullopt),
              ElementsAre(kMissing, invalid("null", detail)));
}

TEST(ConfigValidatorsTest, NonNull) {
  EXPECT_EQ(non_null().description, "non-null string");
  EXPECT_THAT(errors(ConfigType::String, non_null(), ""), IsEmpty());
  EXPECT_THAT(errors(ConfigType::List, non_null(), ""), IsEmpty());
  EXPECT_THAT(errors(ConfigType::String, non_null(), std::nullopt),
              ElementsAre(kMissing, invalid("null", "entry must be non null")));
}

TEST(ConfigValidatorsTest, NonEmptyString) {
  EXPECT_EQ(non_empty_string().description, "non-empty string");
  EXPECT_THAT(errors(ConfigType::String, non_empty_string(), "a"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::String, non_empty_string(), "  "),
              ElementsAre(invalid("", "String must be non-empty")));
  EXPECT_THAT(errors(ConfigType::String, non_empty_string(), std::nullopt), ElementsAre(kMissing));
}

TEST(ConfigValidatorsTest, ConnectorNames) {
  const ConfigValidator validator = non_empty_string_without_control_chars();
  EXPECT_EQ(validator.description, "non-empty string without ISO control characters");
  for (const char* name : {"a", "with blank", "a/b", "\u20ac", "\u00a0x", "\U0001F600"}) {
    EXPECT_THAT(errors(ConfigType::String, validator, name), IsEmpty()) << name;
  }
  EXPECT_THAT(errors(ConfigType::String, validator, ""),
              ElementsAre(invalid("", "String may not be empty")));
  const std::string bad =
      "a\x01"
      "b\x7f\u0085\u009f\u00a0";
  EXPECT_THAT(errors(ConfigType::String, validator, bad),
              ElementsAre(invalid(bad,
                                  "String may not contain control sequences but had the following "
                                  "ASCII chars: 1, 127, 133, 159")));
  EXPECT_THAT(errors(ConfigType::String, validator, std::nullopt), ElementsAre(kMissing));
}

TEST(ConfigValidatorsTest, Lists) {
  EXPECT_THAT(errors(ConfigType::List, unique_aliases(), "a,b"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::List, unique_aliases(), "b,a, b"),
              ElementsAre(invalid("[b, a, b]", "Duplicate alias provided.")));
  EXPECT_THAT(errors(ConfigType::List, non_empty_list(), "a"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::List, non_empty_list(), ""), Not(IsEmpty()));
}

TEST(ConfigValidatorsTest, ValidRegex) {
  EXPECT_THAT(errors(ConfigType::String, valid_regex(), "(?i)orders\\..*"), IsEmpty());
  EXPECT_THAT(errors(ConfigType::String, valid_regex(), ""), IsEmpty());
  EXPECT_THAT(errors(ConfigType::String, valid_regex(), "("),
              ElementsAre(HasSubstr("Invalid value ( for configuration k: Invalid regex: ")));
  // A pattern of a client must not overflow the stack.
  EXPECT_THAT(errors(ConfigType::String, valid_regex(), std::string(100'000, '(')),
              ElementsAre(HasSubstr("Invalid regex: ")));
}

TEST(ConfigValidatorsTest, SecretsStayHiddenInMessages) {
  const ConfigValidator picky{[](const ConfigValue&) { return "too short"; }, ""};
  EXPECT_THAT(errors(ConfigType::Password, picky, "hunter2"),
              ElementsAre(invalid("[hidden]", "too short")));
}

ConfigKey key(const std::string& name, ConfigType type = ConfigType::String) {
  ConfigKey key;
  key.name = name;
  key.type = type;
  return key;
}

TEST(ConfigDefinitionTest, KeepsTheOrderAndRefusesDoubles) {
  ConfigDefinition definition;
  definition.add(key("b")).add(key("a"));
  EXPECT_EQ(message_of([&] { definition.add(key("b")); }), "Configuration b is defined twice.");
  ConfigDefinition other;
  other.add(key("a", ConfigType::Int)).add(key("c"));
  definition.add_missing(other);
  Strings names;
  for (const ConfigKey& row : definition.keys()) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("b", "a", "c"));
  EXPECT_EQ(definition.find("a")->type, ConfigType::String) << "its own definition stays";
  EXPECT_EQ(definition.find("d"), nullptr);
}

TEST(ConfigDefinitionTest, GroupsInOrderOfDefinition) {
  ConfigDefinition definition;
  for (const auto& [name, group] : std::vector<std::pair<const char*, const char*>>{
           {"a", "Common"}, {"b", nullptr}, {"c", "Errors"}, {"d", "Common"}}) {
    ConfigKey row = key(name);
    if (group != nullptr) row.group = group;
    definition.add(row);
  }
  EXPECT_THAT(definition.groups(), ElementsAre("Common", "Errors"));
}

ConfigDefinition numbers() {
  ConfigDefinition definition;
  for (const char* name : {"first", "second"}) {
    ConfigKey row = key(name, ConfigType::Int);
    row.default_text = "3";
    row.validator = at_least(1);
    definition.add(row);
  }
  return definition;
}

TEST(ConfigDefinitionTest, ValidateFindsAllErrorsParseTheFirst) {
  const Properties bad{{"first", "x"}, {"second", "0"}};
  const auto results = numbers().validate(bad);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].name, "first");
  EXPECT_EQ(results[0].value, ConfigValue());
  EXPECT_EQ(results[0].errors.size(), 2U);
  EXPECT_EQ(results[1].value, ConfigValue(0)) << "a value that is only out of range is shown";
  EXPECT_EQ(results[1].errors.size(), 1U);
  EXPECT_TRUE(results[1].visible);
  EXPECT_EQ(message_of([&] { numbers().parse(bad); }),
            "Invalid value x for configuration first: Not a number of type INT");
  EXPECT_EQ(message_of([&] {
              numbers().parse({{"second", "0"}});
            }),
            "Invalid value 0 for configuration second: Value must be at least 1");
}

TEST(ConfigDefinitionTest, UnknownKeysAreNoErrors) {
  EXPECT_THAT(numbers().parse({{"third", "x"}, {"second", "4"}}),
              ElementsAre(ConfigValue(3), ConfigValue(4)));
}

TEST(ConfigDefinitionTest, Recommenders) {
  ConfigDefinition definition;
  ConfigKey good = key("good");
  good.recommender = [] { return Strings{"x", "y"}; };
  ConfigKey bad = key("bad");
  bad.recommender = []() -> Strings { throw ConfigException("no idea"); };
  definition.add(good).add(bad).add(key("none"));
  const auto results = definition.validate({});
  EXPECT_THAT(results[0].recommended, ElementsAre("x", "y"));
  EXPECT_THAT(results[0].errors, IsEmpty());
  EXPECT_THAT(results[1].recommended, IsEmpty());
  EXPECT_THAT(results[1].errors, ElementsAre("no idea"));
  EXPECT_THAT(results[2].recommended, IsEmpty());
  EXPECT_EQ(definition.parse({}).size(), 3U) << "recommendations do not concern parsing";
}

TEST(ConfigDefinitionTest, DependentsMustBeDefined) {
  ConfigDefinition definition;
  ConfigKey parent = key("parent");
  parent.dependents = {"child"};
  definition.add(parent);
  EXPECT_THAT(definition.validate({}).at(0).errors,
              ElementsAre("child is referred in the dependents, but not defined."));
  EXPECT_EQ(message_of([&] { definition.parse({}); }),
            "The dependents of parent are not defined: child");
  definition.add(key("child"));
  EXPECT_THAT(definition.validate({}).at(0).errors, IsEmpty());
  EXPECT_EQ(definition.parse({}).size(), 2U);
}

TEST(ConfigDefinitionTest, SuggestsTheNearestKey) {
  ConfigDefinition definition;
  definition.add(key("topics")).add(key("topics.regex")).add(key("tasks.max"));
  EXPECT_EQ(definition.suggest("topic"), "topics");
  EXPECT_EQ(definition.suggest("task.max"), "tasks.max");
  EXPECT_EQ(definition.suggest("Topics.Regex"), "topics.regex");
  EXPECT_EQ(definition.suggest("connection.url"), std::nullopt);
  EXPECT_EQ(definition.suggest(""), std::nullopt);
}

TEST(ConfigDefinitionTest, MarkdownHidesSecretsAndInternals) {
  ConfigDefinition definition;
  ConfigKey required = key("r");
  required.required = true;
  required.doc = "a|b\nc";
  required.importance = Importance::High;
  ConfigKey secret = key("s", ConfigType::Password);
  secret.default_text = "hunter2";
  ConfigKey empty = key("e");
  empty.default_text = "";
  ConfigKey number = key("n", ConfigType::Int);
  number.default_text = "5";
  number.validator = at_least(1);
  ConfigKey internal = key("i");
  internal.internal = true;
  definition.add(required).add(secret).add(empty).add(number).add(internal).add(key("z"));
  EXPECT_EQ(config_markdown(definition),
            "| Key | Type | Default | Valid | Importance | Meaning |\n|---|---|---|---|---|---|\n"
            "| `r` | STRING | **required** |  | HIGH | a\\|b c |\n"
            "| `s` | PASSWORD | [hidden] |  | MEDIUM |  |\n"
            "| `e` | STRING | \"\" |  | MEDIUM |  |\n"
            "| `n` | INT | 5 | [1,...] | MEDIUM |  |\n"
            "| `z` | STRING | null |  | MEDIUM |  |\n");
}

struct Options {
  bool flag = true;
  std::string text;
  std::string converter;
  int32_t number = 7;
  int16_t small = 3;
  int64_t large = 5'000'000'000;
  double ratio = 0.5;
  std::vector<std::string> names{"a", "b"};
  Password secret{"hunter2"};
  std::optional<int32_t> perhaps;
  std::optional<std::string> set{"x"};
};

ConfigDef<Options> options_def() {
  ConfigDef<Options> def;
  def.required(&Options::text, {.name = "text", .importance = Importance::High, .doc = "Words."})
      .optional(&Options::flag, {.name = "flag"})
      .optional(&Options::converter, {.name = "converter", .type = ConfigType::Class})
      .optional(&Options::number, {.name = "number",
                                   .validator = between(1, 10),
                                   .group = "Numbers",
                                   .order = 2,
                                   .width = Width::Short,
                                   .display_name = "A number",
                                   .recommender = [] { return Strings{"8"}; },
                                   .dependents = {"small"}})
      .optional(&Options::small, {.name = "small"})
      .optional(&Options::large, {.name = "large"})
      .optional(&Options::ratio, {.name = "ratio"})
      .optional(&Options::names, {.name = "names"})
      .optional(&Options::secret, {.name = "secret"})
      .optional(&Options::perhaps, {.name = "perhaps"})
      .optional(&Options::set, {.name = "set"});
  return def;
}

TEST(ConfigDefTest, DefaultsAreTheInitialValues) {
  const Options options = options_def().parse({{"text", "t"}});
  EXPECT_EQ(options.text, "t");
  EXPECT_TRUE(options.flag);
  EXPECT_EQ(options.number, 7);
  EXPECT_EQ(options.small, 3);
  EXPECT_EQ(options.large, 5'000'000'000);
  EXPECT_EQ(options.ratio, 0.5);
  EXPECT_THAT(options.names, ElementsAre("a", "b"));
  EXPECT_EQ(options.secret.value(), "hunter2");
  EXPECT_EQ(options.perhaps, std::nullopt);
  EXPECT_EQ(options.set, "x");
}

TEST(ConfigDefTest, ParsesIntoFields) {
  const Options options = options_def().parse({{"text", " t "},
                                               {"flag", "FALSE"},
                                               {"converter", "Json"},
                                               {"number", "10"},
                                               {"small", "-1"},
                                               {"large", "6000000000"},
                                               {"ratio", "1e-3"},
                                               {"names", ""},
                                               {"secret", " s "},
                                               {"perhaps", "4"},
                                               {"set", ""}});
  EXPECT_EQ(options.text, "t");
  EXPECT_FALSE(options.flag);
  EXPECT_EQ(options.converter, "Json");
  EXPECT_EQ(options.number, 10);
  EXPECT_EQ(options.small, -1);
  EXPECT_EQ(options.large, 6'000'000'000);
  EXPECT_EQ(options.ratio, 0.001);
  EXPECT_THAT(options.names, IsEmpty());
  EXPECT_EQ(options.secret.value(), "s");
  EXPECT_EQ(options.perhaps, 4);
  EXPECT_EQ(options.set, "") << "the empty string is a value";
}

TEST(ConfigDefTest, RefusesWithTheMessageOfTheFirstBadKey) {
  EXPECT_EQ(message_of([] { options_def().parse({}); }),
            "Missing required configuration \"text\" which has no default value.");
  EXPECT_EQ(message_of([] {
              options_def().parse({{"text", "t"}, {"number", "11"}});
            }),
            "Invalid value 11 for configuration number: Value must be no more than 10");
}

TEST(ConfigDefTest, ARowSaysAllThatRestShows) {
  const ConfigDef<Options> def = options_def();
  const ConfigDefinition& definition = def.definition();
  const ConfigKey& text = *definition.find("text");
  EXPECT_TRUE(text.required);
  EXPECT_EQ(text.default_text, std::nullopt);
  EXPECT_EQ(text.importance, Importance::High);
  EXPECT_EQ(text.doc, "Words.");
  EXPECT_EQ(text.order, -1);
  EXPECT_EQ(text.width, Width::None);
  EXPECT_EQ(definition.find("converter")->type, ConfigType::Class);
  const ConfigKey& number = *definition.find("number");
  EXPECT_FALSE(number.required);
  EXPECT_EQ(number.default_text, "7");
  EXPECT_EQ(number.type, ConfigType::Int);
  EXPECT_EQ(number.group, "Numbers");
  EXPECT_EQ(number.order, 2);
  EXPECT_EQ(number.width, Width::Short);
  EXPECT_EQ(number.display_name, "A number");
  EXPECT_THAT(number.dependents, ElementsAre("small"));
  EXPECT_THAT(number.recommender(), ElementsAre("8"));
  EXPECT_EQ(definition.find("perhaps")->default_text, std::nullopt);
  EXPECT_EQ(definition.find("names")->default_text, "a,b");
  EXPECT_EQ(definition.find("ratio")->type, ConfigType::Double);
  EXPECT_EQ(definition.find("large")->type, ConfigType::Long);
  EXPECT_EQ(definition.find("small")->type, ConfigType::Short);
  EXPECT_EQ(definition.find("flag")->type, ConfigType::Boolean);
  EXPECT_EQ(definition.find("secret")->type, ConfigType::Password);
}

}  // namespace
}  // namespace millrace
