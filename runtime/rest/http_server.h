#pragma once
// HTTP/1.1 server: acceptors and connections on the io_context of the control thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "runtime/rest/http_limits.h"
#include "runtime/rest/http_types.h"
#include "runtime/rest/listener.h"

namespace millrace::rest {

/// Control thread only, destructor included, which closes everything at once. The io_context
/// outlives the server and every Respond it handed out.
class HttpServer {
 public:
  explicit HttpServer(boost::asio::io_context& io, HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds and accepts; requests go to `handler`. `tls` only for secure listeners. Gives the bound
  /// port. Throws ConnectException that names the address when it cannot be bound.
  uint16_t listen(const Listener& listener, HttpHandler handler,
                  std::shared_ptr<boost::asio::ssl::context> tls = nullptr);

  /// Stops accepting, closes idle connections and lets running requests finish for at most `limit`,
  /// then closes the rest. `done` is called once, never inside this call. Called again, the later
  /// limit and `done` take the place of the earlier ones.
  void stop(std::chrono::milliseconds limit, std::function<void()> done);

  size_t connections() const noexcept;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with the coroutines, which may end later
};

}  // namespace millrace::rest
