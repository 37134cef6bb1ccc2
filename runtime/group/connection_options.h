#pragma once
// How the worker's own connections to brokers behave and prove who they are.

#include <chrono>
#include <string>

#include "millrace/properties.h"
#include "runtime/security/client_security.h"

namespace millrace::group {

/// By their worker properties, with the worker's defaults.
struct ConnectionOptions {
  std::string client_id;
  std::chrono::milliseconds setup_timeout{10'000};    // socket.connection.setup.timeout.ms
  std::chrono::milliseconds setup_timeout_max{30'000};
  std::chrono::milliseconds request_timeout{40'000};  // request.timeout.ms
  std::chrono::milliseconds reconnect_backoff{50};    // reconnect.backoff.ms
  std::chrono::milliseconds reconnect_backoff_max{1'000};
  std::chrono::milliseconds max_idle{540'000};        // connections.max.idle.ms; 0: for ever
  security::ClientSecurity security = {};
};

/// Reads the unprefixed properties of a worker, store files too. `client_id` is for workers that set
/// none. Throws ConfigException, which holds no secret.
ConnectionOptions connection_options(const Properties& worker, const std::string& client_id);

}  // namespace millrace::group
