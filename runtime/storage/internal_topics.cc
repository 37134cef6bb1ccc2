#include "runtime/storage/internal_topics.h"

#include <algorithm>

#include "millrace/text.h"
#include "runtime/broker/client_layers.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.distributed.DistributedConfig");
  return instance;
}

ConfigValidator positive_or_default(const char* what) {
  return {[what](const ConfigValue& value) -> std::string {
            const auto* number = std::get_if<int32_t>(&value);
            const auto* small = std::get_if<int16_t>(&value);
            const int32_t count = number != nullptr ? *number : small != nullptr ? *small : 1;
            if (count == -1 || count >= 1) return "";
            return std::string(what) + ", or -1 to use the broker's default";
          },
          std::string(what) + ", or -1 to use the broker's default"};
}

ConfigValidator partition_count() {
  return positive_or_default("Number of partitions must be positive");
}

ConfigValidator replication_factor() {
  return positive_or_default(
      "Replication factor must be positive and not larger than the number of brokers in the Kafka "
      "cluster");
}

/// What Kafka's stores say of a blank name.
const char* blank_text(InternalTopicKind kind) {
  if (kind == InternalTopicKind::Offset) return "Offset storage topic must be specified";
  return kind == InternalTopicKind::Config ? "Must specify topic for connector configuration."
                                           : "Must specify topic for connector status.";
}

const char* prefix_of(InternalTopicKind kind) {
  if (kind == InternalTopicKind::Offset) return "offset.storage.";
  return kind == InternalTopicKind::Config ? "config.storage." : "status.storage.";
}

Properties topic_settings(const Properties& worker, InternalTopicKind kind) {
  const std::string prefix = prefix_of(kind);
  Properties settings = with_prefix(worker, prefix);
  const std::string* partitions = find(settings, "partitions");
  if (kind == InternalTopicKind::Config && partitions != nullptr) {
    logger().warn("Ignoring '{}partitions={}' setting, since config topic partitions is always 1",
                  prefix, *partitions);
  }
  if (const std::string* policy = find(settings, "cleanup.policy")) {
    logger().warn("Ignoring '{}cleanup.policy={}' setting, since compaction is always used", prefix,
                  *policy);
  }
  for (const char* key : {"topic", "partitions", "replication.factor", "cleanup.policy"}) {
    settings.erase(key);
  }
  return settings;
}

bool is_exactly_once(const Properties& worker) {
  const std::string* support = find(worker, "exactly.once.source.support");
  if (support == nullptr) return false;
  std::string lower(java_trim(*support));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower == "enabled";
}

void force(Properties& config, const std::string& key, const std::string& value) {
  const std::string* given = find(config, key);
  if (given != nullptr && *given != value) {
    logger().warn("The value '{}' for the {} property will be ignored as it is not compatible with "
                  "exactly-once source support; using '{}'", *given, key, value);
  }
  config[key] = value;
}

Millis millis_or(const Properties& worker, const char* key, Millis fallback) {
  ConfigValue value;
  const std::string* text = find(worker, key);
  // A bad one is the client's to refuse, with its own words.
  ConfigKey row;
  row.name = key;
  row.type = ConfigType::Int;
  if (text == nullptr || !parse_config_value(row, text, value).empty()) return fallback;
  const auto* number = std::get_if<int32_t>(&value);
  return number != nullptr && *number >= 0 ? Millis{*number} : fallback;
}

/// What a topic and its reader and writer must be, whoever's settings they have.
void force_log_settings(BrokerTopicLog::Clients& clients) {
  clients.producer["acks"] = "all";
  clients.producer["enable.idempotence"] = "false";
  clients.producer["max.in.flight.requests.per.connection"] = "1";
  clients.producer.emplace("linger.ms", "0");
  clients.consumer["auto.offset.reset"] = "earliest";
  clients.consumer["enable.auto.commit"] = "false";
}

}  // namespace

const ConfigDef<InternalTopicOptions>& InternalTopicOptions::def() {
  using O = InternalTopicOptions;
  static const auto rows =
      ConfigDef<O>{}
          .required(&O::offset_topic, {.name = "offset.storage.topic",
                                       .importance = Importance::High,
                                       .doc = "Topic of source connectors' offsets."})
          .optional(&O::offset_partitions,
                    {.name = "offset.storage.partitions",
                     .importance = Importance::Low,
                     .doc = "Partitions of the offset topic when the worker makes it.",
                     .validator = partition_count()})
          .optional(&O::offset_replication_factor,
                    {.name = "offset.storage.replication.factor",
                     .importance = Importance::Low,
                     .doc = "Replicas of the offset topic when the worker makes it.",
                     .validator = replication_factor()})
          .required(&O::config_topic, {.name = "config.storage.topic",
                                       .importance = Importance::High,
                                       .doc = "Topic of connector configurations."})
          .optional(&O::config_replication_factor,
                    {.name = "config.storage.replication.factor",
                     .importance = Importance::Low,
                     .doc = "Replicas of the config topic when the worker makes it.",
                     .validator = replication_factor()})
          .required(&O::status_topic, {.name = "status.storage.topic",
                                       .importance = Importance::High,
                                       .doc = "Topic of connector and task statuses."})
          .optional(&O::status_partitions,
                    {.name = "status.storage.partitions",
                     .importance = Importance::Low,
                     .doc = "Partitions of the status topic when the worker makes it.",
                     .validator = partition_count()})
          .optional(&O::status_replication_factor,
                    {.name = "status.storage.replication.factor",
                     .importance = Importance::Low,
                     .doc = "Replicas of the status topic when the worker makes it.",
                     .validator = replication_factor()});
  return rows;
}

InternalTopic internal_topic(const Properties& worker, InternalTopicKind kind) {
  const InternalTopicOptions options = InternalTopicOptions::def().parse(worker);
  InternalTopic topic;
  topic.property = std::string(prefix_of(kind)) + "topic";
  topic.settings = topic_settings(worker, kind);
  if (kind == InternalTopicKind::Config) {
    topic.name = options.config_topic;
    topic.purpose = "connector configurations";
    topic.replication_factor = options.config_replication_factor;
    topic.needs_single_partition = true;
  } else if (kind == InternalTopicKind::Offset) {
    topic.name = options.offset_topic;
    topic.purpose = "source connector offsets";
    topic.partitions = options.offset_partitions;
    topic.replication_factor = options.offset_replication_factor;
  } else {
    topic.name = options.status_topic;
    topic.purpose = "connector and task statuses";
    topic.partitions = options.status_partitions;
    topic.replication_factor = options.status_replication_factor;
  }
  if (topic.name.empty()) throw ConfigException(blank_text(kind));
  return topic;
}

std::string internal_client_id(const Properties& worker, const std::string& suffix) {
  const std::string* group = find(worker, "group.id");
  const std::string* own = find(worker, "client.id");
  std::string base = group != nullptr ? std::string(java_trim(*group)) : "connect";
  if (own != nullptr && !java_trim(*own).empty()) base += "-" + std::string(java_trim(*own));
  return base + "-" + suffix;
}

BrokerTopicLog::Clients internal_clients(const Properties& worker, InternalTopicKind kind) {
  const Properties base = worker_admin_config(worker);
  BrokerTopicLog::Clients clients{base, base};
  force_log_settings(clients);
  const char* suffix = "statuses";
  if (kind != InternalTopicKind::Status) {
    suffix = kind == InternalTopicKind::Config ? "configs" : "offsets";
    clients.producer["delivery.timeout.ms"] = "2147483647";
    if (is_exactly_once(worker)) force(clients.consumer, "isolation.level", "read_committed");
  }
  clients.producer["client.id"] = clients.consumer["client.id"] =
      internal_client_id(worker, suffix);
  return clients;
}

Properties internal_admin_config(const Properties& worker) {
  Properties config = worker_admin_config(worker);
  config["client.id"] = internal_client_id(worker, "shared-admin");
  return config;
}

InternalTopicLimits internal_topic_limits(const Properties& worker) {
  InternalTopicLimits limits;
  limits.create = millis_or(worker, "default.api.timeout.ms", limits.create);
  limits.retry_wait = millis_or(worker, "retry.backoff.ms", limits.retry_wait);
  return limits;
}

std::string connector_offsets_topic(const Properties& worker, const ConnectorTaskId& id,
                                    const Properties& connector) {
  const std::string* name = find(connector, "offsets.storage.topic");
  if (name == nullptr) return "";
  std::string topic(java_trim(*name));
  const bool is_same_cluster = source_producer_config(worker, id, connector)["bootstrap.servers"] ==
                               worker_admin_config(worker)["bootstrap.servers"];
  if (is_same_cluster && topic == internal_topic(worker, InternalTopicKind::Offset).name) return "";
  return topic;
}

std::unique_ptr<BrokerTopicLog> make_connector_offsets_log(Executor& control, Broker& broker,
                                                           const Properties& worker,
                                                           const ConnectorTaskId& id,
                                                           const Properties& connector) {
  InternalTopic topic = internal_topic(worker, InternalTopicKind::Offset);
  topic.name = connector_offsets_topic(worker, id, connector);
  topic.property = "offsets.storage.topic";
  BrokerTopicLog::Clients clients{source_producer_config(worker, id, connector),
                                  sink_consumer_config(worker, id, connector)};
  force_log_settings(clients);
  if (is_exactly_once(worker)) {
    force(clients.consumer, "isolation.level", "read_committed");
  } else {
    clients.consumer.emplace("isolation.level", "read_committed");
  }
  std::shared_ptr<BrokerAdmin> admin =
      broker.make_admin(task_admin_config(worker, id, connector));
  return std::make_unique<BrokerTopicLog>(control, broker, std::move(admin), std::move(topic),
                                          std::move(clients), internal_topic_limits(worker));
}

}  // namespace millrace
