#pragma once
// One HTTP request to a token endpoint. Blocking, no redirects, no proxies, no connection is kept.

#include <chrono>
#include <string>

#include "runtime/security/tls_settings.h"

namespace millrace::security {

inline constexpr size_t kMaxAnswerBytes = 1U << 20U;

struct HttpRequest {
  std::string url;  // http:// or https://
  SecretText authorization;
  std::string body;  // a form
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds read_timeout{10'000};  // for the whole answer
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// Throws KafkaException that names the URL and why it failed. Any thread.
HttpAnswer post(const HttpRequest& request, const TlsSettings& tls);

/// Parts of a URL; an address in brackets comes without them. Throws ConfigException.
struct HttpUrl {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path;
};
HttpUrl parse_http_url(const std::string& url);

/// Status and body of a whole answer as it came; undoes chunks. Throws KafkaException when it is no
/// answer of HTTP/1.
HttpAnswer parse_http_answer(const std::string& bytes, const std::string& url);

}  // namespace millrace::security
