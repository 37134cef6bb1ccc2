#pragma once
// Settings of the embedded log, `embedded.log.*` in the worker file, and those of Kafka's topics
// and clients that mean something to it; it passes over the others.

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/config_def.h"

namespace millrace::embedded {

inline constexpr int32_t kMaxPartitions = 10'000;  // of one topic

struct EmbeddedOptions {
  std::string dir;
  int32_t partitions = 1;
  int64_t retention_ms = -1;
  int64_t retention_bytes = -1;
  int64_t retention_check_interval_ms = 60'000;
  int64_t append_timeout_ms = 120'000;
  int64_t memory_bytes = 32 * 1024 * 1024;
  int64_t queue_bytes = 32 * 1024 * 1024;

  static const ConfigDef<EmbeddedOptions>& def();
};

/// Settings of one topic.
struct EmbeddedTopicOptions {
  std::optional<int64_t> retention_ms;
  std::optional<int64_t> retention_bytes;
  std::string cleanup_policy = "delete";

  static const ConfigDef<EmbeddedTopicOptions>& def();
};

struct EmbeddedProducerOptions {
  int32_t max_request_size = 1'048'576;
  bool ignore_keys = false;

  static const ConfigDef<EmbeddedProducerOptions>& def();
};

struct EmbeddedConsumerOptions {
  std::string group_id;
  std::string reset_policy = "latest";
  int32_t max_poll_interval_ms = 300'000;

  static const ConfigDef<EmbeddedConsumerOptions>& def();
};

}  // namespace millrace::embedded
