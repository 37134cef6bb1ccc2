#pragma once
// Calls of other workers over HTTP/1.1 (RestClient, connect-rest-api.md §4): one connection each,
// no redirects, no second attempt.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "runtime/herder/peer_client.h"
#include "runtime/rest/rest_config.h"

namespace millrace::rest {

struct PeerLimits {
  std::chrono::milliseconds connect_timeout{10'000};  // look-up, connection and TLS handshake
  /// From call() to the whole answer, waiting for a free place included. Longer than the 90 s after
  /// which a worker says by itself that a request timed out.
  std::chrono::milliseconds call_timeout{95'000};
  size_t max_header_bytes = 32 * 1024;
  size_t max_answer_bytes = 8 * 1024 * 1024;  // of the body
  size_t max_parallel = 16;                   // connections at once
  size_t max_waiting = 256;                   // calls that wait for one of these
};

struct PeerClientOptions {
  TlsConfig tls;  // that of the main listeners; read at the first https call
  std::string signature_algorithm = "HmacSHA256";
  PeerLimits limits = {};
};

/// Control thread only; `io` is run by it and outlives the client. At the end of the client open
/// calls are cut, and their callbacks are dropped uncalled.
class HttpPeerClient final : public PeerClient {
 public:
  explicit HttpPeerClient(boost::asio::io_context& io, PeerClientOptions options = {});
  ~HttpPeerClient() override;
  HttpPeerClient(const HttpPeerClient&) = delete;
  HttpPeerClient& operator=(const HttpPeerClient&) = delete;

  /// Fails with a ConnectException, or a ConfigException when the settings of TLS cannot work.
  void call(PeerRequest request, Callback<PeerAnswer> done) override;

  size_t connections() const noexcept;
  size_t waiting() const noexcept;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with calls whose look-up ends later
};

}  // namespace millrace::rest
