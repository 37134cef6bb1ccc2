#pragma once
// One HTTP request to a token endpoint, over libcurl. Blocking, no redirects, no proxies, no
// connection is kept.

#include <chrono>
#include <string>

#include "runtime/security/tls_settings.h"

namespace millrace::security {

inline constexpr size_t kMaxAnswerBytes = 1U << 20U;  // of the body

struct HttpRequest {
  std::string url;  // http:// or https://
  SecretText authorization;
  std::string body;  // a form
  // From 1 ms to 24 days; both together are the deadline of the request.
  std::chrono::milliseconds connect_timeout{10'000};  // until TLS is up
  std::chrono::milliseconds read_timeout{10'000};     // for the whole answer
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// Throws ConfigException for a URL or TLS settings that cannot work, and KafkaException that names
/// the URL and why it failed; neither holds a credential. Any thread.
HttpAnswer post(const HttpRequest& request, const TlsSettings& tls);

}  // namespace millrace::security
