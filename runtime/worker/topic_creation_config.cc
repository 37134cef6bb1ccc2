// The rows of `topic.creation.*`; their names depend on the groups a connector names.

#include <algorithm>

#include "millrace/config_def.h"
#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/worker/topic_creation.h"
#include "runtime/worker/worker_config.h"

namespace millrace {
namespace {

constexpr const char* kPrefix = "topic.creation.";
constexpr const char* kDefaultGroup = "default";
constexpr const char* kEnableKey = "topic.creation.enable";

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.SourceConnectorConfig");
  return instance;
}

bool is_enabled(const Properties& worker) {
  ConfigValue enabled;
  const std::string error = parse_config_value(*WorkerOptions::def().definition().find(kEnableKey),
                                               find(worker, kEnableKey), enabled);
  if (!error.empty()) throw ConfigException(error);
  return std::get<bool>(enabled);
}

ConfigValidator minus_one_or_positive() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* number = std::get_if<int32_t>(&value);
            const auto* small = std::get_if<int16_t>(&value);
            const int32_t count = number != nullptr ? *number : small != nullptr ? *small : 1;
            return count == -1 || count >= 1 ? "" : "Value must be -1 or at least 1";
          },
          "-1 or [1,...]"};
}

/// Rows of one group. `inherited` null: the default group, whose counts are required.
ConfigDefinition group_definition(const std::string& prefix, const TopicCreationGroup* inherited) {
  ConfigDefinition definition;
  const auto add = [&](const char* name, ConfigType type, std::optional<std::string> fallback) {
    ConfigKey key;
    key.name = prefix + name;
    key.type = type;
    key.required = !fallback;
    key.default_text = std::move(fallback);
    key.importance = Importance::Low;
    if (type != ConfigType::List) key.validator = minus_one_or_positive();
    definition.add(std::move(key));
  };
  const auto count = [&](auto TopicCreationGroup::*member) -> std::optional<std::string> {
    if (inherited == nullptr) return std::nullopt;
    return std::to_string(inherited->*member);
  };
  add("include", ConfigType::List, "");
  add("exclude", ConfigType::List, "");
  add("replication.factor", ConfigType::Short, count(&TopicCreationGroup::replication_factor));
  add("partitions", ConfigType::Int, count(&TopicCreationGroup::partitions));
  return definition;
}

std::string alternatives(const ConfigValue& list) {
  std::string pattern;
  const auto& parts = std::get<std::vector<std::string>>(list);
  for (size_t i = 0; i < parts.size(); ++i) pattern += (i == 0 ? "" : "|") + parts[i];
  return pattern;
}

std::optional<JavaRegex> compile(const std::string& key, const std::string& pattern) {
  if (pattern.empty()) return std::nullopt;
  try {
    return JavaRegex(pattern);
  } catch (const Error& error) {
    throw ConfigException("Invalid value " + pattern + " for configuration " + key + ": " +
                          error.what());
  }
}

TopicCreationGroup parse_group(const Properties& connector, const std::string& name,
                               const TopicCreationGroup* inherited) {
  const std::string prefix = kPrefix + name + ".";
  const auto values = group_definition(prefix, inherited).parse(connector);
  TopicCreationGroup group;
  group.name = name;
  group.include = inherited == nullptr ? ".*" : alternatives(values[0]);
  group.exclude = inherited == nullptr ? "" : alternatives(values[1]);
  group.include_regex = compile(prefix + "include", group.include);
  group.exclude_regex = compile(prefix + "exclude", group.exclude);
  group.replication_factor = std::get<int16_t>(values[2]);
  group.partitions = std::get<int32_t>(values[3]);
  group.topic_config = with_prefix(connector, prefix);
  for (const char* own : {"include", "exclude", "replication.factor", "partitions"}) {
    group.topic_config.erase(own);
  }
  return group;
}

}  // namespace

std::optional<std::vector<TopicCreationGroup>> parse_topic_creation(const Properties& worker,
                                                                    const Properties& connector) {
  if (with_prefix(connector, kPrefix).empty() || !is_enabled(worker)) return std::nullopt;
  const TopicCreationGroup fallback = parse_group(connector, kDefaultGroup, nullptr);
  std::vector<TopicCreationGroup> groups;
  for (const std::string& name : split_list(find(connector, "topic.creation.groups"))) {
    if (name == kDefaultGroup) {
      logger().warn("'{}' topic creation group always exists and does not need to be listed "
                    "explicitly", kDefaultGroup);
      continue;
    }
    groups.push_back(parse_group(connector, name, &fallback));
  }
  groups.push_back(fallback);
  return groups;
}

}  // namespace millrace
