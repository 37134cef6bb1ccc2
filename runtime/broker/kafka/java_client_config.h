#pragma once
// Java client settings in librdkafka's names: a whitelist (kafka-clients.md §3), run once on the
// fully merged settings of a client. Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/properties.h"
#include "runtime/security/oauth.h"

namespace millrace::kafka {

enum class ClientKind : uint8_t { Producer, Consumer, Admin };

struct ClientConfig {
  Properties rdkafka;                 // for rd_kafka_conf_set
  Properties topic;                   // topic-level settings, same call
  std::vector<std::string> warnings;  // without values of secrets

  // Settings that are kept by us and not by the client library.
  int64_t api_timeout_ms = 60'000;     // default.api.timeout.ms
  int64_t max_block_ms = 60'000;       // producer: how long a full buffer may block
  int32_t max_poll_records = 500;      // consumer: rows of a batch
  int64_t metadata_max_age_ms = 300'000;
  bool retries_without_limit = false;  // producer: delivery.timeout.ms is endless
  /// OAUTHBEARER: where tokens come from; null for other mechanisms.
  std::shared_ptr<const security::OAuthSettings> oauth;
};

/// Throws ConfigException that names the key for settings that cannot work here. `worker`: settings
/// of the worker's file, which are for many parts, so that there is no warning of an unknown one.
ClientConfig translate(const Properties& java, ClientKind kind, const Properties& worker = {});

}  // namespace millrace::kafka
