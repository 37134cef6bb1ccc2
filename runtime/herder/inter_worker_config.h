#pragma once
// Settings of signed requests between workers (connect-configs.md §4.2, connect-cluster.md §4.2).
// The configuration of the distributed worker includes these rows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"

namespace millrace {

struct InterWorkerConfig {
  std::string key_generation_algorithm = "HmacSHA256";  // as the JDK spells it
  std::optional<int32_t> key_size;  // bits; unset: the algorithm's own
  int32_t key_ttl_ms = 3'600'000;   // 0: a key does not expire
  std::string signature_algorithm = "HmacSHA256";
  std::vector<std::string> verification_algorithms = {"HmacSHA256"};
};

const ConfigDef<InterWorkerConfig>& inter_worker_config_def();

/// Throws ConfigException in Kafka's words, also for settings that do not fit together.
InterWorkerConfig parse_inter_worker_config(const Properties& properties);

/// Length of a session key as the JDK makes it for these settings.
size_t session_key_bytes(const InterWorkerConfig& config);

}  // namespace millrace
