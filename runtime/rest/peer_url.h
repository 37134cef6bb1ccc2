#pragma once
// Addresses of other workers' REST API.

#include <optional>
#include <string>
#include <string_view>

namespace millrace::rest {

struct PeerUrl {
  bool secure = false;
  std::string host;  // IPv6 without brackets
  std::string port;
  std::string target;  // path and query

  /// Value of the Host header.
  std::string authority() const;
};

/// `http|https://host[:port][/path][?query]`; nullopt for anything else, users and fragments
/// included.
std::optional<PeerUrl> parse_peer_url(std::string_view url);

/// `path`, which begins with a slash, below the advertised URL of a worker.
std::string below(std::string_view base, std::string_view path);

}  // namespace millrace::rest
