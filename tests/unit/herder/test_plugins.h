#pragma once
// Plugin classes for the herder's tests.

#include <memory>
#include <string>
#include <vector>

#include "millrace/errors.h"
#include "millrace/plugin.h"
#include "runtime/plugins/registry.h"

namespace millrace::testing {

inline ConfigKey test_key(std::string name, bool required = false) {
  ConfigKey key;
  key.name = std::move(name);
  key.required = required;
  key.importance = Importance::High;
  key.doc = "For tests.";
  return key;
}

class TestSource final : public SourceConnector {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition definition = [] {
      ConfigKey batch = test_key("batch.size");
      batch.type = ConfigType::Int;
      batch.default_text = "10";
      batch.validator = at_least(1);
      batch.group = "Reading";
      ConfigKey secret = test_key("secret");
      secret.type = ConfigType::Password;
      return ConfigDefinition{}.add(test_key("topic", true)).add(batch).add(secret);
    }();
    return definition;
  }
  std::string_view version() const noexcept override { return "1.2"; }
  std::string_view task_class() const noexcept override { return "test.TestSourceTask"; }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties&, ConnectorContext&) override {}
  std::vector<Properties> task_configs(int32_t) override { return {}; }
  std::unique_ptr<SourceTask> make_task() override { return nullptr; }
  void validate(const Properties& config, ConfigErrors& errors) const override {
    const std::string* topic = find(config, "topic");
    if (topic != nullptr && *topic == "forbidden") errors.add("topic", "Not that topic.");
    if (topic != nullptr && *topic == "too-many") errors.add("tasks.max", "Too many tasks.");
    if (topic != nullptr && *topic == "undefined") errors.add("who.knows", "Nobody.");
    if (topic != nullptr && *topic == "throw") throw ConnectException("validation broke");
  }
};

class TestSink final : public SinkConnector {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition definition = ConfigDefinition{}.add(test_key("file"));
    return definition;
  }
  std::string_view version() const noexcept override { return "1.2"; }
  std::string_view task_class() const noexcept override { return "test.TestSinkTask"; }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties&, ConnectorContext&) override {}
  std::vector<Properties> task_configs(int32_t) override { return {}; }
  std::unique_ptr<SinkTask> make_task() override { return nullptr; }
};

/// Has settings of its own for what the worker reads.
class TestResolvingSink final : public SinkConnector {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition definition =
        ConfigDefinition{}.add(test_key("list")).add(test_key("group"));
    return definition;
  }
  std::string_view version() const noexcept override { return "1.2"; }
  std::string_view task_class() const noexcept override { return "test.TestSinkTask"; }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties&, ConnectorContext&) override {}
  std::vector<Properties> task_configs(int32_t) override { return {}; }
  std::unique_ptr<SinkTask> make_task() override { return nullptr; }
  Properties resolved(const Properties& config) const override {
    Properties resolved = config;
    if (const std::string* list = find(config, "list")) {
      if (list->empty()) throw ConfigException("list: name a topic");
      resolved["topics"] = *list;
    }
    if (const std::string* group = find(config, "group")) {
      resolved["consumer.override.group.id"] = *group;
    }
    resolved.try_emplace("value.converter", "test.TestConverter");
    return resolved;
  }
};

class TestConverter final : public Converter {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition definition = [] {
      ConfigKey schemas = test_key("schemas.enable");
      schemas.type = ConfigType::Boolean;
      schemas.default_text = "true";
      schemas.group = "Schemas";
      ConfigKey cache = test_key("cache.size");
      cache.type = ConfigType::Int;
      cache.default_text = "5";
      cache.validator = at_least(0);
      ConfigKey type = test_key("converter.type", true);
      type.validator = one_of({"key", "value", "header"});
      return ConfigDefinition{}.add(schemas).add(cache).add(type);
    }();
    return definition;
  }
  void configure(const Properties&, Side) override {}
  void to_connect_data(RecordBatch&, const RowSet&, Side) override {}
  void from_connect_data(RecordBatch&, const RowSet&, Side) override {}
};

class TestTransformation final : public Transformation {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition definition =
        ConfigDefinition{}.add(test_key("zeta")).add(test_key("field", true));
    return definition;
  }
  void configure(const Properties&) override {}
  void apply(RecordBatch&, const RowSet&) override {}
};

class TestPredicate final : public Predicate {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition definition = ConfigDefinition{}.add(test_key("pattern"));
    return definition;
  }
  void configure(const Properties&) override {}
  bool test(const Record&) const override { return true; }
};

inline std::unique_ptr<PluginRegistry> make_test_plugins() {
  PluginTable table;
  table.connector<TestSource>({"test.TestSourceConnector", "1.2"});
  table.connector<TestSink>({"test.TestSinkConnector", "1.2"});
  table.connector<TestResolvingSink>({"test.TestResolvingSinkConnector", "1.2"});
  table.converter<TestConverter>({"test.TestConverter", "1.2"});
  table.transformation<TestTransformation>({"test.Hoist$Key", "1.2"});
  table.transformation<TestTransformation>({"test.Hoist$Value", "1.2"});
  table.predicate<TestPredicate>({"test.TestPredicate", "1.2"});
  auto registry = std::make_unique<PluginRegistry>();
  registry->add(table, "test");
  return registry;
}

}  // namespace millrace::testing
