#pragma once
// Addresses the server listens on (connect-rest-api.md §6.1).

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::rest {

struct Listener {
  bool secure = false;
  std::string host;   // empty: all interfaces; IPv6 without brackets
  uint16_t port = 0;  // 0: any free one

  bool operator==(const Listener&) const = default;
};

/// Parses `http|https://[host]:port`. Throws ConfigException in Kafka's words.
Listener parse_listener(std::string_view url);
std::string to_string(const Listener& listener);
/// The host as it stands in a URL: IPv6 in brackets.
std::string url_host(const std::string& host);

}  // namespace millrace::rest
