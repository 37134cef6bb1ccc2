#pragma once
// One connection: reads requests one after another, asks the handler, writes the answers.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>

#include "runtime/rest/http_limits.h"
#include "runtime/rest/http_types.h"

namespace millrace::rest {

/// What a connection shares with its server.
struct SessionContext {
  HttpLimits limits;
  HttpHandler handler;
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: plain
  std::shared_ptr<size_t> pending_body_bytes;      // of all connections of the server
};

/// Control thread only.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  /// Serves until the connection ends. Never throws.
  virtual boost::asio::awaitable<void> run() = 0;
  /// Ends after the running request, or at once when there is none.
  virtual void finish() = 0;
  /// Ends now.
  virtual void abort() = 0;
};

std::shared_ptr<HttpSession> make_session(boost::asio::ip::tcp::socket socket,
                                          SessionContext context);

}  // namespace millrace::rest
