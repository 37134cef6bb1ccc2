#pragma once
// A blocking client that can send anything, for tests.

#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::rest {

struct ClientResponse {
  int status = 0;                              // 0: the connection ended first
  std::map<std::string, std::string> headers;  // names in lower case; repeated ones joined
  std::string body;
};

/// One connection to 127.0.0.1. Every wait ends after kClientPatience, which fails the caller's
/// expectations instead of hanging.
class HttpClient {
 public:
  static constexpr int kClientPatienceSeconds = 20;

  explicit HttpClient(uint16_t port);
  /// Speaks TLS; `tls` outlives the client. ok() is false when the handshake failed.
  HttpClient(uint16_t port, SSL_CTX* tls);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  bool ok() const noexcept { return ok_; }
  /// False when the peer is gone.
  bool send(std::string_view bytes);
  /// The next answer; `head`: it has no body whatever its headers say.
  ClientResponse receive(bool head = false);
  /// Up to and including `end`; shorter when the connection ended.
  std::string receive_until(std::string_view end);
  /// True when the peer closes (or resets) without sending anything more.
  bool is_closed();
  ClientResponse call(std::string_view method, std::string_view target, std::string_view body = {},
                      std::string_view headers = {});
  void close();

 private:
  bool fill();

  int fd_ = -1;
  bool ok_ = false;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};
  std::string buffer_;
};

}  // namespace millrace::rest
