#include "runtime/storage/internal_topic.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kPolicy = "cleanup.policy";
constexpr const char* kCompact = "compact";

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.util.TopicAdmin");
  return instance;
}

void wait_or_throw(Millis time, const std::stop_token& stop) {
  if (!wait_unless_stopped(time, stop)) throw ConnectException("the worker is stopping");
}

/// A cluster that is starting has not all its brokers yet, so the factor may be right later.
bool may_create_later(const Error& error) {
  return error.retriable() ||
         std::string_view(error.what()).find("INVALID_REPLICATION_FACTOR") != std::string::npos;
}

/// True when this call made it.
bool create(BrokerAdmin& admin, const InternalTopic& topic, const InternalTopicLimits& limits,
            const std::stop_token& stop) {
  NewTopic wanted{topic.name, topic.partitions, topic.replication_factor, topic.settings};
  wanted.config[kPolicy] = kCompact;
  const auto deadline = Clock::now() + limits.create;
  while (true) {
    try {
      return admin.create_topic(wanted, std::min(limits.create, InternalTopicLimits::kCall));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Authorization) {
        logger().debug("Not authorized to create topic {}; it is assumed to exist", topic.name);
        return false;
      }
      if (!may_create_later(error) || Clock::now() + limits.retry_wait >= deadline) {
        std::throw_with_nested(ConnectException("Error while attempting to create/find " +
                                                topic.label() + ": check bootstrap.servers and " +
                                                "the settings with the same prefix"));
      }
      logger().debug("{} creation failed due to '{}', retrying", topic.label(), error.what());
    }
    wait_or_throw(limits.retry_wait, stop);
  }
}

std::string policy_text(const std::string& found, const InternalTopic& topic) {
  const std::string wanted = std::string(kPolicy) + "=" + kCompact;
  return "Topic '" + topic.name + "' supplied via the '" + topic.property +
         "' property is required to have '" + wanted +
         "' to guarantee consistency and durability of " + topic.purpose +
         ", but found the topic currently has '" + kPolicy + "=" + found +
         "'. Continuing would likely result in eventually losing " + topic.purpose +
         " and problems restarting this Connect cluster in the future. Change the '" +
         topic.property + "' property in the Connect worker configurations to use a topic with '" +
         wanted + "'.";
}

void check_policy(BrokerAdmin& admin, const InternalTopic& topic) {
  std::optional<Properties> config;
  std::string reason = "the topic is not known to the brokers";
  try {
    config = admin.topic_config(topic.name, InternalTopicLimits::kCall);
  } catch (const Error& error) {
    // Whoever may not look at the setting goes on without, as in Kafka.
    if (error.kind() != ErrorKind::Authorization) throw;
    reason = error.what();
  }
  const std::string* policy = config ? find(*config, kPolicy) : nullptr;
  if (policy == nullptr) {
    logger().info("Unable to verify that the cleanup policy of '{}' is '{}': {}", topic.name,
                  kCompact, reason);
    return;
  }
  std::set<std::string> found;
  for (const std::string& one : split_list(policy)) {
    if (!one.empty()) found.insert(one);
  }
  if (found == std::set<std::string>{kCompact}) return;
  const std::vector<std::string> names(found.begin(), found.end());
  throw ConfigException(policy_text(join(names, ","), topic));
}

int32_t count_partitions(BrokerAdmin& admin, const InternalTopic& topic,
                         const InternalTopicLimits& limits, const std::stop_token& stop) {
  constexpr Millis kFirstWait{100};
  constexpr Millis kLongestWait{1'000};
  const auto deadline = Clock::now() + limits.partitions;
  Millis wait = kFirstWait;
  std::string reason = "the brokers do not know it";
  do {
    try {
      const auto known =
          admin.describe_topics(std::span(&topic.name, 1), InternalTopicLimits::kCall);
      if (!known.empty() && known.begin()->second > 0) return known.begin()->second;
    } catch (const Error& error) {
      if (!error.retriable()) throw;
      reason = error.what();
    }
    wait_or_throw(wait, stop);
    wait = std::min(wait * 2, kLongestWait);
  } while (Clock::now() < deadline);
  throw ConnectException("Could not look up partition metadata of " + topic.label() +
                         " in allotted period. This could indicate a connectivity issue, "
                         "unavailable topic partitions, or if this is your first use of the topic "
                         "it may have taken too long to create: " + reason);
}

}  // namespace

bool wait_unless_stopped(Millis time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

int32_t prepare_topic(BrokerAdmin& admin, const InternalTopic& topic,
                      const InternalTopicLimits& limits, const std::stop_token& stop) {
  if (!create(admin, topic, limits, stop)) check_policy(admin, topic);
  const int32_t partitions = count_partitions(admin, topic, limits, stop);
  if (topic.needs_single_partition && partitions > 1) {
    throw ConfigException("Topic '" + topic.name + "' supplied via the '" + topic.property +
                          "' property is required to have a single partition in order to guarantee "
                          "consistency of " + topic.purpose + ", but found " +
                          std::to_string(partitions) + " partitions.");
  }
  return partitions;
}

}  // namespace millrace
