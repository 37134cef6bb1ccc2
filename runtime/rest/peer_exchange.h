#pragma once
// One request to another worker and its answer, on a connection of its own.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/herder/peer_client.h"
#include "runtime/rest/http_types.h"
#include "runtime/rest/peer_url.h"

namespace millrace::rest {

/// What is sent, and how much may come back.
struct PeerMessage {
  PeerUrl url;
  std::string method;
  std::string body;
  HttpHeaders headers;  // beside Host, Connection and Content-Length
  size_t max_header_bytes = 0;
  size_t max_answer_bytes = 0;
};

/// Control thread only.
class PeerExchange {
 public:
  virtual ~PeerExchange() = default;
  /// Throws ConnectException that says what failed, without the URL.
  virtual boost::asio::awaitable<PeerAnswer> run() = 0;
  /// Ends run() soon, with an exception.
  virtual void abort() = 0;
  /// True once the connection, TLS included, is there.
  virtual bool connected() const noexcept = 0;
  /// Called when connected() becomes true.
  std::function<void()> on_connected;
};

/// `tls` for https, else null.
std::shared_ptr<PeerExchange> make_peer_exchange(boost::asio::any_io_executor executor,
                                                 PeerMessage message,
                                                 std::shared_ptr<boost::asio::ssl::context> tls,
                                                 bool check_host_name);

}  // namespace millrace::rest
