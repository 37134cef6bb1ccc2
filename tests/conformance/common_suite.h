#pragma once
// Rules for every connector: names, configuration, life of the connector object.

#include <gmock/gmock.h>

#include "tests/conformance/harness.h"

namespace millrace::conformance {

class ConnectorSuite : public testing::TestWithParam<Maker<ConnectorUnderTest>> {
 protected:
  Properties config_without(const std::string& key) const {
    Properties config = system_->config();
    config.erase(key);
    return config;
  }
  static std::vector<std::string> errors(const ConfigDefinition& definition,
                                         const Properties& config) {
    std::vector<std::string> messages;
    for (const ConfigKeyResult& key : definition.validate(config)) {
      messages.insert(messages.end(), key.errors.begin(), key.errors.end());
    }
    return messages;
  }
  static std::string missing(const std::string& key) {
    return "Missing required configuration \"" + key + "\" which has no default value.";
  }

  const std::unique_ptr<ConnectorUnderTest> system_ = GetParam().make();
  const LoadedConnector loaded_{*system_};
  const PluginClass& plugin_ = loaded_.plugin();
  TestConnectorContext context_;
};

template <class T>
auto of() {
  return testing::Values(maker_of<T, ConnectorUnderTest>());
}

TEST_P(ConnectorSuite, SaysWhatItIs) {
  const auto connector = loaded_.make();
  const bool is_source = plugin_.kind == PluginKind::Source;
  EXPECT_EQ(connector->type(), is_source ? ConnectorType::Source : ConnectorType::Sink);
  EXPECT_EQ(plugin_.class_name, system_->class_name());
  EXPECT_EQ(connector->version(), plugin_.version);
  EXPECT_FALSE(connector->version().empty());
  EXPECT_FALSE(connector->task_class().empty());
}

TEST_P(ConnectorSuite, EveryKeyIsDocumented) {
  const auto connector = loaded_.make();
  ASSERT_EQ(connector->config_def().keys().size(), plugin_.config.keys().size());
  for (const ConfigKey& key : connector->config_def().keys()) {
    EXPECT_NE(plugin_.config.find(key.name), nullptr) << key.name;
    EXPECT_FALSE(key.doc.empty()) << key.name;
  }
}

TEST_P(ConnectorSuite, RequiredKeysAreThoseItSaysAndNamedWhenMissing) {
  std::vector<std::string> required;
  for (const ConfigKey& key : plugin_.config.keys()) {
    if (key.required) required.push_back(key.name);
  }
  EXPECT_THAT(required, testing::UnorderedElementsAreArray(system_->required_keys()));
  std::vector<std::string> messages;
  for (const std::string& key : required) messages.push_back(missing(key));
  EXPECT_EQ(errors(plugin_.config, {}), messages);
  for (const std::string& key : required) {
    EXPECT_EQ(errors(plugin_.config, config_without(key)), std::vector{missing(key)});
    try {
      loaded_.make()->start(config_without(key), context_);
      ADD_FAILURE() << "started without " << key;
    } catch (const ConfigException& error) {
      EXPECT_EQ(error.what(), missing(key));
    }
  }
}

TEST_P(ConnectorSuite, AValidConfigurationHasNoErrors) {
  EXPECT_THAT(errors(plugin_.config, system_->config()), testing::IsEmpty());
  ConfigErrors more;
  loaded_.make()->validate(system_->config(), more);
  EXPECT_TRUE(more.empty());
}

TEST_P(ConnectorSuite, ValidationOfAnythingIsSafeBeforeStart) {
  const auto connector = loaded_.make();
  for (const ConfigKey& key : plugin_.config.keys()) {
    for (const char* odd : {"", " ", "-1", "\xFF", "{}"}) {
      Properties config = system_->config();
      config[key.name] = odd;
      ConfigErrors found;
      plugin_.config.validate(config);
      connector->validate(config, found);
      for (const auto& [name, message] : found.entries()) EXPECT_NE(message, "") << name;
    }
  }
}

TEST_P(ConnectorSuite, TaskConfigsStayWithinTheMaximum) {
  const auto connector = loaded_.make();
  connector->start(system_->config(), context_);
  for (const int32_t most : {1, 2, 10, 1}) {
    const auto configs = connector->task_configs(most);
    EXPECT_GE(configs.size(), 1U);
    EXPECT_LE(configs.size(), static_cast<size_t>(most));
  }
  connector->stop();
}

TEST_P(ConnectorSuite, ConnectorsMayBeStoppedTwiceOrNeverStarted) {
  loaded_.make()->stop();
  const auto connector = loaded_.make();
  connector->start(system_->config(), context_);
  connector->stop();
  connector->stop();
}

}  // namespace millrace::conformance
