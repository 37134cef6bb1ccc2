#pragma once
// HTTP for catalogs and object stores, over libcurl: HTTP/1.1, no redirects, no proxies.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/errors.h"

namespace millrace::http {

struct HttpOptions {
  std::string ca_file = {};                           // PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{10'000};  // until TLS is up
};

struct HttpRequest {
  std::string method;
  std::string url;  // sent as it is
  std::vector<std::pair<std::string, std::string>> headers =
      {};                                     // may be secret: never in messages
  std::string_view body = {};                 // must outlive the call
  std::chrono::milliseconds timeout{60'000};  // for the whole answer
  size_t most_bytes = size_t{16} << 20;       // of the answer's body
  bool accept_gzip = false;
  /// Must not be sent twice: goes over a connection of its own, because libcurl repeats a request
  /// when a connection that it kept turns out to be closed.
  bool only_once = false;
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers = {};  // names in lower case
  std::string body = {};

  /// nullptr: there is none.
  const std::string* header(std::string_view name) const;
};

/// No answer, or only a part of one. Retriable but for what will not pass by itself (a certificate
/// that is refused).
class HttpFailure : public Error {
 public:
  HttpFailure(ErrorKind kind, const std::string& message, bool maybe_sent)
      : Error(kind, message), maybe_sent_(maybe_sent) {}
  /// The server may have done what the request says. False: it cannot have seen it.
  bool maybe_sent() const noexcept { return maybe_sent_; }

 private:
  bool maybe_sent_;
};

/// Thread-safe. Keeps connections.
class HttpClient {
 public:
  static constexpr size_t kMaxKept = 16;  // connections that wait for the next request

  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();

  /// Blocks. Throws HttpFailure, and ConfigException for a URL that cannot be.
  HttpResponse send(const HttpRequest& request);

 private:
  struct Handle;
  std::unique_ptr<Handle> take();
  void give_back(std::unique_ptr<Handle> handle);

  const HttpOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

/// What messages call a URL: without a query.
std::string url_for_messages(std::string_view url);

}  // namespace millrace::http
