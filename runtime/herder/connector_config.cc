#include "runtime/herder/connector_config.h"

namespace millrace {
namespace {

constexpr const char* kCommon = "Common";
constexpr const char* kErrors = "Error Handling";
constexpr const char* kTopicCreation = "Topic Creation";
constexpr const char* kExactlyOnce = "Exactly Once Support";

/// One row in the order of the reference's tables.
struct Row {
  std::string name;
  ConfigType type;
  std::optional<std::string> fallback;  // with required: ignored
  bool required;
  Importance importance;
  const char* group;
  int32_t order;
  Width width;
  std::string display;
  std::string doc;
  std::optional<ConfigValidator> validator = {};
};

void add(ConfigDefinition& definition, Row row) {
  ConfigKey key;
  key.name = std::move(row.name);
  key.type = row.type;
  key.required = row.required;
  key.default_text = row.required ? std::nullopt : std::move(row.fallback);
  key.importance = row.importance;
  key.group = row.group;
  key.order = row.order;
  key.width = row.width;
  key.display_name = std::move(row.display);
  key.doc = std::move(row.doc);
  key.validator = std::move(row.validator);
  definition.add(std::move(key));
}

void add_identity(ConfigDefinition& d) {
  using enum ConfigType;
  add(d, {"name", String, {}, true, Importance::High, kCommon, 1, Width::Medium, "Connector name",
          "Name of the connector, unique in the worker.",
          non_empty_string_without_control_chars()});
  add(d, {"connector.class", String, {}, true, Importance::High, kCommon, 2, Width::Long,
          "Connector class", "Class name or alias of the connector."});
  add(d, {"tasks.max", Int, "1", false, Importance::High, kCommon, 3, Width::Short, "Tasks max",
          "Most tasks this connector may have.", at_least(1)});
  add(d, {"tasks.max.enforce", Boolean, "true", false, Importance::Low, kCommon, 4, Width::Short,
          "Enforce tasks max", "Deprecated. Whether a connector with too many tasks fails."});
}

void add_converters(ConfigDefinition& d) {
  using enum ConfigType;
  add(d, {"key.converter", Class, {}, false, Importance::Low, kCommon, 5, Width::Short,
          "Key converter class", "Converter for keys; unset, the worker's."});
  add(d, {"value.converter", Class, {}, false, Importance::Low, kCommon, 6, Width::Short,
          "Value converter class", "Converter for values; unset, the worker's."});
  add(d, {"header.converter", Class, {}, false, Importance::Low, kCommon, 7, Width::Short,
          "Header converter class", "Converter for headers; unset, the worker's."});
  add(d, {"transforms", List, "", false, Importance::Low, "Transforms", 8, Width::Long,
          "Transforms", "Aliases of transformations, in order.", unique_aliases()});
  add(d, {"predicates", List, "", false, Importance::Low, "Predicates", 9, Width::Long,
          "Predicates", "Aliases of predicates that transformations use.", unique_aliases()});
  add(d, {"config.action.reload", String, "restart", false, Importance::Low, kCommon, 10,
          Width::Medium, "Reload Action", "What follows a changed secret.",
          one_of({"none", "restart"})});
}

void add_error_handling(ConfigDefinition& d) {
  using enum ConfigType;
  add(d, {"errors.retry.timeout", Long, "0", false, Importance::Medium, kErrors, 1, Width::Medium,
          "Retry Timeout for Errors", "Longest time a failed operation is tried again; -1: for ever."});
  add(d, {"errors.retry.delay.max.ms", Long, "60000", false, Importance::Medium, kErrors, 2,
          Width::Medium, "Maximum Delay Between Retries for Errors", "Longest wait between tries."});
  add(d, {"errors.tolerance", String, "none", false, Importance::Medium, kErrors, 3, Width::Short,
          "Error Tolerance", "Whether a failed record fails the task (none) or is skipped (all).",
          one_of({"none", "all"})});
  add(d, {"errors.log.enable", Boolean, "false", false, Importance::Medium, kErrors, 4,
          Width::Short, "Log Errors", "Whether each error is logged."});
  add(d, {"errors.log.include.messages", Boolean, "false", false, Importance::Medium, kErrors, 5,
          Width::Short, "Log Error Details", "Whether the log names the record."});
}

void add_sink(ConfigDefinition& d) {
  using enum ConfigType;
  add(d, {"topics", List, "", false, Importance::High, kCommon, 4, Width::Long, "Topics",
          "Topics to consume."});
  add(d, {"topics.regex", String, "", false, Importance::High, kCommon, 4, Width::Long,
          "Topics regex", "Regular expression that whole topic names must match.", valid_regex()});
  add(d, {"errors.deadletterqueue.topic.name", String, "", false, Importance::Medium, kErrors, 6,
          Width::Medium, "Dead Letter Queue Topic Name", "Topic for records that failed."});
  add(d, {"errors.deadletterqueue.topic.replication.factor", Short, "3", false, Importance::Medium,
          kErrors, 7, Width::Medium, "Dead Letter Queue Topic Replication Factor",
          "Replication factor of that topic when it is created."});
  add(d, {"errors.deadletterqueue.context.headers.enable", Boolean, "false", false,
          Importance::Medium, kErrors, 8, Width::Medium, "Enable Error Context Headers",
          "Whether headers say what failed and where."});
}

void add_source(ConfigDefinition& d) {
  using enum ConfigType;
  add(d, {"topic.creation.groups", List, "", false, Importance::Low, kTopicCreation, 1, Width::Long,
          "Topic Creation Groups", "Groups of rules for topics that are created.",
          unique_aliases()});
  add(d, {"exactly.once.support", String, "requested", false, Importance::Medium, kExactlyOnce, 2,
          Width::Short, "Exactly once support", "Whether exactly-once delivery is required.",
          one_of_ignoring_case({"requested", "required"})});
  add(d, {"transaction.boundary", String, "poll", false, Importance::Medium, kExactlyOnce, 3,
          Width::Short, "Transaction Boundary", "Where transactions end.",
          one_of_ignoring_case({"poll", "interval", "connector"})});
  ConfigValidator unset_or_positive = at_least(0);
  const auto check = unset_or_positive.check;
  unset_or_positive.check = [check](const ConfigValue& value) {
    return std::holds_alternative<std::monostate>(value) ? std::string() : check(value);
  };
  add(d, {"transaction.boundary.interval.ms", Long, {}, false, Importance::Low, kExactlyOnce, 4,
          Width::Short, "Transaction boundary interval", "Interval of transactions.",
          std::move(unset_or_positive)});
  add(d, {"offsets.storage.topic", String, {}, false, Importance::Low, "offsets.topic", 1,
          Width::Long, "Offsets topic", "Topic for this connector's offsets.",
          non_empty_string()});
}

ConfigDefinition common() {
  ConfigDefinition definition;
  add_identity(definition);
  add_converters(definition);
  add_error_handling(definition);
  return definition;
}

}  // namespace

const ConfigDefinition& source_connector_config() {
  static const ConfigDefinition definition = [] {
    ConfigDefinition d = common();
    add_source(d);
    return d;
  }();
  return definition;
}

const ConfigDefinition& sink_connector_config() {
  static const ConfigDefinition definition = [] {
    ConfigDefinition d = common();
    add_sink(d);
    return d;
  }();
  return definition;
}

}  // namespace millrace
