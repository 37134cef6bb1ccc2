#include "runtime/herder/connector_config.h"
#include "runtime/pipeline/dead_letter.h"
#include "runtime/pipeline/error_config.h"

namespace millrace {
namespace {

constexpr const char* kCommon = "Common";
/// Stands for "no default at all".
constexpr const char* kRequired = nullptr;

/// Where a user interface shows a key.
struct Place {
  const char* group;
  int32_t order;
  Width width;
  const char* display_name;
};

ConfigKey key(std::string name, ConfigType type, std::optional<const char*> fallback,
              Importance importance, Place place, std::string doc,
              std::optional<ConfigValidator> validator = {}) {
  ConfigKey row;
  row.name = std::move(name);
  row.type = type;
  row.required = fallback.has_value() && *fallback == kRequired;
  if (fallback && *fallback != kRequired) row.default_text = *fallback;
  row.importance = importance;
  row.group = place.group;
  row.order = place.order;
  row.width = place.width;
  row.display_name = place.display_name;
  row.doc = std::move(doc);
  row.validator = std::move(validator);
  return row;
}

ConfigValidator null_or_at_least(int64_t minimum) {
  ConfigValidator range = at_least(minimum);
  return {[check = range.check](const ConfigValue& value) {
            return std::holds_alternative<std::monostate>(value) ? std::string() : check(value);
          },
          range.description};
}

std::vector<ConfigKey> common_keys() {
  return {
      key("name", ConfigType::String, kRequired, Importance::High,
          {kCommon, 1, Width::Medium, "Connector name"},
          "Name of the connector, unique in the worker or cluster.",
          non_empty_string_without_control_chars()),
      key("connector.class", ConfigType::String, kRequired, Importance::High,
          {kCommon, 2, Width::Long, "Connector class"},
          "Class of the connector: its full name, its simple name, or that without Connector."),
      key("connector.plugin.version", ConfigType::String, std::nullopt, Importance::Medium,
          {kCommon, 3, Width::Medium, "Connector version"},
          "Version of the connector class, or a range of versions."),
      key("tasks.max", ConfigType::Int, "1", Importance::High,
          {kCommon, 4, Width::Short, "Tasks max"}, "Most tasks this connector may run.",
          at_least(1)),
      key("tasks.max.enforce", ConfigType::Boolean, "true", Importance::Low,
          {kCommon, 5, Width::Short, "Enforce tasks max"},
          "Whether more tasks than tasks.max fail the connector (deprecated)."),
      key("key.converter", ConfigType::Class, std::nullopt, Importance::Low,
          {kCommon, 6, Width::Short, "Key converter class"},
          "Class that translates record keys; null is the worker's."),
      key("key.converter.plugin.version", ConfigType::String, std::nullopt, Importance::Low,
          {kCommon, 7, Width::Short, "Key converter version"},
          "Version of the key converter, or a range of versions."),
      key("value.converter", ConfigType::Class, std::nullopt, Importance::Low,
          {kCommon, 8, Width::Short, "Value converter class"},
          "Class that translates record values; null is the worker's."),
      key("value.converter.plugin.version", ConfigType::String, std::nullopt, Importance::Low,
          {kCommon, 9, Width::Short, "Value converter version"},
          "Version of the value converter, or a range of versions."),
      key("header.converter", ConfigType::Class, std::nullopt, Importance::Low,
          {kCommon, 10, Width::Short, "Header converter class"},
          "Class that translates record headers; null is the worker's."),
      key("header.converter.plugin.version", ConfigType::String, std::nullopt, Importance::Low,
          {kCommon, 11, Width::Short, "Header converter version"},
          "Version of the header converter, or a range of versions."),
      key("transforms", ConfigType::List, "", Importance::Low,
          {"Transforms", 12, Width::Long, "Transforms"},
          "Aliases of the transformations applied to records, in order.", unique_aliases()),
      key("predicates", ConfigType::List, "", Importance::Low,
          {"Predicates", 13, Width::Long, "Predicates"},
          "Aliases of the predicates that transformations may refer to.", unique_aliases()),
      key("config.action.reload", ConfigType::String, "restart", Importance::Low,
          {kCommon, 14, Width::Medium, "Reload Action"},
          "What happens when a provider says that a value has changed.",
          one_of({"none", "restart"})),
  };
}

std::vector<ConfigKey> sink_keys() {
  return {
      key("topics", ConfigType::List, "", Importance::High, {kCommon, 4, Width::Long, "Topics"},
          "Topics to consume, separated by commas."),
      key("topics.regex", ConfigType::String, "", Importance::High,
          {kCommon, 4, Width::Long, "Topics regex"},
          "Pattern that must match the whole name of each topic to consume.", valid_regex()),
  };
}

std::vector<ConfigKey> source_keys() {
  return {
      key("topic.creation.groups", ConfigType::List, "", Importance::Low,
          {"Topic Creation", 1, Width::Long, "Topic Creation Groups"},
          "Names of groups of topics with their own settings for creation.", unique_aliases()),
      key("exactly.once.support", ConfigType::String, "requested", Importance::Medium,
          {"Exactly Once Support", 2, Width::Short, "Exactly once support"},
          "Whether the connector must be able to deliver exactly once.",
          one_of_ignoring_case({"required", "requested"})),
      key("transaction.boundary", ConfigType::String, "poll", Importance::Medium,
          {"Exactly Once Support", 3, Width::Short, "Transaction Boundary"},
          "Where transactions of an exactly-once connector end.",
          one_of_ignoring_case({"interval", "poll", "connector"})),
      key("transaction.boundary.interval.ms", ConfigType::Long, std::nullopt, Importance::Low,
          {"Exactly Once Support", 4, Width::Short, "Transaction boundary interval"},
          "Length of such transactions, in milliseconds; null is offset.flush.interval.ms.",
          null_or_at_least(0)),
      key("offsets.storage.topic", ConfigType::String, std::nullopt, Importance::Low,
          {"offsets.topic", 1, Width::Long, "Offsets topic"},
          "Topic for this connector's offsets; null is the worker's.", non_empty_string()),
  };
}

ConfigDefinition define(const std::vector<ConfigKey>& own) {
  ConfigDefinition definition;
  for (const ConfigKey& row : common_keys()) definition.add(row);
  for (const ConfigKey& row : ErrorHandlingConfig::definition().keys()) definition.add(row);
  for (const ConfigKey& row : own) definition.add(row);
  return definition;
}

}  // namespace

const ConfigDefinition& source_connector_def() {
  static const ConfigDefinition definition = define(source_keys());
  return definition;
}

const ConfigDefinition& sink_connector_def() {
  static const ConfigDefinition definition = [] {
    std::vector<ConfigKey> rows = sink_keys();
    for (const ConfigKey& row : DeadLetterConfig::definition().keys()) rows.push_back(row);
    return define(rows);
  }();
  return definition;
}

}  // namespace millrace
