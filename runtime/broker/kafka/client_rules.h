#pragma once
// The plain part of the translation table: keys that map one to one (kafka-clients.md §3.1 - §3.3).

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::kafka {

enum class Clients : uint8_t { All, Producer, Consumer };

struct ClientRule {
  std::string_view java;
  std::string_view rdkafka;
  std::string_view fallback;  // Java's default where librdkafka's differs; empty: only when set
  Clients clients = Clients::All;
  int64_t minimum = 0;  // clamped when minimum < maximum
  int64_t maximum = 0;
};

inline std::span<const ClientRule> client_rules() {
  static constexpr int64_t kHour = 3'600'000;
  static constexpr int64_t kMaxInt = 2'147'483'647;
  static constexpr std::array kRules = {
      ClientRule{"client.id", "client.id", ""},
      ClientRule{"client.rack", "client.rack", ""},
      ClientRule{"metadata.max.age.ms", "topic.metadata.refresh.interval.ms", "300000",
                 Clients::All, 10, kHour},
      ClientRule{"metadata.recovery.strategy", "metadata.recovery.strategy", ""},
      ClientRule{"metadata.recovery.rebootstrap.trigger.ms",
                 "metadata.recovery.rebootstrap.trigger.ms", "", Clients::All, 0, kMaxInt},
      ClientRule{"client.dns.lookup", "client.dns.lookup", ""},
      ClientRule{"enable.metrics.push", "enable.metrics.push", "false"},
      ClientRule{"connections.max.idle.ms", "connections.max.idle.ms", "540000", Clients::All, 0,
                 kMaxInt},
      ClientRule{"socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.ms",
                 "10000", Clients::All, 1000, kMaxInt},
      ClientRule{"acks", "acks", "all", Clients::Producer},
      ClientRule{"retries", "retries", "2147483647", Clients::Producer, 0, kMaxInt},
      ClientRule{"linger.ms", "linger.ms", "", Clients::Producer, 0, 900'000},
      ClientRule{"compression.type", "compression.codec", "", Clients::Producer},
      ClientRule{"max.request.size", "message.max.bytes", "1048576", Clients::Producer, 1000,
                 1'000'000'000},
      ClientRule{"transactional.id", "transactional.id", "", Clients::Producer},
      ClientRule{"transaction.timeout.ms", "transaction.timeout.ms", "", Clients::Producer, 1000,
                 kMaxInt},
      ClientRule{"isolation.level", "isolation.level", "read_uncommitted", Clients::Consumer},
      ClientRule{"check.crcs", "check.crcs", "true", Clients::Consumer},
      ClientRule{"allow.auto.create.topics", "allow.auto.create.topics", "true",
                 Clients::Consumer},
      ClientRule{"fetch.max.wait.ms", "fetch.wait.max.ms", "500", Clients::Consumer, 0, 300'000},
      ClientRule{"fetch.min.bytes", "fetch.min.bytes", "1", Clients::Consumer, 1, 100'000'000},
      ClientRule{"max.partition.fetch.bytes", "max.partition.fetch.bytes", "1048576",
                 Clients::Consumer, 1, 1'000'000'000},
      ClientRule{"enable.auto.commit", "enable.auto.commit", "false", Clients::Consumer},
      ClientRule{"auto.commit.interval.ms", "auto.commit.interval.ms", "", Clients::Consumer, 0,
                 86'400'000},
      ClientRule{"group.id", "group.id", "", Clients::Consumer},
      ClientRule{"group.instance.id", "group.instance.id", "", Clients::Consumer},
      ClientRule{"group.protocol", "group.protocol", "", Clients::Consumer},
      ClientRule{"group.remote.assignor", "group.remote.assignor", "", Clients::Consumer},
  };
  return kRules;
}

/// Java settings without a meaning here, or looked at elsewhere; no warning for them.
inline const std::vector<std::string>& ignored_client_keys() {
  static const std::vector<std::string> kKeys = {
      "auto.include.jmx.reporter", "metric.reporters", "metrics.num.samples",
      "metrics.recording.level", "metrics.sample.window.ms", "metadata.max.idle.ms",
      "socket.connection.setup.timeout.max.ms", "partitioner.adaptive.partitioning.enable",
      "partitioner.availability.timeout.ms", "key.serializer", "value.serializer",
      "key.deserializer", "value.deserializer", "exclude.internal.topics"};
  return kKeys;
}

inline constexpr std::string_view kNativeMarker = "librdkafka.";

/// Native settings that load code, reach a shell or break what the worker relies on.
inline bool is_denied_native(std::string_view key) {
  static constexpr std::array<std::string_view, 9> kDenied = {
      "plugin.library.paths", "ssl.providers", "sasl.kerberos.kinit.cmd",
      "enabled_events",       "opaque",        "default_topic_conf",
      "debug",                "log_level",     "internal.termination.signal"};
  return key.starts_with("ssl.engine.") || key.starts_with("test.mock.") || key.ends_with("_cb") ||
         (key.starts_with("sasl.oauthbearer.assertion.") && key.ends_with("file")) ||
         std::find(kDenied.begin(), kDenied.end(), key) != kDenied.end();
}

}  // namespace millrace::kafka
