#include "runtime/worker/worker_config.h"

#include <map>

namespace millrace {
namespace {

using C = StandaloneConfig;

void add_kafka_keys(ConfigDef<C>& def) {
  def.optional(&C::bootstrap_servers, {.name = "bootstrap.servers",
                                       .importance = Importance::High,
                                       .doc = "Brokers to connect to first, host:port."})
      .optional(&C::client_dns_lookup,
                {.name = "client.dns.lookup",
                 .doc = "How the client uses DNS.",
                 .validator = one_of({"use_all_dns_ips",
                                      "resolve_canonical_bootstrap_servers_only"})})
      .required(&C::key_converter, {.name = "key.converter",
                                    .importance = Importance::High,
                                    .doc = "Converter class for keys.",
                                    .type = ConfigType::Class})
      .required(&C::value_converter, {.name = "value.converter",
                                      .importance = Importance::High,
                                      .doc = "Converter class for values.",
                                      .type = ConfigType::Class})
      .optional(&C::header_converter, {.name = "header.converter",
                                       .importance = Importance::Low,
                                       .doc = "Converter class for headers.",
                                       .type = ConfigType::Class})
      .optional(&C::graceful_shutdown_ms,
                {.name = "task.shutdown.graceful.timeout.ms",
                 .importance = Importance::Low,
                 .doc = "Time for all stopping tasks together; then they are abandoned."})
      .optional(&C::offset_flush_interval_ms,
                {.name = "offset.flush.interval.ms",
                 .importance = Importance::Low,
                 .doc = "Interval of offset commits."})
      .optional(&C::offset_flush_timeout_ms,
                {.name = "offset.flush.timeout.ms",
                 .importance = Importance::Low,
                 .doc = "Time for one offset commit; then it is cancelled and tried again later."});
}

void add_plugin_keys(ConfigDef<C>& def) {
  def.optional(&C::plugin_path, {.name = "plugin.path",
                                 .importance = Importance::Low,
                                 .doc = "Folders with plugins, comma-separated."})
      .optional(&C::plugin_discovery,
                {.name = "plugin.discovery",
                 .importance = Importance::Low,
                 .doc = "Accepted and without effect: plugins are found by file name.",
                 .validator = one_of_ignoring_case(
                     {"only_scan", "hybrid_warn", "hybrid_fail", "service_load"})})
      .optional(&C::config_providers, {.name = "config.providers",
                                       .importance = Importance::Low,
                                       .doc = "Names of config providers."})
      .optional(&C::override_policy,
                {.name = "connector.client.config.override.policy",
                 .doc = "Which client settings connectors may override: All, None or Principal."});
}

void add_feature_keys(ConfigDef<C>& def) {
  def.optional(&C::topic_creation_enable,
               {.name = "topic.creation.enable",
                .importance = Importance::Low,
                .doc = "Whether source connectors may create topics by topic.creation.* rules."})
      .optional(&C::topic_tracking_enable, {.name = "topic.tracking.enable",
                                            .importance = Importance::Low,
                                            .doc = "Whether active topics are tracked."})
      .optional(&C::topic_tracking_allow_reset,
                {.name = "topic.tracking.allow.reset",
                 .importance = Importance::Low,
                 .doc = "Whether active topics may be reset over REST."})
      .optional(&C::metric_reporters, {.name = "metric.reporters",
                                       .importance = Importance::Low,
                                       .doc = "Accepted and without effect."})
      .optional(&C::metrics_window_ms, {.name = "metrics.sample.window.ms",
                                        .importance = Importance::Low,
                                        .doc = "Length of a metrics sample.",
                                        .validator = at_least(0)})
      .optional(&C::metrics_samples, {.name = "metrics.num.samples",
                                      .importance = Importance::Low,
                                      .doc = "Samples kept for windowed metrics.",
                                      .validator = at_least(1)})
      .optional(&C::metrics_level, {.name = "metrics.recording.level",
                                    .importance = Importance::Low,
                                    .doc = "Highest recording level.",
                                    .validator = one_of({"INFO", "DEBUG"})});
}

}  // namespace

const ConfigDef<StandaloneConfig>& StandaloneConfig::def() {
  static const auto def = [] {
    ConfigDef<C> rows;
    add_kafka_keys(rows);
    add_plugin_keys(rows);
    add_feature_keys(rows);
    rows.required(&C::offset_file, {.name = "offset.storage.file.filename",
                                    .importance = Importance::High,
                                    .doc = "File the offsets of source connectors are kept in."})
        .optional(&C::embedded_log_dir,
                  {.name = "embedded.log.dir",
                   .importance = Importance::Low,
                   .doc = "Folder of the embedded log; set, it takes the place of a Kafka cluster."})
        .optional(&C::max_in_flight_batches,
                  {.name = "millrace.source.max.in.flight.batches",
                   .importance = Importance::Low,
                   .doc = "Most polled batches of a source task that wait for acknowledgement.",
                   .validator = between(1, 10'000)});
    return rows;
  }();
  return def;
}

WorkerLimits StandaloneConfig::limits() const {
  return {Millis{offset_flush_interval_ms}, Millis{offset_flush_timeout_ms},
          Millis{graceful_shutdown_ms}, static_cast<size_t>(max_in_flight_batches)};
}

std::string config_values_text(std::string_view name, const ConfigDefinition& definition,
                               const Properties& properties) {
  std::map<std::string, std::string> lines;
  for (const ConfigKeyResult& result : definition.validate(properties)) {
    const auto text = config_value_text(result.value);
    const auto* list = std::get_if<std::vector<std::string>>(&result.value);
    std::string shown = text.value_or("null");
    if (list != nullptr) {
      shown = "[";
      for (const std::string& element : *list) shown += (shown.size() > 1 ? ", " : "") + element;
      shown += ']';
    }
    lines.emplace(result.name, std::move(shown));
  }
  std::string text = std::string(name) + " values: ";
  for (const auto& [key, value] : lines) text += "\n\t" + key + " = " + value;
  return text;
}

}  // namespace millrace
