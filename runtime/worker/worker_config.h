#pragma once
// Worker properties of a standalone worker (connect-configs.md §4, §4.1). REST keys are in
// runtime/rest, client keys pass through to the clients.

#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"
#include "runtime/worker/services.h"

namespace millrace {

struct StandaloneConfig {
  std::vector<std::string> bootstrap_servers{"localhost:9092"};
  std::string key_converter;
  std::string value_converter;
  std::string header_converter = "org.apache.kafka.connect.storage.SimpleHeaderConverter";
  std::string offset_file;
  int64_t graceful_shutdown_ms = 5'000;
  int64_t offset_flush_interval_ms = 60'000;
  int64_t offset_flush_timeout_ms = 5'000;
  std::optional<std::string> plugin_path;
  std::string plugin_discovery = "hybrid_warn";
  std::vector<std::string> config_providers;
  std::string override_policy = "All";
  bool topic_creation_enable = true;
  bool topic_tracking_enable = true;
  bool topic_tracking_allow_reset = true;
  std::string client_dns_lookup = "use_all_dns_ips";
  std::vector<std::string> metric_reporters{"org.apache.kafka.common.metrics.JmxReporter"};
  int64_t metrics_window_ms = 30'000;
  int32_t metrics_samples = 2;
  std::string metrics_level = "INFO";
  // Extensions of this worker.
  std::optional<std::string> embedded_log_dir;
  int32_t max_in_flight_batches = 32;

  static const ConfigDef<StandaloneConfig>& def();
  WorkerLimits limits() const;
};

/// `NAME values: ` and one `<TAB>key = value` line per known key, sorted, as Kafka logs it.
/// Passwords are hidden.
std::string config_values_text(std::string_view name, const ConfigDefinition& definition,
                               const Properties& properties);

}  // namespace millrace
