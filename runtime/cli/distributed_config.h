#pragma once
// The whole configuration of a distributed worker: the rows of its parts, in the order in which Kafka
// checks them (connect-configs.md §4).

#include <optional>
#include <string>

#include "millrace/config_def.h"
#include "runtime/herder/auto_restart.h"
#include "runtime/herder/inter_worker_config.h"
#include "runtime/rest/rest_config.h"
#include "runtime/storage/internal_topics.h"
#include "runtime/worker/worker_config.h"

namespace millrace {

/// Keys of distributed mode that are no other part's.
struct GroupSettings {
  std::string group_id;
  int32_t session_timeout_ms = 10'000;
  int32_t heartbeat_interval_ms = 3'000;
  int32_t heartbeat_max_interval_ms = 200;  // millrace.heartbeat.max.interval.ms
  int32_t rebalance_timeout_ms = 60'000;
  std::string exactly_once_source_support = "disabled";
  std::string connect_protocol = "sessioned";
  int32_t scheduled_rebalance_max_delay_ms = 300'000;
  int32_t worker_sync_timeout_ms = 3'000;
  int32_t worker_unsync_backoff_ms = 300'000;
  std::string client_id;
  int64_t metadata_max_age_ms = 300'000;
  std::string metadata_recovery_strategy = "rebootstrap";
  int64_t metadata_recovery_rebootstrap_trigger_ms = 300'000;
  int32_t send_buffer_bytes = 131'072;
  int32_t receive_buffer_bytes = 32'768;
  int64_t reconnect_backoff_ms = 50;
  int64_t reconnect_backoff_max_ms = 1'000;
  int64_t retry_backoff_ms = 100;
  int64_t retry_backoff_max_ms = 1'000;
  int64_t socket_connection_setup_timeout_ms = 10'000;
  int64_t socket_connection_setup_timeout_max_ms = 30'000;
  int32_t request_timeout_ms = 40'000;
  int64_t connections_max_idle_ms = 540'000;
  std::string security_protocol = "PLAINTEXT";
  int64_t task_stall_timeout_ms = 0;  // millrace.task.stall.timeout.ms

  static const ConfigDef<GroupSettings>& def();
};

/// A distributed worker's configuration.
struct DistributedConfig {
  WorkerOptions worker;
  rest::RestConfig rest;
  GroupSettings group;
  InternalTopicOptions topics;
  InterWorkerConfig inter_worker;
  AutoRestartOptions auto_restart;

  /// All keys, in the order in which they are checked.
  static const ConfigDefinition& definition();
  /// `properties` have their variables resolved. Throws ConfigException for the first bad key.
  /// Logs the values (secrets hidden) and suggestions for keys that look misspelt.
  static DistributedConfig load(const Properties& properties);
};

}  // namespace millrace
