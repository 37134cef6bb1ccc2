#pragma once
// Topics that a source task writes to, made by its rules before the first record of each
// (connect-tasks.md §6, connect-configs.md §9.3).

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/broker/broker.h"
#include "millrace/java_regex.h"

namespace millrace {

/// Settings of new topics whose names fit. Group `default` fits all.
struct TopicCreationGroup {
  std::string name;
  std::string include;  // Java pattern of whole names; empty: none
  std::string exclude;  // wins over include
  std::optional<JavaRegex> include_regex;
  std::optional<JavaRegex> exclude_regex;
  int32_t partitions = -1;          // -1: the broker's default
  int16_t replication_factor = -1;  // -1: the broker's default
  Properties topic_config;

  bool matches(const std::string& topic) const;
  /// As Java's TopicCreationGroup.toString().
  std::string to_string() const;
};

/// The settings `topic.creation.*` of a connector: groups in their order, `default` last.
/// Nullopt when the worker's `topic.creation.enable` is false or the connector has none of them.
/// Throws ConfigException.
std::optional<std::vector<TopicCreationGroup>> parse_topic_creation(const Properties& worker,
                                                                    const Properties& connector);

/// Task thread only.
class TopicCreator {
 public:
  /// Names remembered; beyond it all are forgotten and looked up once more.
  static constexpr size_t kMaxKnownTopics = 100'000;

  /// `groups` ends with `default`.
  TopicCreator(std::vector<TopicCreationGroup> groups, std::unique_ptr<BrokerAdmin> admin)
      : groups_(std::move(groups)), admin_(std::move(admin)) {}
  /// Whether records may be sent to `topic` without ensure().
  bool knows(std::string_view topic);
  /// Makes `topic` unless it exists. Throws RetriableException when the log did not answer whether
  /// it exists, else ConnectException.
  void ensure(std::string_view topic);

 private:
  bool exists(const std::string& topic);
  void create(const std::string& topic);
  bool try_create(const NewTopic& topic);
  void remember(std::string topic);
  const TopicCreationGroup& group_of(const std::string& topic) const;

  std::vector<TopicCreationGroup> groups_;
  std::unique_ptr<BrokerAdmin> admin_;
  std::set<std::string, std::less<>> known_;
  std::string last_known_;  // most batches have one topic
};

}  // namespace millrace
