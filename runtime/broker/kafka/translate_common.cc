#include <algorithm>
#include <charconv>

#include "millrace/errors.h"
#include "runtime/broker/kafka/client_rules.h"
#include "runtime/broker/kafka/client_translator.h"

namespace millrace::kafka {
namespace {

constexpr int64_t kMaxInt = 2'147'483'647;

void apply_rule(Translator& t, const ClientRule& rule) {
  const std::string key(rule.java);
  const std::string native(rule.rdkafka);
  const std::string* text = t.get(key);
  if (text == nullptr || text->empty()) {
    if (!rule.fallback.empty()) t.set(native, std::string(rule.fallback));
  } else if (rule.minimum < rule.maximum) {
    t.set(native, *t.number_in(key, rule.minimum, rule.maximum));
  } else {
    t.set(native, *text);
  }
}

void apply_rules(Translator& t) {
  for (const ClientRule& rule : client_rules()) {
    const bool applies =
        rule.clients == Clients::All ||
        (rule.clients == Clients::Producer && t.kind() == ClientKind::Producer) ||
        (rule.clients == Clients::Consumer && t.kind() == ClientKind::Consumer);
    if (applies) apply_rule(t, rule);
  }
}

void bootstrap_servers(Translator& t) {
  std::string servers;
  for (std::string server : split_list(t.get("bootstrap.servers"))) {
    // Java ignores a scheme in front; librdkafka would drop the broker.
    if (const size_t scheme = server.find("://"); scheme != std::string::npos) {
      server.erase(0, scheme + 3);
    }
    if (!server.empty()) servers += (servers.empty() ? "" : ",") + server;
  }
  if (t.get("bootstrap.controllers") != nullptr) {
    throw ConfigException("bootstrap.controllers is not supported; set bootstrap.servers");
  }
  if (servers.empty()) throw ConfigException("bootstrap.servers is empty: no broker to connect to");
  t.set("bootstrap.servers", servers);
}

void client_id(Translator& t) {
  if (!t.text_or("client.id", "").empty()) return;
  const char* base = "adminclient-1";
  if (t.kind() == ClientKind::Producer) base = "producer-1";
  if (t.kind() == ClientKind::Consumer) base = "consumer-1";
  t.set("client.id", std::string(base));
}

void request_timeout(Translator& t) {
  constexpr int64_t kDefault = 30'000;
  const int64_t timeout = t.number_in("request.timeout.ms", 10, 900'000).value_or(kDefault);
  // With transactions the library derives the socket timeout from theirs and refuses another.
  if (t.text_or("transactional.id", "").empty() || t.kind() != ClientKind::Producer) {
    t.set("socket.timeout.ms", std::clamp<int64_t>(timeout, 10, 300'000));
  }
  if (t.kind() == ClientKind::Producer) {
    t.set_topic("request.timeout.ms", std::to_string(timeout));
  }
}

void backoff(Translator& t) {
  constexpr int64_t kHour = 3'600'000;
  const auto initial = t.number_in("reconnect.backoff.ms", 0, kHour);
  const auto most = t.number_in("reconnect.backoff.max.ms", 0, kHour);
  const int64_t first = initial.value_or(50);
  // Java: with only the first given, the maximum follows it.
  const int64_t last = most.value_or(initial ? first : 1'000);
  t.set("reconnect.backoff.ms", first);
  t.set("reconnect.backoff.max.ms", std::max(first, last));
  const int64_t retry = t.number_in("retry.backoff.ms", 1, 300'000).value_or(100);
  const int64_t retry_most = t.number_in("retry.backoff.max.ms", 1, 300'000).value_or(1'000);
  t.set("retry.backoff.ms", retry);
  t.set("retry.backoff.max.ms", std::max(retry, retry_most));
}

}  // namespace

void translate_common(Translator& t) {
  constexpr int64_t kAdminIdleMs = 300'000;
  apply_rules(t);
  bootstrap_servers(t);
  client_id(t);
  request_timeout(t);
  backoff(t);
  t.set("socket.nagle.disable", std::string("true"));
  if (t.kind() == ClientKind::Admin) {
    if (t.get("connections.max.idle.ms") == nullptr) t.set("connections.max.idle.ms", kAdminIdleMs);
    t.get("retries");
  }
  for (const char* key : {"send.buffer.bytes", "receive.buffer.bytes"}) {
    // Unset and -1 leave the size to the system, which Java's defaults would not.
    const auto size = t.number_in(key, -1, 100'000'000);
    if (size && *size >= 0) t.set(std::string("socket.") + key, *size);
  }
  t.out().api_timeout_ms =
      t.number_in("default.api.timeout.ms", 0, kMaxInt).value_or(t.out().api_timeout_ms);
  t.out().metadata_max_age_ms = t.number("metadata.max.age.ms").value_or(300'000);
  if (t.get("interceptor.classes") != nullptr && !t.text_or("interceptor.classes", "").empty()) {
    t.warn("interceptor.classes has no effect: Java interceptors cannot run in this worker");
  }
}

}  // namespace millrace::kafka
