#include "runtime/broker/kafka/oauth_refresh.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/broker/kafka/handles.h"
#include "runtime/metrics/log.h"
#include "runtime/security/token_source.h"

namespace millrace::kafka {
namespace {

using security::OAuthSettings;
using security::OAuthToken;
using security::TokenSource;

constexpr const char* kConfigKey = "sasl.oauthbearer.config";

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule");
  return instance;
}

/// Clients with equal settings share a source and its token. Sources go by the number that travels in
/// a client's configuration, because the opaque pointer of a client is its owner's.
class Sources {
 public:
  size_t index_of(const OAuthSettings& settings) {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < all_.size(); ++i) {
      if (all_[i]->settings() == settings) return i;
    }
    all_.push_back(std::make_unique<TokenSource>(settings));
    return all_.size() - 1;
  }
  TokenSource& at(size_t index) {
    const std::lock_guard lock(mutex_);
    return *all_.at(index);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<TokenSource>> all_;
};

Sources& sources() {
  static Sources all;
  return all;
}

void set_token(rd_kafka_t* client, const OAuthToken& token, const Properties& extensions) {
  std::vector<const char*> pairs;
  for (const auto& [name, value] : extensions) {
    pairs.push_back(name.c_str());
    pairs.push_back(value.c_str());
  }
  char text[512];
  if (rd_kafka_oauthbearer_set_token(client, token.text.value().c_str(), token.expires_ms,
                                     token.principal.c_str(), pairs.data(), pairs.size(), text,
                                     sizeof text) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw KafkaException(std::string("using the token: ") + text);
  }
}

void on_refresh(rd_kafka_t* client, const char* index, void*) {
  try {
    TokenSource& source = sources().at(std::stoul(index));
    std::string warning;
    const OAuthToken token = source.token(warning);
    if (!warning.empty()) logger().warn("{}", warning);
    set_token(client, token, source.settings().extensions);
  } catch (const std::exception& error) {
    rd_kafka_oauthbearer_set_token_failure(client, error.what());
  }
}

}  // namespace

void install_token_refresh(rd_kafka_conf_t* conf, const ClientConfig& config) {
  if (!config.oauth) return;
  const std::string index = std::to_string(sources().index_of(*config.oauth));
  rd_kafka_conf_set(conf, kConfigKey, index.c_str(), nullptr, 0);
  rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, on_refresh);
  rd_kafka_conf_enable_sasl_queue(conf, 1);
}

void start_token_refresh(rd_kafka_t* client) {
  char index[32];
  size_t size = sizeof index;
  if (rd_kafka_conf_get(rd_kafka_conf(client), kConfigKey, index, &size) != RD_KAFKA_CONF_OK ||
      index[0] == '\0') {
    return;
  }
  const KafkaError error(rd_kafka_sasl_background_callbacks_enable(client));
  if (error) {
    throw KafkaException(std::string("starting to fetch tokens: ") +
                         rd_kafka_error_string(error.get()));
  }
}

}  // namespace millrace::kafka
