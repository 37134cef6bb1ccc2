#include "runtime/broker/kafka/handles.h"

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
  return client;
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
