#include "runtime/broker/client_layers.h"

#include <algorithm>
#include <array>

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr const char* kBootstrap = "bootstrap.servers";
constexpr const char* kPolicyPackage = "org.apache.kafka.connect.connector.policy.";
constexpr const char* kPolicySuffix = "ConnectorClientConfigOverridePolicy";

void put_all(Properties& into, const Properties& from) {
  for (const auto& [key, value] : from) into.insert_or_assign(key, value);
}

void inherit_bootstrap(Properties& config, const Properties& worker) {
  const std::string* servers = find(worker, kBootstrap);
  config[kBootstrap] = servers != nullptr ? *servers : "localhost:9092";
}

bool has_client_prefix(const std::string& key) {
  return key.starts_with("producer.") || key.starts_with("consumer.") || key.starts_with("admin.");
}

Properties producer_config(const Properties& worker, std::string client_id,
                           const Properties& connector) {
  Properties config{{"acks", "all"},
                    {"enable.idempotence", "false"},
                    {"max.in.flight.requests.per.connection", "1"},
                    {"delivery.timeout.ms", "2147483647"},
                    {"max.block.ms", "9223372036854775807"},
                    {"client.id", std::move(client_id)}};
  inherit_bootstrap(config, worker);
  put_all(config, with_prefix(worker, "producer."));
  put_all(config, with_prefix(connector, "producer.override."));
  return config;
}

Properties admin_config(const Properties& worker, std::string client_id,
                        const Properties& connector) {
  Properties config = worker_admin_config(worker);
  config["client.id"] = std::move(client_id);
  put_all(config, with_prefix(worker, "admin."));
  put_all(config, with_prefix(connector, "admin.override."));
  return config;
}

}  // namespace

Properties source_producer_config(const Properties& worker, const ConnectorTaskId& id,
                                  const Properties& connector) {
  return producer_config(worker, "connector-producer-" + id.to_string(), connector);
}

Properties dlq_producer_config(const Properties& worker, const ConnectorTaskId& id,
                               const Properties& connector) {
  return producer_config(worker, "connector-dlq-producer-" + id.to_string(), connector);
}

Properties sink_consumer_config(const Properties& worker, const ConnectorTaskId& id,
                                const Properties& connector) {
  Properties config{{"group.id", "connect-" + id.connector},
                    {"enable.auto.commit", "false"},
                    {"auto.offset.reset", "earliest"},
                    {"client.id", "connector-consumer-" + id.to_string()}};
  inherit_bootstrap(config, worker);
  put_all(config, with_prefix(worker, "consumer."));
  put_all(config, with_prefix(connector, "consumer.override."));
  // Java lets a user turn it on, and the sink then loses what it had not flushed.
  config["enable.auto.commit"] = "false";
  return config;
}

Properties worker_admin_config(const Properties& worker) {
  Properties config;
  for (const auto& [key, value] : worker) {
    if (!has_client_prefix(key)) config.emplace(key, value);
  }
  inherit_bootstrap(config, worker);
  return config;
}

Properties task_admin_config(const Properties& worker, const ConnectorTaskId& id,
                             const Properties& connector) {
  return admin_config(worker, "connector-adminclient-" + id.to_string(), connector);
}

Properties dlq_admin_config(const Properties& worker, const ConnectorTaskId& id,
                            const Properties& connector) {
  return admin_config(worker, "connector-dlq-adminclient-" + id.to_string(), connector);
}

Properties connector_admin_config(const Properties& worker, const std::string& connector_name,
                                  const Properties& connector) {
  return admin_config(worker, "connector-worker-adminclient-" + connector_name, connector);
}

std::string sink_group_id(const Properties& worker, const std::string& connector_name,
                          const Properties& connector) {
  return sink_consumer_config(worker, {connector_name, 0}, connector).at("group.id");
}

namespace {

enum class Policy { All, None, Principal };

Policy policy_of(std::string name) {
  if (name.starts_with(kPolicyPackage)) name.erase(0, std::string(kPolicyPackage).size());
  if (name.ends_with(kPolicySuffix)) {
    name.resize(name.size() - std::string(kPolicySuffix).size());
  }
  if (name == "All") return Policy::All;
  if (name == "None") return Policy::None;
  if (name == "Principal") return Policy::Principal;
  throw ConfigException("connector.client.config.override.policy: no policy \"" + name +
                        "\"; known are All, None and Principal");
}

const char* short_name(Policy policy) {
  if (policy == Policy::None) return "None";
  return policy == Policy::Principal ? "Principal" : "All";
}

bool allows(Policy policy, std::string_view key) {
  static constexpr std::array<std::string_view, 3> kPrincipalKeys = {
      "sasl.jaas.config", "sasl.mechanism", "security.protocol"};
  if (policy == Policy::All) return true;
  if (policy == Policy::None) return false;
  return std::find(kPrincipalKeys.begin(), kPrincipalKeys.end(), key) != kPrincipalKeys.end();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> check_overrides(const std::string& policy_name,
                                                                 const Properties& connector,
                                                                 OverrideUse use) {
  const Policy policy = policy_of(policy_name);
  std::vector<std::pair<std::string, std::string>> errors;
  const auto check = [&](bool used, const std::string& prefix) {
    if (!used) return;
    for (const auto& [key, value] : with_prefix(connector, prefix)) {
      if (allows(policy, key)) continue;
      errors.emplace_back(prefix + key, std::string("The '") + short_name(policy) +
                                            "' policy does not allow '" + key +
                                            "' to be overridden in the connector configuration.");
    }
  };
  check(use.producer, "producer.override.");
  check(use.consumer, "consumer.override.");
  check(use.admin, "admin.override.");
  return errors;
}

}  // namespace millrace
