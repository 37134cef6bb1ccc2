#pragma once
// The worker's own properties (connect-configs.md §4), one row per key. Clients, converters and the
// REST server have rows of their own; the program composes them (runtime/cli/standalone_config.h).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"

namespace millrace {

/// Keys of both modes.
struct WorkerOptions {
  std::vector<std::string> bootstrap_servers = {"localhost:9092"};
  std::string client_dns_lookup = "use_all_dns_ips";
  std::string key_converter;
  std::optional<std::string> key_converter_plugin_version;
  std::string value_converter;
  std::optional<std::string> value_converter_plugin_version;
  int64_t task_shutdown_graceful_timeout_ms = 5'000;
  int64_t offset_flush_interval_ms = 60'000;
  int64_t offset_flush_timeout_ms = 5'000;
  std::optional<std::vector<std::string>> plugin_path;  // read it raw: variables do not apply
  std::string plugin_discovery = "hybrid_warn";
  int64_t metrics_sample_window_ms = 30'000;
  int32_t metrics_num_samples = 2;
  std::string metrics_recording_level = "INFO";
  std::string metrics_names = "jmx";  // millrace.metrics.names
  std::vector<std::string> metric_reporters = {"org.apache.kafka.common.metrics.JmxReporter"};
  std::string header_converter = "org.apache.kafka.connect.storage.SimpleHeaderConverter";
  std::optional<std::string> header_converter_plugin_version;
  std::vector<std::string> config_providers;
  std::string connector_client_config_override_policy = "All";
  bool topic_creation_enable = true;
  bool topic_tracking_enable = true;
  bool topic_tracking_allow_reset = true;
  int32_t source_max_in_flight_batches = 32;  // millrace.source.max.in.flight.batches

  static const ConfigDef<WorkerOptions>& def();
};

/// Keys of standalone mode only.
struct StandaloneOptions {
  std::string offset_storage_file_filename;
  std::optional<std::string> embedded_log_dir;  // set: no broker, bootstrap.servers is unused

  static const ConfigDef<StandaloneOptions>& def();
};

}  // namespace millrace
