#pragma once
// A topic of the worker's own: making it, and checking one that is there (connect-cluster.md §1.1).

#include <cstdint>
#include <stop_token>
#include <string>

#include "runtime/broker/broker.h"

namespace millrace {

/// What the worker wants of one of its topics.
struct InternalTopic {
  std::string name;
  std::string property;  // that named it: `config.storage.topic`
  std::string purpose;   // `connector configurations`, as Kafka's messages say
  int32_t partitions = 1;             // of a new topic; -1: the broker's default
  int16_t replication_factor = 3;     // as above
  Properties settings = {};           // of a new topic, beside cleanup.policy=compact
  bool needs_single_partition = false;

  /// ` topic NAME (PROPERTY)`, for messages.
  std::string label() const { return "topic " + name + " (" + property + ")"; }
};

/// How long things are tried.
struct InternalTopicLimits {
  Millis create{60'000};          // default.api.timeout.ms
  Millis retry_wait{100};         // retry.backoff.ms
  Millis partitions{30'000};      // until the brokers tell a new topic's partitions
  Millis first_ends{900'000};     // until the end of the topic is known at the start

  /// Of one call of the cluster, so that a stop need not wait longer; it is repeated within the
  /// limits above.
  static constexpr Millis kCall{3'000};
};

/// Makes the topic unless it is there, checks it otherwise, and returns its partitions. Throws
/// ConfigException for a topic that must not be used, else ConnectException, and also when a stop
/// is asked. Blocks; any thread.
int32_t prepare_topic(BrokerAdmin& admin, const InternalTopic& topic,
                      const InternalTopicLimits& limits, const std::stop_token& stop);

/// Waits; false when a stop is asked before the time is over.
bool wait_unless_stopped(Millis time, const std::stop_token& stop);

}  // namespace millrace
