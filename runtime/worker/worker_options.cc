#include "runtime/worker/worker_config.h"

namespace millrace {

const ConfigDef<WorkerOptions>& WorkerOptions::def() {
  static const auto rows =
      ConfigDef<WorkerOptions>{}
          .optional(
              &WorkerOptions::bootstrap_servers,
              {.name = "bootstrap.servers",
               .importance = Importance::High,
               .doc = "Brokers to contact first, as host:port; unused with embedded.log.dir."})
          .optional(&WorkerOptions::client_dns_lookup,
                    {.name = "client.dns.lookup",
                     .importance = Importance::Medium,
                     .doc = "How clients use several addresses of one broker name.",
                     .validator =
                         one_of({"use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"})})
          .required(&WorkerOptions::key_converter,
                    {.name = "key.converter",
                     .importance = Importance::High,
                     .doc = "Class that translates record keys, unless a connector sets its own.",
                     .type = ConfigType::Class})
          .optional(
              &WorkerOptions::key_converter_plugin_version,
              {.name = "key.converter.plugin.version",
               .importance = Importance::Low,
               .doc = "Version of the key converter, or a range of versions; null is the newest."})
          .required(&WorkerOptions::value_converter,
                    {.name = "value.converter",
                     .importance = Importance::High,
                     .doc = "Class that translates record values, unless a connector sets its own.",
                     .type = ConfigType::Class})
          .optional(
              &WorkerOptions::value_converter_plugin_version,
              {.name = "value.converter.plugin.version",
               .importance = Importance::Low,
               .doc =
                   "Version of the value converter, or a range of versions; null is the newest."})
          .optional(&WorkerOptions::task_shutdown_graceful_timeout_ms,
                    {.name = "task.shutdown.graceful.timeout.ms",
                     .importance = Importance::Low,
                     .doc = "Time for all tasks together to stop, in milliseconds; what is left is "
                            "abandoned."})
          .optional(&WorkerOptions::offset_flush_interval_ms,
                    {.name = "offset.flush.interval.ms",
                     .importance = Importance::Low,
                     .doc = "Time between commits of offsets, in milliseconds."})
          .optional(&WorkerOptions::offset_flush_timeout_ms,
                    {.name = "offset.flush.timeout.ms",
                     .importance = Importance::Low,
                     .doc = "Longest wait for records and offsets to be stored in one commit, in "
                            "milliseconds."})
          .optional(&WorkerOptions::plugin_path,
                    {.name = "plugin.path",
                     .importance = Importance::Low,
                     .doc = "Folders with plugins; variables are not replaced here."})
          .optional(
              &WorkerOptions::plugin_discovery,
              {.name = "plugin.discovery",
               .importance = Importance::Low,
               .doc = "How Java workers search for plugins; accepted and without effect here.",
               .validator = one_of_ignoring_case(
                   {"only_scan", "service_load", "hybrid_warn", "hybrid_fail"})})
          .optional(&WorkerOptions::metrics_sample_window_ms,
                    {.name = "metrics.sample.window.ms",
                     .importance = Importance::Low,
                     .doc = "Length of one sample of a metric, in milliseconds. Rates, averages, "
                            "maxima and percentages look back metrics.num.samples of these.",
                     .validator = at_least(0)})
          .optional(&WorkerOptions::metrics_num_samples,
                    {.name = "metrics.num.samples",
                     .importance = Importance::Low,
                     .doc = "Samples kept per metric; more than 1000 count as 1000.",
                     .validator = at_least(1)})
          .optional(&WorkerOptions::metrics_recording_level,
                    {.name = "metrics.recording.level",
                     .importance = Importance::Low,
                     .doc = "Most detailed metrics that are recorded; all metrics here are INFO.",
                     .validator = one_of({"INFO", "DEBUG"})})
          .optional(&WorkerOptions::metrics_names,
                    {.name = "millrace.metrics.names",
                     .importance = Importance::Low,
                     .doc = "Names of Kafka's metrics on GET /metrics: jmx, as the Prometheus JMX "
                            "exporter makes them without rules, or strimzi, as with the rules of "
                            "Strimzi's examples.",
                     .validator = one_of({"jmx", "strimzi"})})
          .optional(&WorkerOptions::metric_reporters,
                    {.name = "metric.reporters",
                     .importance = Importance::Low,
                     .doc = "Java classes that report metrics; accepted and without effect here."})
          .optional(
              &WorkerOptions::header_converter,
              {.name = "header.converter",
               .importance = Importance::Low,
               .doc = "Class that translates record headers, unless a connector sets its own.",
               .type = ConfigType::Class})
          .optional(
              &WorkerOptions::header_converter_plugin_version,
              {.name = "header.converter.plugin.version",
               .importance = Importance::Low,
               .doc =
                   "Version of the header converter, or a range of versions; null is the newest."})
          .optional(&WorkerOptions::config_providers,
                    {.name = "config.providers",
                     .importance = Importance::Low,
                     .doc = "Names of the providers that variables in configurations may use."})
          .optional(
              &WorkerOptions::connector_client_config_override_policy,
              {.name = "connector.client.config.override.policy",
               .importance = Importance::Medium,
               .doc = "Which client settings connectors may override: All, None or Principal."})
          .optional(
              &WorkerOptions::topic_creation_enable,
              {.name = "topic.creation.enable",
               .importance = Importance::Low,
               .doc = "Whether source connectors with topic.creation settings may create topics."})
          .optional(&WorkerOptions::topic_tracking_enable,
                    {.name = "topic.tracking.enable",
                     .importance = Importance::Low,
                     .doc = "Whether the topics each connector uses are remembered."})
          .optional(&WorkerOptions::topic_tracking_allow_reset,
                    {.name = "topic.tracking.allow.reset",
                     .importance = Importance::Low,
                     .doc = "Whether the remembered topics may be reset on request."})
          .optional(&WorkerOptions::source_max_in_flight_batches,
                    {.name = "millrace.source.max.in.flight.batches",
                     .importance = Importance::Low,
                     .doc = "Batches of one source task that may wait for acknowledgement.",
                     .validator = at_least(1)});
  return rows;
}

const ConfigDef<StandaloneOptions>& StandaloneOptions::def() {
  static const auto rows =
      ConfigDef<StandaloneOptions>{}
          .required(&StandaloneOptions::offset_storage_file_filename,
                    {.name = "offset.storage.file.filename",
                     .importance = Importance::High,
                     .doc = "File that keeps the offsets of source connectors."})
          .optional(&StandaloneOptions::embedded_log_dir,
                    {.name = "embedded.log.dir",
                     .importance = Importance::High,
                     .doc = "Folder of the embedded log; when set, no broker is used."});
  return rows;
}

}  // namespace millrace
