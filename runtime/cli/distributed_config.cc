#include "runtime/cli/distributed_config.h"

#include "millrace/text.h"
#include "runtime/cli/worker_file.h"

namespace millrace {

const ConfigDef<GroupSettings>& GroupSettings::def() {
  using S = GroupSettings;
  static const ConfigDef<S> rows = [] {
    ConfigDef<S> d;
    const auto low = Importance::Low;
    const auto medium = Importance::Medium;
    const auto high = Importance::High;
    d.required(&S::group_id, {.name = "group.id",
                              .importance = high,
                              .doc = "Name of the group of workers this one belongs to."});
    d.optional(&S::session_timeout_ms,
               {.name = "session.timeout.ms",
                .importance = high,
                .doc = "Time without heartbeats after which the others take over the work."});
    d.optional(&S::heartbeat_interval_ms,
               {.name = "heartbeat.interval.ms",
                .importance = high,
                .doc = "Longest time between heartbeats; below the session timeout."});
    d.optional(&S::heartbeat_max_interval_ms,
               {.name = "millrace.heartbeat.max.interval.ms",
                .importance = low,
                .doc = "Heartbeats come at least this often, whatever heartbeat.interval.ms says: a "
                       "worker learns with one that another has left.",
                .validator = at_least(1)});
    d.optional(&S::rebalance_timeout_ms,
               {.name = "rebalance.timeout.ms",
                .importance = high,
                .doc = "Time that workers have to join a round of the group."});
    d.optional(&S::exactly_once_source_support,
               {.name = "exactly.once.source.support",
                .importance = high,
                .doc = "Whether source connectors may write in transactions.",
                .validator = one_of_ignoring_case({"DISABLED", "PREPARING", "ENABLED"})});
    d.optional(&S::connect_protocol,
               {.name = "connect.protocol",
                .importance = low,
                .doc = "Newest protocol of the group this worker speaks.",
                .validator = one_of_ignoring_case({"EAGER", "COMPATIBLE", "SESSIONED"})});
    d.optional(&S::scheduled_rebalance_max_delay_ms,
               {.name = "scheduled.rebalance.max.delay.ms",
                .importance = low,
                .doc = "Longest wait for a worker that went away before its work goes to others.",
                .validator = at_least(0)});
    d.optional(&S::worker_sync_timeout_ms,
               {.name = "worker.sync.timeout.ms",
                .importance = medium,
                .doc = "Longest time to read the config topic before a round is repeated."});
    d.optional(&S::worker_unsync_backoff_ms,
               {.name = "worker.unsync.backoff.ms",
                .importance = medium,
                .doc = "Wait of a worker that could not read the config topic; accepted, and "
                       "without effect here: a worker tries again as soon as it can."});
    d.optional(&S::client_id,
               {.name = "client.id", .importance = low, .doc = "Name of the clients at brokers."});
    d.optional(&S::metadata_max_age_ms, {.name = "metadata.max.age.ms",
                                         .importance = low,
                                         .doc = "Age at which facts about the cluster are asked "
                                                "for again.",
                                         .validator = at_least(0)});
    d.optional(&S::metadata_recovery_strategy,
               {.name = "metadata.recovery.strategy",
                .importance = low,
                .doc = "What to do when no known broker answers.",
                .validator = one_of_ignoring_case({"NONE", "REBOOTSTRAP"})});
    d.optional(&S::metadata_recovery_rebootstrap_trigger_ms,
               {.name = "metadata.recovery.rebootstrap.trigger.ms",
                .importance = low,
                .doc = "Time without an answer after which bootstrap.servers are asked again.",
                .validator = at_least(0)});
    d.optional(&S::send_buffer_bytes, {.name = "send.buffer.bytes",
                                       .importance = medium,
                                       .doc = "Send buffer of connections; -1: the system's.",
                                       .validator = at_least(-1)});
    d.optional(&S::receive_buffer_bytes, {.name = "receive.buffer.bytes",
                                          .importance = medium,
                                          .doc = "Receive buffer of connections; -1: the system's.",
                                          .validator = at_least(-1)});
    d.optional(&S::reconnect_backoff_ms, {.name = "reconnect.backoff.ms",
                                          .importance = low,
                                          .doc = "First wait before connecting again.",
                                          .validator = at_least(0)});
    d.optional(&S::reconnect_backoff_max_ms, {.name = "reconnect.backoff.max.ms",
                                              .importance = low,
                                              .doc = "Longest wait before connecting again.",
                                              .validator = at_least(0)});
    d.optional(&S::retry_backoff_ms, {.name = "retry.backoff.ms",
                                      .importance = low,
                                      .doc = "First wait before a request is sent again.",
                                      .validator = at_least(0)});
    d.optional(&S::retry_backoff_max_ms, {.name = "retry.backoff.max.ms",
                                          .importance = low,
                                          .doc = "Longest wait before a request is sent again.",
                                          .validator = at_least(0)});
    d.optional(&S::socket_connection_setup_timeout_ms,
               {.name = "socket.connection.setup.timeout.ms",
                .importance = low,
                .doc = "Time to connect at the first attempt.",
                .validator = at_least(0)});
    d.optional(&S::socket_connection_setup_timeout_max_ms,
               {.name = "socket.connection.setup.timeout.max.ms",
                .importance = low,
                .doc = "Time to connect after many attempts.",
                .validator = at_least(0)});
    d.optional(&S::request_timeout_ms, {.name = "request.timeout.ms",
                                        .importance = medium,
                                        .doc = "Longest wait for an answer.",
                                        .validator = at_least(0)});
    d.optional(&S::connections_max_idle_ms, {.name = "connections.max.idle.ms",
                                             .importance = medium,
                                             .doc = "Connections without use are closed after it."});
    d.optional(&S::security_protocol,
               {.name = "security.protocol",
                .importance = medium,
                .doc = "How connections to brokers are secured.",
                .validator =
                    one_of_ignoring_case({"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"})});
    d.optional(&S::task_stall_timeout_ms,
               {.name = "millrace.task.stall.timeout.ms",
                .importance = low,
                .doc = "A task that has been inside one call of its connector for so long is shown "
                       "as stalled by its status and by GET /health; 0: never.",
                .validator = at_least(0)});
    return d;
  }();
  return rows;
}

const ConfigDefinition& DistributedConfig::definition() {
  static const ConfigDefinition all = [] {
    ConfigDefinition definition;
    definition.add_missing(WorkerOptions::def().definition());
    definition.add_missing(rest::tls_config_def().definition());
    definition.add_missing(rest::rest_config_def().definition());
    definition.add_missing(GroupSettings::def().definition());
    definition.add_missing(InternalTopicOptions::def().definition());
    definition.add_missing(inter_worker_config_def().definition());
    definition.add_missing(AutoRestartOptions::def().definition());
    return definition;
  }();
  return all;
}

DistributedConfig DistributedConfig::load(const Properties& properties) {
  DistributedConfig config;
  config.worker = WorkerOptions::def().parse(properties);
  config.rest = rest::parse_rest_config(properties);
  config.group = GroupSettings::def().parse(properties);
  config.topics = InternalTopicOptions::def().parse(properties);
  config.inter_worker = parse_inter_worker_config(properties);
  config.auto_restart = AutoRestartOptions::def().parse(properties);
  if (config.group.heartbeat_interval_ms >= config.group.session_timeout_ms) {
    throw ConfigException("heartbeat.interval.ms is " +
                          std::to_string(config.group.heartbeat_interval_ms) +
                          " and must be below session.timeout.ms, which is " +
                          std::to_string(config.group.session_timeout_ms));
  }
  if (to_lower(config.group.exactly_once_source_support) == "enabled") {
    throw ConfigException(
        "exactly.once.source.support=enabled: this worker does not write source records in "
        "transactions yet, and would deliver them twice in silence after a failure; use "
        "\"disabled\" or \"preparing\", or keep Java workers for exactly-once sources");
  }
  log_worker_file("org.apache.kafka.connect.runtime.distributed.DistributedConfig", definition(),
                  properties);
  return config;
}

}  // namespace millrace
