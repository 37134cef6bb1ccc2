#include "runtime/herder/connector_validation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/herder/test_plugins.h"

namespace millrace {
namespace {

using testing::make_test_plugins;

constexpr char kSource[] = "test.TestSourceConnector";
constexpr char kSink[] = "test.TestSinkConnector";

class ConnectorValidationTest : public ::testing::Test {
 protected:
  ConfigInfos validate(const NullableConfig& config) const {
    return ConnectorValidator{*plugins_, transformer_, policy_}.validate(config);
  }
  static NullableConfig source(NullableConfig more = {}) {
    more.insert({{"name", "n"}, {"connector.class", kSource}, {"topic", "t"}});
    return more;
  }
  static NullableConfig sink(NullableConfig more = {}) {
    more.insert({{"name", "n"}, {"connector.class", kSink}, {"topics", "t"}});
    return more;
  }
  /// Messages of one key; fails when the answer lacks it.
  static std::vector<std::string> errors(const ConfigInfos& infos, const std::string& key) {
    for (const ConfigInfo& info : infos.configs) {
      if (info.value && info.value->name == key) return info.value->errors;
    }
    ADD_FAILURE() << "no value for " << key;
    return {};
  }
  static const ConfigInfo& info(const ConfigInfos& infos, const std::string& key) {
    for (const ConfigInfo& one : infos.configs) {
      if (one.value && one.value->name == key) return one;
    }
    throw std::out_of_range(key);
  }
  using Errors = std::vector<std::string>;

  std::unique_ptr<PluginRegistry> plugins_ = make_test_plugins();
  ConfigTransformer transformer_;
  std::string policy_ = "All";
};

TEST_F(ConnectorValidationTest, KeysComeInKafkasOrderWithTheConnectorsOwnAfterwards) {
  const ConfigInfos infos = validate(source());
  EXPECT_EQ(infos.error_count, 0);
  EXPECT_EQ(infos.name, kSource);
  EXPECT_EQ(infos.groups,
            (Errors{"Common", "Transforms", "Predicates", "Error Handling", "Topic Creation",
                    "Exactly Once Support", "offsets.topic", "Reading"}));
  Errors names;
  for (const ConfigInfo& one : infos.configs) names.push_back(one.definition->name);
  const Errors first(names.begin(), names.begin() + 5);
  EXPECT_EQ(first, (Errors{"name", "connector.class", "connector.plugin.version", "tasks.max",
                           "tasks.max.enforce"}));
  const Errors last(names.end() - 4, names.end());
  EXPECT_EQ(last, (Errors{"offsets.storage.topic", "topic", "batch.size", "secret"}));
  const ConfigInfo& tasks = info(infos, "tasks.max");
  EXPECT_EQ(tasks.definition->order, 4);
  EXPECT_EQ(tasks.definition->group, "Common");
  EXPECT_EQ(tasks.definition->width, Width::Short);
  EXPECT_EQ(tasks.definition->display_name, "Tasks max");
  EXPECT_EQ(info(infos, "connector.plugin.version").definition->default_text, "1.2");
  EXPECT_FALSE(info(infos, "key.converter.plugin.version").value->visible);
}

TEST_F(ConnectorValidationTest, MissingConnectorClassIsABadRequest) {
  try {
    validate({{"name", "n"}, {"tasks.max", std::nullopt}});
    FAIL() << "no exception";
  } catch (const RequestException& error) {
    EXPECT_EQ(error.status(), 400);
    EXPECT_STREQ(error.what(),
                 "Connector config {name=n, tasks.max=null} contains no connector type");
  }
  EXPECT_THROW(validate({{"connector.class", std::nullopt}}), RequestException);
}

TEST_F(ConnectorValidationTest, UnknownConnectorClassIsABadRequestWithNames) {
  try {
    validate({{"connector.class", "TestSnik"}});
    FAIL() << "no exception";
  } catch (const RequestException& error) {
    EXPECT_EQ(error.status(), 400);
    const std::string text = error.what();
    EXPECT_EQ(text.rfind("Failed to find any class that implements Connector and which name "
                         "matches TestSnik, available connectors are: ",
                         0),
              0U);
    EXPECT_NE(text.find(kSink), std::string::npos);
  }
}

TEST_F(ConnectorValidationTest, AliasesWorkAndAreShownAsGiven) {
  NullableConfig config = sink();
  config["connector.class"] = "TestSink";
  const ConfigInfos infos = validate(config);
  EXPECT_EQ(infos.error_count, 0);
  EXPECT_EQ(infos.name, "TestSink");
}

TEST_F(ConnectorValidationTest, UnparsableNumbersHaveTwoMessages) {
  const ConfigInfos infos = validate(source({{"tasks.max", "x"}}));
  EXPECT_EQ(errors(infos, "tasks.max"),
            (Errors{"Invalid value x for configuration tasks.max: Not a number of type INT",
                    "Invalid value null for configuration tasks.max: Value must be non-null"}));
  EXPECT_EQ(infos.error_count, 2);
}

TEST_F(ConnectorValidationTest, FrameworkKeysAreChecked) {
  const ConfigInfos infos = validate(source({{"tasks.max", "0"},
                                             {"errors.tolerance", "ALL"},
                                             {"config.action.reload", "q"},
                                             {"errors.log.enable", "z"},
                                             {"topic.creation.groups", "a,a"},
                                             {"exactly.once.support", "x"},
                                             {"transaction.boundary.interval.ms", "-1"}}));
  EXPECT_EQ(errors(infos, "tasks.max"),
            Errors{"Invalid value 0 for configuration tasks.max: Value must be at least 1"});
  EXPECT_EQ(errors(infos, "errors.tolerance"),
            Errors{"Invalid value ALL for configuration errors.tolerance: String must be one of: "
                   "none, all"});
  EXPECT_EQ(errors(infos, "errors.log.enable"),
            Errors{"Invalid value z for configuration errors.log.enable: Expected value to be "
                   "either true or false"});
  EXPECT_EQ(errors(infos, "exactly.once.support"),
            Errors{"Invalid value x for configuration exactly.once.support: String must be one of "
                   "(case insensitive): REQUIRED, REQUESTED"});
  EXPECT_EQ(infos.error_count, 7);
}

TEST_F(ConnectorValidationTest, NameMustBeThereAndPlain) {
  EXPECT_EQ(errors(validate({{"connector.class", kSink}, {"topics", "t"}}), "name"),
            Errors{"Missing required configuration \"name\" which has no default value."});
  NullableConfig config = sink();
  config["name"] =
      "a\x01"
      "b";
  EXPECT_EQ(validate(config).error_count, 1);
  config["name"] = "";
  EXPECT_EQ(errors(validate(config), "name"),
            Errors{"Invalid value  for configuration name: String may not be empty"});
}

TEST_F(ConnectorValidationTest, NullsAreErrorsWhereverTheyAre) {
  const ConfigInfos infos = validate(
      source({{"errors.tolerance", std::nullopt}, {"batch.size", std::nullopt}, {"mine", {}}}));
  EXPECT_EQ(errors(infos, "errors.tolerance"),
            (Errors{"Invalid value null for configuration errors.tolerance: String must be one "
                    "of: none, all",
                    "Null value can not be supplied as the configuration value."}));
  EXPECT_EQ(errors(infos, "batch.size"),
            (Errors{"Invalid value null for configuration batch.size: Value must be non-null",
                    "Null value can not be supplied as the configuration value."}));
  EXPECT_EQ(errors(infos, "mine"),
            Errors{"Null value can not be supplied as the configuration value."});
  EXPECT_EQ(infos.error_count, 5);
  // Keys nobody defines come first.
  EXPECT_EQ(infos.configs.front().definition, std::nullopt);
  EXPECT_EQ(infos.configs.front().value->name, "mine");
}

TEST_F(ConnectorValidationTest, SinkTopicsAreCrossChecked) {
  NullableConfig none = sink();
  none.erase("topics");
  ConfigInfos infos = validate(none);
  for (const char* key : {"topics", "topics.regex"}) {
    EXPECT_EQ(errors(infos, key), Errors{"Must configure one of topics or topics.regex"});
  }
  EXPECT_EQ(infos.error_count, 2);
  none["topics"] = " ";
  EXPECT_EQ(validate(none).error_count, 2);
  infos = validate(sink({{"topics.regex", "x.*"}}));
  for (const char* key : {"topics", "topics.regex"}) {
    EXPECT_EQ(errors(infos, key),
              Errors{"topics and topics.regex are mutually exclusive options, but both are set."});
  }
}

TEST_F(ConnectorValidationTest, DeadLetterTopicMayNotBeConsumed) {
  NullableConfig config = sink({{"errors.deadletterqueue.topic.name", "d"}});
  EXPECT_EQ(validate(config).error_count, 0);
  config["topics"] = "a, d";
  EXPECT_EQ(errors(validate(config), "topics"),
            Errors{"The DLQ topic 'd' may not be included in the list of topics ('topics=[a, d]') "
                   "consumed by the connector"});
  config.erase("topics");
  config["topics.regex"] = "d|e";
  EXPECT_EQ(errors(validate(config), "topics.regex"),
            Errors{"The DLQ topic 'd' may not be matched by the regex for the topics "
                   "('topics.regex=d|e') consumed by the connector"});
  config["topics.regex"] = "dd";
  EXPECT_EQ(validate(config).error_count, 0);
  config["topics.regex"] = "(";
  EXPECT_EQ(validate(config).error_count, 1);
}

TEST_F(ConnectorValidationTest, ConnectorsOwnErrorsAreCounted) {
  NullableConfig config = source();
  config.erase("topic");
  ConfigInfos infos = validate(config);
  EXPECT_EQ(errors(infos, "topic"),
            Errors{"Missing required configuration \"topic\" which has no default value."});
  config["topic"] = "forbidden";
  EXPECT_EQ(errors(validate(config), "topic"), Errors{"Not that topic."});
  config["topic"] = "too-many";
  infos = validate(config);
  EXPECT_EQ(errors(infos, "tasks.max"), Errors{"Too many tasks."});
  EXPECT_EQ(infos.error_count, 1);
  config["topic"] = "undefined";
  infos = validate(config);
  EXPECT_EQ(errors(infos, "who.knows"), Errors{"Nobody."});
  EXPECT_EQ(infos.error_count, 1);
  config["topic"] = "throw";
  EXPECT_THROW(validate(config), ConnectException);
}

TEST_F(ConnectorValidationTest, SecretsAreHidden) {
  const ConfigInfos infos = validate(source({{"secret", "hush"}}));
  EXPECT_EQ(config_value_text(info(infos, "secret").value->value), "[hidden]");
}

TEST_F(ConnectorValidationTest, ConverterClassesAreChecked) {
  const ConfigInfos infos = validate(sink({{"key.converter", "x.Y"}, {"value.converter", kSink}}));
  EXPECT_EQ(errors(infos, "key.converter"),
            Errors{"Invalid value x.Y for configuration key.converter: Class x.Y could not be "
                   "found."});
  EXPECT_EQ(config_value_text(info(infos, "key.converter").value->value), std::nullopt);
  EXPECT_EQ(errors(infos, "value.converter"),
            Errors{"Class class test.TestSinkConnector does not implement the Converter "
                   "interface"});
  EXPECT_EQ(infos.error_count, 2);
  EXPECT_EQ(errors(validate(sink({{"key.converter", "TestConvertor"}})), "key.converter"),
            Errors{"Invalid value TestConvertor for configuration key.converter: Class "
                   "TestConvertor could not be found. Did you mean test.TestConverter?"});
}

TEST_F(ConnectorValidationTest, ConverterSettingsAreCheckedOncePerKey) {
  const ConfigInfos infos = validate(sink({{"value.converter", "Test"},
                                           {"value.converter.cache.size", "x"},
                                           {"key.converter.cache.size", "x"}}));
  EXPECT_EQ(errors(infos, "value.converter"), Errors{});
  EXPECT_EQ(config_value_text(info(infos, "value.converter").value->value), "test.TestConverter");
  EXPECT_EQ(errors(infos, "value.converter.cache.size").size(), 2U);
  EXPECT_EQ(errors(infos, "value.converter.converter.type"), Errors{});
  EXPECT_EQ(infos.error_count, 1);
  EXPECT_EQ(infos.groups.back(), "Schemas");
  EXPECT_EQ(infos.configs.back().definition->name, "value.converter.converter.type");
  EXPECT_EQ(infos.configs.back().definition->display_name, "converter.type");
}

TEST_F(ConnectorValidationTest, TransformationsBringTheirKeys) {
  const ConfigInfos infos = validate(sink({{"transforms", "a"},
                                           {"transforms.a.type", "test.Hoist$Value"},
                                           {"transforms.a.field", "f"},
                                           {"predicates", "p"},
                                           {"predicates.p.type", "TestPredicate"}}));
  EXPECT_EQ(infos.error_count, 0);
  Errors names;
  std::vector<int32_t> orders;
  for (const ConfigInfo& one : infos.configs) {
    if (!one.definition->name.starts_with("transforms.a.")) continue;
    names.push_back(one.definition->name);
    orders.push_back(one.definition->order);
    EXPECT_EQ(one.definition->group, "Transforms: a");
  }
  EXPECT_EQ(names, (Errors{"transforms.a.type", "transforms.a.plugin.version", "transforms.a.field",
                           "transforms.a.zeta", "transforms.a.negate", "transforms.a.predicate"}));
  EXPECT_EQ(orders, (std::vector<int32_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(info(infos, "transforms.a.type").value->recommended,
            (Errors{"test.Hoist$Key", "test.Hoist$Value"}));
  EXPECT_EQ(info(infos, "predicates.p.type").definition->display_name, "Predicate type for p");
  EXPECT_NE(std::find(infos.groups.begin(), infos.groups.end(), "Predicates: p"),
            infos.groups.end());
}

TEST_F(ConnectorValidationTest, TransformationErrorsHaveOneMessageEach) {
  const auto of = [this](NullableConfig more) {
    more["transforms"] = "a";
    const ConfigInfos infos = validate(sink(std::move(more)));
    EXPECT_EQ(infos.error_count, 1);
    return errors(infos, "transforms.a.type");
  };
  EXPECT_EQ(of({}), Errors{"Missing required configuration \"transforms.a.type\" which has no "
                           "default value."});
  EXPECT_EQ(of({{"transforms.a.type", "com.Unheard"}}),
            Errors{"Invalid value com.Unheard for configuration transforms.a.type: Class "
                   "com.Unheard could not be found."});
  EXPECT_EQ(of({{"transforms.a.type", "test.TestConverter"}}),
            Errors{"Class class test.TestConverter does not implement the Transformation "
                   "interface"});
  EXPECT_EQ(of({{"transforms.a.type", "test.Hoist"}}),
            Errors{"This class is abstract and cannot be created. Did you mean test.Hoist$Key, "
                   "test.Hoist$Value?"});
  EXPECT_EQ(of({{"transforms.a.type", "test.Hoist$Key"},
                {"transforms.a.field", "f"},
                {"transforms.a.negate", "true"}}),
            Errors{"Config 'transforms.a.negate' was provided but there is no config "
                   "'transforms.a.predicate' defining a predicate to be negated."});
}

TEST_F(ConnectorValidationTest, RepeatedAliasesAreAnErrorAndDefinedOnce) {
  const ConfigInfos infos = validate(sink({{"transforms", "a,a"},
                                           {"transforms.a.type", "test.Hoist$Key"},
                                           {"transforms.a.field", "f"}}));
  EXPECT_EQ(infos.error_count, 1);
  EXPECT_EQ(errors(infos, "transforms").size(), 1U);
}

TEST_F(ConnectorValidationTest, OverridesFollowThePolicyWhereTheClientIsUsed) {
  policy_ = "None";
  NullableConfig config = source({{"producer.override.acks", "1"},
                                  {"consumer.override.fetch.min.bytes", "1"},
                                  {"admin.override.retries", "1"}});
  ConfigInfos infos = validate(config);
  EXPECT_EQ(errors(infos, "producer.override.acks"),
            Errors{"The 'None' policy does not allow 'acks' to be overridden in the connector "
                   "configuration."});
  EXPECT_EQ(infos.error_count, 1);
  EXPECT_EQ(infos.configs.back().value->name, "producer.override.acks");
  config["topic.creation.default.partitions"] = "1";
  infos = validate(config);
  EXPECT_EQ(infos.error_count, 2);
  EXPECT_EQ(infos.configs.back().value->name, "admin.override.retries");

  NullableConfig reader = sink({{"producer.override.acks", "1"},
                                {"consumer.override.fetch.min.bytes", "1"},
                                {"admin.override.retries", "1"}});
  EXPECT_EQ(validate(reader).error_count, 1);
  reader["errors.deadletterqueue.topic.name"] = "d";
  EXPECT_EQ(validate(reader).error_count, 3);
}

TEST_F(ConnectorValidationTest, VersionsMustFit) {
  EXPECT_EQ(validate(source({{"connector.plugin.version", "1.2"}})).error_count, 0);
  const ConfigInfos infos = validate(source({{"connector.plugin.version", "9.9"}}));
  EXPECT_EQ(infos.error_count, 2);
  EXPECT_EQ(errors(infos, "connector.class"), errors(infos, "connector.plugin.version"));
  EXPECT_EQ(info(infos, "connector.plugin.version").value->recommended, Errors{"1.2"});
  EXPECT_EQ(validate(source({{"connector.plugin.version", "[1.0,"}})).error_count, 1);
}

TEST(VersionTest, RangesAreMavens) {
  EXPECT_TRUE(satisfies_version("latest", "1.2"));
  EXPECT_TRUE(satisfies_version("1.2", "1.2.0"));
  EXPECT_FALSE(satisfies_version("1.2", "1.10"));
  EXPECT_TRUE(satisfies_version("[1.0,2.0)", "1.10"));
  EXPECT_FALSE(satisfies_version("[1.0,2.0)", "2.0"));
  EXPECT_TRUE(satisfies_version("[1.0,2.0]", "2.0"));
  EXPECT_FALSE(satisfies_version("(1.2,)", "1.2"));
  EXPECT_TRUE(satisfies_version("(,2]", "0.1"));
  EXPECT_TRUE(satisfies_version("[1.2]", "1.2"));
  EXPECT_THROW(satisfies_version("[1.0,", "1.0"), ConfigException);
}

TEST_F(ConnectorValidationTest, VariablesAreResolvedButNotShownInErrors) {
  ConfigTransformer::Providers providers;
  providers["e"] = make_env_var_provider({}, {{"N", "3"}, {"S", "hush"}});
  transformer_ = ConfigTransformer(std::move(providers));
  const ConfigInfos infos = validate(source({{"tasks.max", "${e:N}"}}));
  EXPECT_EQ(config_value_text(info(infos, "tasks.max").value->value), "3");
  try {
    validate({{"password", "${e:S}"}});
    FAIL() << "no exception";
  } catch (const RequestException& error) {
    EXPECT_EQ(std::string(error.what()).find("hush"), std::string::npos);
  }
}

TEST_F(ConnectorValidationTest, RefusalListsAllMessages) {
  EXPECT_EQ(validation_failure(validate(source())), std::nullopt);
  EXPECT_EQ(validation_failure(validate(source({{"tasks.max", "x"}}))),
            "Connector configuration is invalid and contains the following 2 error(s):\n"
            "Invalid value x for configuration tasks.max: Not a number of type INT\n"
            "Invalid value null for configuration tasks.max: Value must be non-null\n"
            "You can also find the above list of errors at the endpoint "
            "`/connector-plugins/{connectorType}/config/validate`");
}

NullableConfig resolving(NullableConfig more) {
  more.insert({{"name", "n"}, {"connector.class", "test.TestResolvingSinkConnector"}});
  return more;
}

TEST_F(ConnectorValidationTest, TopicsAreThoseThatTheConnectorResolvesThemTo) {
  EXPECT_EQ(validate(resolving({{"list", "a,b"}})).error_count, 0);
  EXPECT_EQ(errors(validate(resolving({})), "topics"),
            (Errors{"Must configure one of topics or topics.regex"}));
  const ConfigInfos both = validate(resolving({{"list", "a"}, {"topics.regex", "b"}}));
  EXPECT_EQ(errors(both, "topics").size(), 1U);
  const ConfigInfos queue =
      validate(resolving({{"list", "a,q"}, {"errors.deadletterqueue.topic.name", "q"}}));
  ASSERT_EQ(errors(queue, "topics").size(), 1U);
  EXPECT_TRUE(errors(queue, "topics")[0].starts_with("The DLQ topic 'q' may not be included"));
}

TEST_F(ConnectorValidationTest, WhatCannotBeResolvedIsAnErrorAndNotOfTheTopicsToo) {
  const ConfigInfos infos = validate(resolving({{"list", ""}}));
  EXPECT_EQ(errors(infos, "connector.class"), (Errors{"list: name a topic"}));
  EXPECT_EQ(infos.error_count, 1);
}

TEST_F(ConnectorValidationTest, ThePolicyIsAskedForOverridesThatTheConnectorMakesButTheyAreNotShown) {
  const auto named = [](const ConfigInfos& infos, const std::string& key) {
    return std::count_if(infos.configs.begin(), infos.configs.end(), [&key](const ConfigInfo& one) {
      return one.value && one.value->name == key;
    });
  };
  EXPECT_EQ(named(validate(resolving({{"list", "a"}, {"group", "g"}})),
                  "consumer.override.group.id"), 0);
  policy_ = "None";
  const ConfigInfos refused = validate(resolving({{"list", "a"}, {"group", "g"}}));
  EXPECT_EQ(errors(refused, "consumer.override.group.id"),
            (Errors{"The 'None' policy does not allow 'group.id' to be overridden in the connector "
                    "configuration."}));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(
      info(refused, "consumer.override.group.id").value->value));
}

TEST_F(ConnectorValidationTest, AConverterOfTheConnectorIsTheDefaultThatIsShown) {
  const ConfigInfos infos = validate(resolving({{"list", "a"}}));
  EXPECT_EQ(info(infos, "value.converter").definition->default_text, "test.TestConverter");
  EXPECT_EQ(info(infos, "key.converter").definition->default_text, std::nullopt);
}

}  // namespace
}  // namespace millrace
