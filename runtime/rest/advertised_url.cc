#include "runtime/rest/advertised_url.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/rest/http_types.h"

namespace millrace::rest {
namespace {

constexpr const char* kLoopback = "127.0.0.1";

const Listener& advertised_listener(const RestConfig& config, const std::vector<Listener>& bound) {
  const auto of_kind = [&](bool secure) {
    return std::find_if(bound.begin(), bound.end(),
                        [&](const Listener& one) { return one.secure == secure; });
  };
  const bool any_http = of_kind(false) != bound.end();
  const std::string scheme = config.advertised_listener.value_or(any_http ? "http" : "https");
  const bool secure = equal_ignoring_case(scheme, "https");
  const auto found = of_kind(secure);
  if (found != bound.end() && (secure || equal_ignoring_case(scheme, "http"))) return *found;
  throw ConfigException("Invalid value " + scheme +
                        " for configuration rest.advertised.listener: no listener of that kind in "
                        "'listeners'");
}

}  // namespace

std::string AdvertisedUrl::url() const {
  return std::string(secure ? "https" : "http") + "://" + worker_id() + "/";
}

std::string AdvertisedUrl::worker_id() const {
  return host + ":" + std::to_string(port);
}

AdvertisedUrl advertised_url(const RestConfig& config, const std::vector<Listener>& bound) {
  const Listener& listener = advertised_listener(config, bound);
  AdvertisedUrl result;
  result.secure = listener.secure;
  std::string host = config.advertised_host_name.value_or("");
  if (host.empty()) host = listener.host;
  if (host.empty()) host = local_host_address();
  result.host = url_host(host);
  result.port =
      config.advertised_port ? static_cast<uint16_t>(*config.advertised_port) : listener.port;
  return result;
}

std::string local_host_address() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return kLoopback;
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(name, nullptr, &hints, &found) != 0) return kLoopback;
  char text[INET_ADDRSTRLEN] = {};
  const auto* address = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  const char* shown = inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
  freeaddrinfo(found);
  return shown != nullptr ? shown : kLoopback;
}

}  // namespace millrace::rest
