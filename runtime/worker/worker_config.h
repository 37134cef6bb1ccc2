#pragma once
// Worker properties (connect-configs.md §4): one row per key, typed structs, and what is logged
// when a file is loaded.

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

/// Keys of the REST server.
struct RestOptions {
  std::vector<std::string> listeners = {"http://:8083"};
  std::optional<std::string> advertised_host_name;
  std::optional<int32_t> advertised_port;
  std::optional<std::string> advertised_listener;
  std::string access_control_allow_origin;
  std::string access_control_allow_methods;
  std::string response_http_headers_config;
  std::string ssl_client_auth = "none";
  std::vector<std::string> extension_classes;
  std::optional<std::vector<std::string>> admin_listeners;  // null: the main ones; empty: off

  static const ConfigDef<RestOptions>& def();
};

/// `ssl.*` of the worker; also the shape of what stands behind `listeners.https.`.
struct TlsOptions {
  std::string protocol = "TLSv1.3";
  std::optional<std::string> provider;
  std::optional<std::vector<std::string>> cipher_suites;
  std::vector<std::string> enabled_protocols = {"TLSv1.2", "TLSv1.3"};
  std::string keystore_type = "JKS";
  std::optional<std::string> keystore_location;
  std::optional<Password> keystore_password;
  std::optional<Password> key_password;
  std::optional<Password> keystore_key;
  std::optional<Password> keystore_certificate_chain;
  std::optional<Password> truststore_certificates;
  std::string truststore_type = "JKS";
  std::optional<std::string> truststore_location;
  std::optional<Password> truststore_password;
  std::string keymanager_algorithm = "SunX509";
  std::string trustmanager_algorithm = "PKIX";
  std::string endpoint_identification_algorithm = "https";
  std::optional<std::string> secure_random_implementation;
  std::optional<std::string> engine_factory_class;

  static const ConfigDef<TlsOptions>& def();
};

/// Keys of standalone mode only.
struct StandaloneOptions {
  std::string offset_storage_file_filename;
  std::optional<std::string> embedded_log_dir;  // set: no broker, bootstrap.servers is unused

  static const ConfigDef<StandaloneOptions>& def();
};

/// A standalone worker's configuration.
struct StandaloneConfig {
  WorkerOptions worker;
  TlsOptions tls;
  RestOptions rest;
  StandaloneOptions standalone;
  Properties originals;  // as given, untrimmed; what clients and converters receive

  bool uses_embedded_log() const noexcept { return standalone.embedded_log_dir.has_value(); }

  /// All keys, in the order in which they are checked.
  static const ConfigDefinition& definition();
  /// `properties` have their variables resolved. Throws ConfigException for the first bad key.
  /// Logs the values (secrets hidden) and suggestions for keys that look misspelt.
  static StandaloneConfig load(const Properties& properties);
};

/// `NAME values: ` and one tab-indented line per key, sorted by key; secrets hidden.
std::string config_values_text(std::string_view name, const ConfigDefinition& definition,
                               const Properties& properties);

/// The known key `key` is most likely a misspelling of; nullopt when it is known, belongs to a
/// prefix or to a client, or resembles nothing.
std::optional<std::string> suggest_worker_key(std::string_view key);

}  // namespace millrace
