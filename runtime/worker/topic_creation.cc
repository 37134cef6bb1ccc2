#include "runtime/worker/topic_creation.h"

#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr Millis kTopicTimeout{60'000};  // Java's default.api.timeout.ms

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.AbstractWorkerSourceTask");
  return instance;
}

/// As Java prints a map.
std::string map_text(const Properties& properties) {
  std::string text;
  for (const auto& [key, value] : properties) {
    text += (text.empty() ? "" : ", ") + key + "=" + value;
  }
  return "{" + text + "}";
}

/// As Java's NewTopic.toString().
std::string topic_text(const NewTopic& topic) {
  return fmt::format(
      "(name={}, numPartitions={}, replicationFactor={}, replicasAssignments=null, configs={})",
      topic.name, topic.partitions, topic.replication_factor, map_text(topic.config));
}

}  // namespace

bool TopicCreationGroup::matches(const std::string& topic) const {
  return !(exclude_regex && exclude_regex->matches(topic)) && include_regex &&
         include_regex->matches(topic);
}

std::string TopicCreationGroup::to_string() const {
  return fmt::format(
      "TopicCreationGroup{{name='{}', inclusionPattern={}, exclusionPattern={}, numPartitions={}, "
      "replicationFactor={}, otherConfigs={}}}",
      name, include, exclude, partitions, replication_factor, map_text(topic_config));
}

bool TopicCreator::knows(std::string_view topic) {
  if (topic == last_known_) return true;
  const auto at = known_.find(topic);
  if (at == known_.end()) return false;
  last_known_ = *at;
  return true;
}

void TopicCreator::remember(std::string topic) {
  if (known_.size() >= kMaxKnownTopics) known_.clear();
  last_known_ = topic;
  known_.insert(std::move(topic));
}

void TopicCreator::ensure(std::string_view name) {
  if (knows(name)) return;
  std::string topic(name);
  logger().info("The task will send records to topic '{}' for the first time. Checking whether "
                "topic exists", topic);
  if (exists(topic)) {
    logger().info("Topic '{}' already exists.", topic);
  } else {
    create(topic);
  }
  remember(std::move(topic));
}

bool TopicCreator::exists(const std::string& topic) {
  try {
    return !admin_->describe_topics(std::span(&topic, 1), kTopicTimeout).empty();
  } catch (const Error& error) {
    if (error.retriable()) {
      std::throw_with_nested(
          RetriableException("Timed out while describing topics '" + topic + "'"));
    }
    std::throw_with_nested(ConnectException(
        error.kind() == ErrorKind::Authorization
            ? "Not authorized to describe topic(s) '" + topic + "'"
            : "Error while attempting to describe topics '" + topic + "'"));
  }
}

const TopicCreationGroup& TopicCreator::group_of(const std::string& topic) const {
  for (const TopicCreationGroup& group : groups_) {
    if (group.matches(topic)) return group;
  }
  return groups_.back();
}

void TopicCreator::create(const std::string& topic) {
  logger().info("Creating topic '{}'", topic);
  const TopicCreationGroup& group = group_of(topic);
  logger().debug("Topic '{}' matched topic creation group: {}", topic, group.to_string());
  const NewTopic wanted{topic, group.partitions, group.replication_factor, group.topic_config};
  if (try_create(wanted)) {
    logger().info("Created topic '{}' using creation group {}", topic_text(wanted),
                  group.to_string());
  } else {
    logger().info("Found existing topic '{}'", topic);
  }
}

bool TopicCreator::try_create(const NewTopic& topic) {
  try {
    return admin_->create_topic(topic, kTopicTimeout);
  } catch (const Error& error) {
    std::string message = "Error while attempting to create/find topic(s) '" + topic.name + "'";
    if (error.kind() == ErrorKind::Authorization || error.kind() == ErrorKind::Unsupported) {
      logger().warn("Request to create new topic '{}' failed", topic.name);
      message = "Task failed to create new topic " + topic_text(topic) +
                ". Ensure that the task is authorized to create topics or that the topic exists "
                "and restart the task";
    } else if (error.kind() == ErrorKind::Config) {
      message = "Unable to create topic(s) '" + topic.name + "': " + error.what();
    } else if (error.retriable()) {
      message = "Timed out while checking for or creating topic(s) '" + topic.name +
                "'. This could indicate a connectivity issue, unavailable topic partitions, or if "
                "this is your first use of the topic it may have taken too long to create.";
    }
    std::throw_with_nested(ConnectException(message));
  }
}

}  // namespace millrace
