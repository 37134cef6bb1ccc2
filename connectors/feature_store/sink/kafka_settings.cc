#include "connectors/feature_store/sink/kafka_settings.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "connectors/feature_store/sink/data_sources.h"
#include "millrace/config_def.h"
#include "millrace/errors.h"
#include "millrace/properties_file.h"
#include "millrace/text.h"

namespace millrace::feature_store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultFile = "onlinefs-kafka.properties";
constexpr const char* kServers = "bootstrap.servers";
constexpr const char* kProtocol = "security.protocol";
constexpr const char* kMechanism = "sasl.mechanism";
constexpr const char* kJaas = "sasl.jaas.config";

constexpr auto kConnectionKeys = std::to_array<std::string_view>({
    "bootstrap.servers", "client.dns.lookup", "connections.max.idle.ms", "default.api.timeout.ms",
    "metadata.max.age.ms", "receive.buffer.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms",
    "request.timeout.ms", "retry.backoff.max.ms", "retry.backoff.ms", "send.buffer.bytes"});
constexpr auto kConsumerKeys = std::to_array<std::string_view>({
    "allow.auto.create.topics", "auto.offset.reset", "check.crcs", "client.id", "client.rack",
    "exclude.internal.topics", "fetch.max.bytes", "fetch.max.wait.ms", "fetch.min.bytes",
    "group.instance.id", "heartbeat.interval.ms", "isolation.level", "max.partition.fetch.bytes",
    "max.poll.interval.ms", "max.poll.records", "partition.assignment.strategy", "session.timeout.ms",
    "group.protocol"});
// The worker has its own ways for these.
constexpr auto kNotNeeded = std::to_array<std::string_view>({"enable.auto.commit", "auto.commit.interval.ms",
                                                        "key.deserializer", "value.deserializer",
                                                        "interceptor.classes"});
constexpr auto kSecurityKeys = std::to_array<std::string_view>({
    "security.protocol", "security.providers", "sasl.mechanism", "sasl.jaas.config",
    "sasl.client.callback.handler.class", "sasl.login.class", "sasl.login.callback.handler.class",
    "sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms", "sasl.login.retry.backoff.ms",
    "sasl.login.retry.backoff.max.ms", "sasl.login.refresh.buffer.seconds",
    "sasl.login.refresh.min.period.seconds", "sasl.login.refresh.window.factor",
    "sasl.login.refresh.window.jitter", "sasl.kerberos.service.name", "sasl.kerberos.kinit.cmd",
    "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.ticket.renew.jitter",
    "sasl.kerberos.ticket.renew.window.factor", "sasl.oauthbearer.token.endpoint.url",
    "sasl.oauthbearer.client.credentials.client.id",
    "sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.scope",
    "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name",
    "sasl.oauthbearer.header.urlencode", "sasl.oauthbearer.jwt.retriever.class", "ssl.protocol",
    "ssl.provider", "ssl.enabled.protocols", "ssl.cipher.suites",
    "ssl.endpoint.identification.algorithm", "ssl.engine.factory.class", "ssl.key.password",
    "ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.type",
    "ssl.truststore.certificates", "ssl.keystore.location", "ssl.keystore.password",
    "ssl.keystore.type", "ssl.keystore.key", "ssl.keystore.certificate.chain",
    "ssl.secure.random.implementation"});

template <class Keys>
bool has(const Keys& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

const ConfigDefinition& known_keys() {
  static const ConfigDefinition all = [] {
    ConfigDefinition definition;
    const auto add = [&definition](const auto& keys) {
      for (const std::string_view name : keys) {
        ConfigKey key;
        key.name = name;
        definition.add(std::move(key));
      }
    };
    add(kConnectionKeys);
    add(kConsumerKeys);
    add(kSecurityKeys);
    return definition;
  }();
  return all;
}

std::optional<fs::path> file_of(const OptionRows& rows) {
  const fs::path folder = rows.config_dir;
  std::error_code ignored;
  if (!folder.empty() && !fs::is_directory(folder, ignored)) {
    throw ConfigException("feature.store.config.dir: " + folder.string() + " is not a folder");
  }
  if (!rows.kafka_file.empty()) return folder / rows.kafka_file;  // an absolute path stays
  if (folder.empty() || !fs::exists(folder / kDefaultFile, ignored)) return std::nullopt;
  return folder / kDefaultFile;
}

/// Keeps what a client may know in `settings`; the warning of what it may not, or nothing.
std::string drop_unknown(Properties& settings, const std::string& origin) {
  std::string unknown;
  for (auto at = settings.begin(); at != settings.end();) {
    const std::string& key = at->first;
    if (known_keys().find(key) != nullptr) {
      ++at;
      continue;
    }
    if (!has(kNotNeeded, key)) {
      unknown += (unknown.empty() ? "" : ", ") + key;
      const auto near = known_keys().suggest(key);
      if (key == "group.id") {
        unknown += " (set consumer.group.id of the connector)";
      } else if (near) {
        unknown += " (did you mean " + *near + "?)";
      }
    }
    at = settings.erase(at);
  }
  return unknown.empty() ? unknown : origin + ": these keys are not known and not used: " + unknown;
}

// SCRAM does not say which of the two; the others do.
std::string mechanism_of(const std::string& jaas, const std::string& origin) {
  const auto names = [&jaas](const char* module) { return jaas.find(module) != std::string::npos; };
  if (names("PlainLoginModule")) return "PLAIN";
  if (names("OAuthBearerLoginModule")) return "OAUTHBEARER";
  if (names("Krb5LoginModule")) return "GSSAPI";
  throw ConfigException(origin + ": sasl.mechanism is missing, e.g. SCRAM-SHA-256 or SCRAM-SHA-512");
}

/// Of a cluster of its own: nothing of what the worker says to its own cluster may reach it.
void complete(Properties& client, const std::string& origin) {
  if (!client.contains(kServers)) return;
  const std::string& protocol = client.try_emplace(kProtocol, "PLAINTEXT").first->second;
  if (!protocol.starts_with("SASL_") && !protocol.starts_with("sasl_")) return;
  const std::string* jaas = find(client, kJaas);
  if (jaas == nullptr) {
    throw ConfigException(origin + ": " + kProtocol + " is " + protocol + ", but sasl.jaas.config is missing");
  }
  if (!client.contains(kMechanism)) client[kMechanism] = mechanism_of(*jaas, origin);
}

void add_warning(KafkaSettings& settings, std::string warning) {
  if (!warning.empty()) settings.warnings.push_back(std::move(warning));
}

/// The settings of a data source; none when the worker's own count.
Properties read_data_source(const Properties& config, const OptionRows& rows, KafkaSettings& settings) {
  const std::string& name = rows.data_source;
  constexpr const char* kFallBack = "; the worker's Kafka settings are used (externalKafka=false)";
  if (!rows.own_kafka) {
    add_warning(settings, "bring.your.own.kafka.enable is false, so data source " + name +
                              " does not count" + kFallBack);
    return {};
  }
  std::optional<DataSource> source = find_data_source(config, name);
  if (!source) {
    add_warning(settings, "there is no data source " + name + kFallBack);
    return {};
  }
  const std::string origin = "data source " + name;
  if (!source->unknown.empty()) {
    add_warning(settings, origin + ": these fields are not known and not used: " + join(source->unknown, ", "));
  }
  if (!source->external) {
    add_warning(settings, origin + " says that the platform's own cluster is meant" + kFallBack);
    return {};
  }
  add_warning(settings, drop_unknown(source->client, origin));
  complete(source->client, origin);
  return std::move(source->client);
}

}  // namespace

KafkaSettings read_kafka_settings(const Properties& config, const OptionRows& rows) {
  KafkaSettings settings;
  if (const auto file = file_of(rows)) {
    settings.client = read_properties_file(*file);
    add_warning(settings, drop_unknown(settings.client, file->string()));
    complete(settings.client, file->string());
    if (rows.own_kafka && settings.client.contains(kServers) &&
        (config.contains(kDataSourcePrefix + rows.data_source) ||
         !with_prefix(config, kDataSourcePrefix + rows.data_source + ".").empty())) {
      add_warning(settings, "data source " + rows.data_source + " does not count, since " + file->string() +
                                " names the cluster");
    }
  }
  if (!settings.client.contains(kServers)) {
    // What the file has counts before the source.
    settings.client.merge(read_data_source(config, rows, settings));
  }
  settings.external_kafka = settings.client.contains(kServers);
  return settings;
}

void add_client_overrides(Properties& config, const Properties& client) {
  for (const auto& [key, value] : client) {
    config.try_emplace("consumer.override." + key, value);
    if (has(kConsumerKeys, key)) continue;
    config.try_emplace("admin.override." + key, value);
    config.try_emplace("producer.override." + key, value);
  }
}

}  // namespace millrace::feature_store
