#include "runtime/rest/peer_url.h"

#include <algorithm>
#include <charconv>

#include "runtime/rest/http_types.h"
#include "runtime/rest/listener.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kSchemeEnd = "://";

bool is_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

/// Whether `text` may stand in a request line as it is.
bool is_target(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == '#' || c == '\x7F') return false;
  }
  return true;
}

bool split_authority(std::string_view text, PeerUrl& out) {
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  const size_t colon = text.find(':', bracket);
  std::string_view host = text.substr(0, colon);
  if (bracket != 0) {
    if (host.size() != bracket + 1) return false;
    host = host.substr(1, bracket - 1);
  }
  if (colon != std::string_view::npos) out.port = std::string(text.substr(colon + 1));
  out.host = std::string(host);
  return !host.empty() && is_target(host) && host.find('@') == std::string_view::npos &&
         is_port(out.port);
}

}  // namespace

std::string PeerUrl::authority() const {
  return url_host(host) + ":" + port;
}

std::optional<PeerUrl> parse_peer_url(std::string_view url) {
  const size_t scheme_end = url.find(kSchemeEnd);
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = url.substr(0, scheme_end);
  const std::string_view rest = url.substr(scheme_end + kSchemeEnd.size());
  PeerUrl result;
  result.secure = equal_ignoring_case(scheme, "https");
  if (!result.secure && !equal_ignoring_case(scheme, "http")) return std::nullopt;
  result.port = result.secure ? "443" : "80";
  const size_t target = std::min(rest.find_first_of("/?"), rest.size());
  if (!split_authority(rest.substr(0, target), result)) return std::nullopt;
  result.target = std::string(rest.substr(target));
  if (!result.target.starts_with('/')) result.target.insert(0, 1, '/');
  if (!is_target(result.target)) return std::nullopt;
  return result;
}

std::string below(std::string_view base, std::string_view path) {
  if (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base) + std::string(path);
}

}  // namespace millrace::rest
