#pragma once
// Tokens for OAUTHBEARER from our own fetcher (runtime/security/oauth.h) to librdkafka, which asks
// for a new one before the last expires.

#include <librdkafka/rdkafka.h>

#include "runtime/broker/kafka/java_client_config.h"

namespace millrace::kafka {

/// Before rd_kafka_new. Sources are kept for the life of the process, one per different settings.
void install_token_refresh(rd_kafka_conf_t* conf, const ClientConfig& config);

/// After rd_kafka_new: tokens are fetched on the client's own background thread.
void start_token_refresh(rd_kafka_t* client);

}  // namespace millrace::kafka
