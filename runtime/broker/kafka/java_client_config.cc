#include "runtime/broker/kafka/java_client_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cctype>
#include <limits>
#include <optional>

#include "millrace/errors.h"
#include "runtime/broker/kafka/java_client_rules.h"
#include "runtime/core/nearest.h"

namespace millrace::kafka {
namespace {

std::string trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return std::string(text);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

class Translator {
 public:
  Translator(const Properties& java, ClientKind kind) : kind_(kind) {
    for (const auto& [key, value] : java) java_.emplace(key, trim(value));
  }

  ClientConfig translate() {
    apply_rules();
    common();
    if (kind_ == ClientKind::Producer) producer();
    if (kind_ == ClientKind::Consumer) consumer();
    security();
    pass_through();
    warn_unknown();
    return std::move(out_);
  }

 private:
  const std::string* get(const std::string& key) {
    used_.push_back(key);
    return find(java_, key);
  }
  void set(const std::string& key, std::string value) {
    out_.rdkafka.insert_or_assign(key, std::move(value));
  }
  void warn(std::string text) { out_.warnings.push_back(std::move(text)); }

  std::optional<int64_t> number(const std::string& key) {
    const std::string* text = get(key);
    if (text == nullptr) return std::nullopt;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) {
      throw ConfigException("Invalid value " + *text + " for configuration " + key +
                            ": Not a number of type LONG");
    }
    return value;
  }

  // Whitelisted keys: same or other name, number clamped to librdkafka's range.
  void apply_rules() {
    for (const ClientRule& rule : client_rules()) {
      const bool applies = rule.clients == Clients::All ||
                           (rule.clients == Clients::Producer) == (kind_ == ClientKind::Producer);
      if (!applies || (rule.clients != Clients::All && kind_ == ClientKind::Admin)) continue;
      const std::string key(rule.java);
      const std::string* text = get(key);
      if (text == nullptr && rule.fallback.empty()) continue;
      std::string value = text != nullptr ? *text : std::string(rule.fallback);
      if (rule.minimum < rule.maximum) value = clamp(rule, key, text != nullptr);
      set(std::string(rule.rdkafka), std::move(value));
    }
  }

  std::string clamp(const ClientRule& rule, const std::string& key, bool is_set) {
    int64_t value = 0;
    if (is_set) {
      value = *number(key);
    } else {
      std::from_chars(rule.fallback.data(), rule.fallback.data() + rule.fallback.size(), value);
    }
    const int64_t fitted = std::clamp(value, rule.minimum, rule.maximum);
    if (fitted != value && is_set && value != -1) {
      warn(key + "=" + std::to_string(value) + " is out of the native client's range; using " +
           std::to_string(fitted));
    }
    return std::to_string(fitted);
  }

  void common() {
    std::string servers;
    const std::string* list = get("bootstrap.servers");
    for (std::string server : split_list(list)) {
      // Java ignores a scheme in front; librdkafka would drop the broker.
      if (const size_t scheme = server.find("://"); scheme != std::string::npos) {
        server.erase(0, scheme + 3);
      }
      if (!server.empty()) servers += (servers.empty() ? "" : ",") + server;
    }
    if (servers.empty()) throw ConfigException("bootstrap.servers is empty: no broker to connect to");
    set("bootstrap.servers", servers);
    set("enable.metrics.push", "false");
    set("socket.nagle.disable", "true");
    set("topic.metadata.refresh.fast.interval.ms", "100");
    request_timeout();
    backoff();
    for (const char* key : {"send.buffer.bytes", "receive.buffer.bytes"}) {
      const auto size = number(key);
      if (size && *size >= 0) set(std::string("socket.") + key, std::to_string(*size));
    }
    if (const auto timeout = number("default.api.timeout.ms")) out_.api_timeout_ms = *timeout;
    if (const std::string* lookup = get("client.dns.lookup")) set("client.dns.lookup", *lookup);
    if (get("bootstrap.controllers") != nullptr) {
      throw ConfigException("bootstrap.controllers is not supported; set bootstrap.servers");
    }
  }

  void request_timeout() {
    constexpr int64_t kDefault = 30'000;
    const int64_t timeout = number("request.timeout.ms").value_or(kDefault);
    set("socket.timeout.ms", std::to_string(std::clamp<int64_t>(timeout, 10, 300'000)));
    if (kind_ == ClientKind::Producer) {
      out_.topic["request.timeout.ms"] = std::to_string(std::clamp<int64_t>(timeout, 1, 900'000));
    }
  }

  void backoff() {
    const auto initial = number("reconnect.backoff.ms");
    const auto most = number("reconnect.backoff.max.ms");
    const int64_t first = std::clamp<int64_t>(initial.value_or(50), 0, 3'600'000);
    // Java: only the first given, and the maximum follows it.
    const int64_t last = most.value_or(initial ? first : 1'000);
    set("reconnect.backoff.ms", std::to_string(first));
    set("reconnect.backoff.max.ms",
        std::to_string(std::clamp<int64_t>(std::max(first, last), 0, 3'600'000)));
    const int64_t retry = std::clamp<int64_t>(number("retry.backoff.ms").value_or(100), 1, 300'000);
    const int64_t retry_most = number("retry.backoff.max.ms").value_or(1'000);
    set("retry.backoff.ms", std::to_string(retry));
    set("retry.backoff.max.ms",
        std::to_string(std::clamp<int64_t>(std::max(retry, retry_most), 1, 300'000)));
  }

  void producer() {
    const bool idempotent = lower(text_or("enable.idempotence", "true")) == "true";
    set("enable.idempotence", idempotent ? "true" : "false");
    set("max.in.flight.requests.per.connection",
        text_or("max.in.flight.requests.per.connection", "5"));
    // One request carries one partition's batch here, so Java's small batches would cost
    // throughput; the batch is only a ceiling (kafka-clients.md §5.3).
    constexpr int64_t kSmallestBatch = 1'000'000;
    set("batch.size",
        std::to_string(std::max(number("batch.size").value_or(0), kSmallestBatch)));
    constexpr int64_t kBufferMemory = 33'554'432;
    const int64_t memory = number("buffer.memory").value_or(kBufferMemory);
    set("queue.buffering.max.kbytes",
        std::to_string(std::clamp<int64_t>(memory / 1024, 1, 2'147'483'647)));
    set("queue.buffering.max.messages", "0");
    if (const auto linger = number("linger.ms")) {
      set("linger.ms", std::to_string(std::clamp<int64_t>(*linger, 0, 900'000)));
    }
    if (get("transactional.id") == nullptr) {
      const int64_t timeout = number("delivery.timeout.ms").value_or(120'000);
      constexpr int64_t kEndless = 2'147'483'647;
      out_.topic["message.timeout.ms"] =
          timeout >= kEndless ? "0" : std::to_string(std::max<int64_t>(timeout, 1));
    }
    compression_level();
    partitioner();
    get("max.block.ms");  // blocking is ours: the task waits as long as it must
    for (const char* key : {"key.serializer", "value.serializer"}) get(key);
  }

  void compression_level() {
    const std::string codec = lower(text_or("compression.type", "none"));
    for (const char* name : {"gzip", "lz4", "zstd"}) {
      const auto level = number("compression." + std::string(name) + ".level");
      if (level && codec == name) {
        set("compression.level", std::to_string(std::clamp<int64_t>(*level, -1, 12)));
      }
    }
  }

  void partitioner() {
    const std::string* name = get("partitioner.class");
    const bool ignore_keys = lower(text_or("partitioner.ignore.keys", "false")) == "true";
    std::string chosen = ignore_keys ? "random" : "murmur2_random";
    if (name != nullptr && !name->empty()) {
      if (name->ends_with("UniformStickyPartitioner")) chosen = "random";
      else if (!name->ends_with(".DefaultPartitioner")) {
        throw ConfigException("partitioner.class " + *name +
                              " is not available; leave it unset for Kafka's default partitioner");
      }
    }
    out_.topic["partitioner"] = chosen;
  }

  void consumer() {
    const std::string reset = lower(text_or("auto.offset.reset", "latest"));
    out_.topic["auto.offset.reset"] = reset == "none" ? "error" : reset;
    const bool new_protocol = lower(text_or("group.protocol", "classic")) == "consumer";
    if (!new_protocol) set("partition.assignment.strategy", assignment_strategy());
    set("enable.auto.offset.store", "false");
    set("topic.blacklist", "^__consumer_offsets$,^__transaction_state$");
    session_limits(new_protocol);
    fetch_sizes();
    // Prefetch is bounded per consumer, so that many tasks stay small.
    set("queued.min.messages", "20000");
    set("queued.max.messages.kbytes", "16384");
    set("fetch.queue.backoff.ms", "10");
    get("max.poll.records");
    for (const char* key : {"key.deserializer", "value.deserializer", "exclude.internal.topics"}) {
      get(key);
    }
  }

  std::string assignment_strategy() {
    const std::string* list = get("partition.assignment.strategy");
    if (list == nullptr) return "range";
    std::string chosen;
    for (const std::string& name : split_list(list)) {
      std::string one;
      if (name.ends_with("RangeAssignor")) one = "range";
      else if (name.ends_with("RoundRobinAssignor")) one = "roundrobin";
      else if (name.ends_with("CooperativeStickyAssignor")) one = "cooperative-sticky";
      else if (name.ends_with("StickyAssignor")) one = "range";
      else throw ConfigException("partition.assignment.strategy " + name + " is not available");
      // Eager and cooperative cannot be mixed; Java's default list elects range.
      if (chosen.empty()) chosen = one;
      else if (one != "cooperative-sticky" && chosen != one && chosen != "cooperative-sticky") {
        chosen += "," + one;
      }
    }
    return chosen;
  }

  void session_limits(bool new_protocol) {
    const int64_t session = number("session.timeout.ms").value_or(45'000);
    const int64_t heartbeat = number("heartbeat.interval.ms").value_or(3'000);
    if (!new_protocol) {
      set("session.timeout.ms", std::to_string(std::clamp<int64_t>(session, 1, 3'600'000)));
      set("heartbeat.interval.ms", std::to_string(std::clamp<int64_t>(heartbeat, 1, 3'600'000)));
    }
    const int64_t poll = number("max.poll.interval.ms").value_or(300'000);
    set("max.poll.interval.ms",
        std::to_string(std::clamp<int64_t>(poll, std::min<int64_t>(session, 86'400'000),
                                           86'400'000)));
  }

  void fetch_sizes() {
    constexpr int64_t kMessageMax = 1'000'000;
    const int64_t fetch = std::clamp<int64_t>(number("fetch.max.bytes").value_or(52'428'800), 1000,
                                              2'147'483'135);
    set("fetch.max.bytes", std::to_string(fetch));
    set("message.max.bytes", std::to_string(std::min(fetch, kMessageMax)));
    const int64_t partition = number("max.partition.fetch.bytes").value_or(1'048'576);
    set("max.partition.fetch.bytes",
        std::to_string(std::clamp<int64_t>(partition, 1, 1'000'000'000)));
  }

  std::string text_or(const std::string& key, const std::string& fallback) {
    const std::string* value = get(key);
    return value != nullptr && !value->empty() ? *value : fallback;
  }

  void security() {
    if (const std::string* protocol = get("security.protocol")) {
      set("security.protocol", lower(*protocol));
    }
    sasl();
    tls();
  }

  void sasl() {
    if (const std::string* mechanism = get("sasl.mechanism")) {
      set("sasl.mechanism", upper(*mechanism));
    }
    const std::string* text = get("sasl.jaas.config");
    if (text == nullptr || text->empty()) return;
    const JaasEntry jaas = parse_jaas(*text);
    if (!jaas.module.ends_with("PlainLoginModule") && !jaas.module.ends_with("ScramLoginModule")) {
      throw ConfigException("sasl.jaas.config: login module " + jaas.module +
                            " is not supported; supported are PlainLoginModule and "
                            "ScramLoginModule");
    }
    for (const auto& [option, key] : {std::pair{"username", "sasl.username"},
                                      std::pair{"password", "sasl.password"}}) {
      const std::string* value = find(jaas.options, option);
      if (value == nullptr) {
        throw ConfigException("sasl.jaas.config: " + jaas.module + " needs " + option);
      }
      set(key, *value);
    }
  }

  void tls() {
    const std::string* algorithm = get("ssl.endpoint.identification.algorithm");
    if (algorithm != nullptr) {
      const std::string plain = lower(*algorithm);
      set("ssl.endpoint.identification.algorithm",
          plain.empty() || plain == "\"\"" || plain == "none" ? "none" : "https");
    }
    store("ssl.truststore", "ssl.ca.location");
    store("ssl.keystore", "ssl.certificate.location");
    for (const auto& [java, native] :
         {std::pair{"ssl.truststore.certificates", "ssl.ca.pem"},
          std::pair{"ssl.keystore.certificate.chain", "ssl.certificate.pem"},
          std::pair{"ssl.keystore.key", "ssl.key.pem"},
          std::pair{"ssl.key.password", "ssl.key.password"}}) {
      if (const std::string* value = get(java)) set(native, *value);
    }
  }

  void store(const std::string& prefix, const std::string& native) {
    const std::string* location = get(prefix + ".location");
    const std::string type = upper(text_or(prefix + ".type", "JKS"));
    get(prefix + ".password");
    if (location == nullptr || location->empty()) return;
    if (type != "PEM") {
      throw ConfigException(prefix + ".location " + *location + ": stores of type " + type +
                            " are not supported yet; convert it to PEM and set " + prefix +
                            ".type=PEM");
    }
    set(native, *location);
    if (prefix == "ssl.keystore") set("ssl.key.location", *location);
  }

  // Native settings behind a marker, except those that load code or reach a shell.
  void pass_through() {
    for (const auto& [key, value] : java_) {
      if (!key.starts_with(kNativeMarker)) continue;
      used_.push_back(key);
      const std::string native = key.substr(kNativeMarker.size());
      if (is_denied_native(native)) throw ConfigException(key + " may not be set");
      set(native, value);
    }
  }

  void warn_unknown() {
    const auto& ignored = ignored_client_keys();
    std::vector<std::string> known(used_);
    known.insert(known.end(), ignored.begin(), ignored.end());
    for (const auto& [key, value] : java_) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      if (kind_ == ClientKind::Admin) continue;  // gets the whole worker file
      const auto near = nearest_names(key, known, 1);
      warn("client setting " + key + " is not known and has no effect" +
           (near.empty() ? "" : "; did you mean " + near.front() + "?"));
    }
  }

  ClientKind kind_;
  Properties java_;
  ClientConfig out_;
  std::vector<std::string> used_;
};

}  // namespace

ClientConfig translate(const Properties& java, ClientKind kind) {
  return Translator(java, kind).translate();
}

}  // namespace millrace::kafka
