#pragma once
// The address this worker gives to others (connect-rest-api.md §6.1).

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/rest/listener.h"
#include "runtime/rest/rest_config.h"

namespace millrace::rest {

struct AdvertisedUrl {
  bool secure = false;
  std::string host;  // IPv6 in brackets
  uint16_t port = 0;

  std::string url() const;        // http://host:port/
  std::string worker_id() const;  // host:port
};

/// `bound` are the main listeners with the ports they got. Throws ConfigException when the wanted
/// kind of listener is not there.
AdvertisedUrl advertised_url(const RestConfig& config, const std::vector<Listener>& bound);
/// Address of this host by its own name, as Java finds it; 127.0.0.1 when there is none.
std::string local_host_address();

}  // namespace millrace::rest
