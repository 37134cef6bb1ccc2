#pragma once
// What a client may ask of the server. The Java worker leaves most of these to its container, which
// has no limit for bodies; a worker that must stay small has one for everything.

#include <chrono>
#include <cstddef>

namespace millrace::rest {

struct HttpLimits {
  size_t max_header_bytes = 32 * 1024;               // above: 431
  size_t max_body_bytes = 8 * 1024 * 1024;           // above: 413
  size_t max_pending_body_bytes = 64 * 1024 * 1024;  // of all connections; above: 503
  size_t max_connections = 1024;                     // above: closed at once
  std::chrono::milliseconds idle_timeout{30'000};    // between requests
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte to the last header
  std::chrono::milliseconds body_timeout{60'000};    // for the whole body
  std::chrono::milliseconds write_timeout{30'000};   // for one answer
  std::chrono::milliseconds linger_timeout{1'000};   // for a refused client to read the answer
  size_t max_linger_bytes = 1024 * 1024;
};

}  // namespace millrace::rest
