#include "runtime/broker/kafka/handles.h"

#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <mutex>

#include "runtime/broker/kafka/oauth_refresh.h"
#include "runtime/metrics/log.h"

namespace millrace::kafka {
namespace {

constexpr size_t kErrorText = 512;

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.clients.NetworkClient");
  return instance;
}

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  constexpr int kSyslogError = 3;
  constexpr int kSyslogWarning = 4;
  const char* name = client != nullptr ? rd_kafka_name(client) : "";
  auto severity = spdlog::level::debug;
  if (level <= kSyslogError) severity = spdlog::level::warn;  // the library heals by itself
  else if (level == kSyslogWarning) severity = spdlog::level::info;
  logger().log(severity, "[{}] {}: {}", name, facility, text);
}

/// Why brokers' certificates were refused, by client. The library's own error does not tell.
class Refusals {
 public:
  void put(const rd_kafka_t* client, std::string reason) {
    const std::lock_guard lock(mutex_);
    if (reasons_.size() >= kMost) reasons_.clear();
    reasons_.insert_or_assign(client, std::move(reason));
  }
  std::string get(const rd_kafka_t* client) {
    const std::lock_guard lock(mutex_);
    const auto found = reasons_.find(client);
    return found != reasons_.end() ? found->second : "";
  }
  void erase(const rd_kafka_t* client) {
    const std::lock_guard lock(mutex_);
    reasons_.erase(client);
  }

 private:
  static constexpr size_t kMost = 256;
  std::mutex mutex_;
  std::map<const rd_kafka_t*, std::string> reasons_;
};

Refusals& refusals() {
  static Refusals all;
  return all;
}

/// Called by a client's thread for each certificate of a broker's chain.
int on_certificate(rd_kafka_t* client, const char* broker, int32_t, int* error, int, const char*,
                   size_t, char* text, size_t size, void*) {
  if (*error == X509_V_OK) return 1;
  std::string reason = X509_verify_cert_error_string(*error);
  std::snprintf(text, size, "%s: %s", broker, reason.c_str());
  refusals().put(client, std::move(reason));
  return 0;
}

constexpr std::string_view kAlert = "SSL alert number";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void set(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
  char text[kErrorText];
  if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), text, sizeof text) !=
      RD_KAFKA_CONF_OK) {
    // The library's text repeats the value, which may be a secret.
    const bool secret = key.find("password") != std::string::npos ||
                        key.find("pem") != std::string::npos ||
                        key.find("secret") != std::string::npos;
    throw ConfigException("setting " + key + " of the Kafka client: " +
                          (secret ? "the value was refused" : text));
  }
}

}  // namespace

Conf make_conf(const ClientConfig& config) {
  Conf conf(rd_kafka_conf_new());
  for (const auto& [key, value] : config.rdkafka) set(conf.get(), key, value);
  for (const auto& [key, value] : config.topic) set(conf.get(), key, value);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  install_token_refresh(conf.get(), config);
  if (config.rdkafka.at("security.protocol").ends_with("ssl")) {
    rd_kafka_conf_set_ssl_cert_verify_cb(conf.get(), on_certificate);
  }
  return conf;
}

void log_warnings(const ClientConfig& config, std::string_view client_id) {
  for (const std::string& warning : config.warnings) logger().warn("[{}] {}", client_id, warning);
}

rd_kafka_t* make_client(rd_kafka_type_t type, Conf conf) {
  char text[kErrorText];
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), text, sizeof text);
  if (client == nullptr) {
    throw KafkaException(std::string("creating a Kafka client: ") + text);
  }
  static_cast<void>(conf.release());  // owned by the client now
  refusals().erase(client);           // of one that lived at the same address
  start_token_refresh(client);
  return client;
}

bool is_refusal(rd_kafka_resp_err_t code, std::string_view reason) noexcept {
  static constexpr std::array<std::string_view, 5> kBroken = {
      "Disconnected", "transport failure", "imed out", "Connection reset", "Broken pipe"};
  if (contains(reason, kAlert)) return true;  // comes as a broken connection with TLS 1.3
  return kind_of(code) == ErrorKind::Authentication &&
         std::none_of(kBroken.begin(), kBroken.end(),
                      [reason](std::string_view text) { return contains(reason, text); });
}

std::string explain(const rd_kafka_t* client, std::string_view reason) {
  constexpr std::string_view kVerify = "certificate verify failed";
  if (contains(reason, kAlert)) {
    return std::string(reason) + "; the broker refused this client's side of TLS: check "
                                 "ssl.keystore.location and ssl.cipher.suites";
  }
  const size_t at = reason.find(kVerify);
  if (at == std::string_view::npos) return std::string(reason);
  const std::string why = refusals().get(client);
  return std::string(reason.substr(0, at + kVerify.size())) + (why.empty() ? "" : ": " + why) +
         "; check ssl.truststore.location and that the broker's certificate has the name in "
         "bootstrap.servers";
}

ErrorKind kind_of(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: return ErrorKind::RecordTooLarge;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED: return ErrorKind::Authentication;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_AUTHORIZATION_FAILED: return ErrorKind::Authorization;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return ErrorKind::Timeout;
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD: return ErrorKind::InvalidRecord;
    default: return ErrorKind::Kafka;
  }
}

RowError row_error(rd_kafka_resp_err_t code, std::string message) {
  return {kind_of(code), Stage::KafkaProduce, std::move(message), {}};
}

void throw_error(const std::string& action, rd_kafka_resp_err_t code, std::string_view reason) {
  if (reason.empty()) reason = rd_kafka_err2str(code);
  throw Error(kind_of(code),
              action + ": " + std::string(reason) + " (" + rd_kafka_err2name(code) + ")");
}

PartitionList make_list(const OffsetMap& offsets) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [tp, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition)->offset =
        raw(offset);
  }
  return list;
}

}  // namespace millrace::kafka
