#pragma once
// Java client settings in librdkafka's names: a whitelist (kafka-clients.md §3), run once on the
// fully merged settings of a client. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/properties.h"

namespace millrace::kafka {

enum class ClientKind : uint8_t { Producer, Consumer, Admin };

struct ClientConfig {
  Properties rdkafka;                 // for rd_kafka_conf_set
  Properties topic;                   // topic-level settings, same call
  std::vector<std::string> warnings;  // without values of secrets
  int64_t api_timeout_ms = 60'000;    // default.api.timeout.ms
};

/// Throws ConfigException that names the key for settings that cannot work here.
ClientConfig translate(const Properties& java, ClientKind kind);

/// `sasl.jaas.config`: login module class and its options (kafka-clients.md §3.6). Throws
/// ConfigException without the values.
struct JaasEntry {
  std::string module;
  Properties options;
};
JaasEntry parse_jaas(std::string_view text);

}  // namespace millrace::kafka
