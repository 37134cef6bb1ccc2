#pragma once
// Settings of signed requests between workers (connect-configs.md §4.2, connect-cluster.md §4.2) and
// the keys made by them. The configuration of the distributed worker includes these rows.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"
#include "runtime/storage/config_snapshot.h"

namespace millrace {

struct InterWorkerConfig {
  std::string key_generation_algorithm = "HmacSHA256";
  std::optional<int32_t> key_size;  // bits; unset: the algorithm's own
  int32_t key_ttl_ms = 3'600'000;   // 0: a key does not expire
  std::string signature_algorithm = "HmacSHA256";
  std::vector<std::string> verification_algorithms = {"HmacSHA256"};
};

const ConfigDef<InterWorkerConfig>& inter_worker_config_def();

/// Throws ConfigException in Kafka's words, also for settings that do not fit together.
InterWorkerConfig parse_inter_worker_config(const Properties& properties);

/// A key from OpenSSL's random source. `now_ms` since the epoch.
SessionKey make_session_key(const InterWorkerConfig& config, int64_t now_ms);
/// Whether `key` is of the kind and length that make_session_key() gives; the leader replaces one
/// that is not.
bool fits(const SessionKey& key, const InterWorkerConfig& config);

}  // namespace millrace
