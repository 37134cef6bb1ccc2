#include "runtime/rest/listener.h"

#include <charconv>

#include "millrace/errors.h"
#include "runtime/rest/http_types.h"

namespace millrace::rest {
namespace {

[[noreturn]] void bad_format() {
  throw ConfigException("Listener doesn't have the right format (protocol://hostname:port).");
}

bool is_host(std::string_view host) {
  for (const char c : host) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alphanumeric && std::string_view("-%._:").find(c) == std::string_view::npos) return false;
  }
  return true;
}

uint16_t parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) bad_format();
  return port;
}

}  // namespace

Listener parse_listener(std::string_view url) {
  url = trim(url);
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) bad_format();
  const std::string_view scheme = url.substr(0, scheme_end);
  const std::string_view rest = url.substr(scheme_end + 3);
  const size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) bad_format();
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!is_host(host)) bad_format();
  const bool secure = equal_ignoring_case(scheme, "https");
  if (!secure && !equal_ignoring_case(scheme, "http")) {
    throw ConfigException("Listener protocol must be either \"http\" or \"https\".");
  }
  return {secure, std::string(host), parse_port(rest.substr(colon + 1))};
}

std::string url_host(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string to_string(const Listener& listener) {
  return std::string(listener.secure ? "https" : "http") + "://" + url_host(listener.host) + ":" +
         std::to_string(listener.port);
}

}  // namespace millrace::rest
