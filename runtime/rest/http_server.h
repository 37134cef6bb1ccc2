#pragma once
// HTTP/1.1 server on the control thread's io_context. The only file that includes Beast is its
// implementation.

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/rest/http_message.h"
#include "runtime/rest/rest_config.h"

namespace millrace::rest {

/// Limits of the server; slow and hostile clients cost a bounded amount each.
struct HttpLimits {
  static constexpr uint32_t kHeaderBytes = 32 * 1024;
  static constexpr uint64_t kBodyBytes = 16 * 1024 * 1024;
  static constexpr size_t kConnections = 1024;
  static constexpr int kIdleSeconds = 30;      // between requests, and for a whole header
  static constexpr int kBodySeconds = 30;      // for a whole body
  static constexpr int kWriteSeconds = 30;     // for a whole response
};

/// One listening socket. Control thread only.
class HttpServer {
 public:
  /// Binds at once; throws ConfigException when the address cannot be used. `tls` only for https.
  HttpServer(boost::asio::io_context& io, const ListenerUrl& listener, const TlsFiles* tls,
             HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const noexcept;
  void start();
  /// Stops accepting and closes idle connections; requests under way are answered first.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace millrace::rest
