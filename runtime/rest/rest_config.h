#pragma once
// REST settings of a worker (connect-configs.md §4, connect-rest-api.md §6).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"

namespace millrace::rest {

/// One entry of `listeners`.
struct ListenerUrl {
  bool tls = false;
  std::string host;   // empty: all addresses
  uint16_t port = 0;  // 0: the system chooses
};

/// PEM files of an HTTPS listener.
struct TlsFiles {
  std::string certificate_chain;
  std::string private_key;
  Password key_password;
  std::string trusted;      // empty: no client certificates are checked
  std::string client_auth = "none";
};

struct RestConfig {
  std::vector<std::string> listeners{"http://:8083"};
  std::optional<std::string> advertised_host;
  std::optional<int32_t> advertised_port;
  std::optional<std::string> advertised_listener;
  std::optional<std::vector<std::string>> admin_listeners;
  std::vector<std::string> extension_classes;
  std::string allow_origin;
  std::string allow_methods;
  std::string response_headers;

  static const ConfigDef<RestConfig>& def();
  /// Throws ConfigException for anything that Kafka refuses too.
  static RestConfig parse_worker(const Properties& worker);
};

/// Throws ConfigException: `Listener doesn't have the right format (protocol://hostname:port).`
ListenerUrl parse_listener(const std::string& url);

/// TLS settings: `PREFIX` + `ssl.*` when at least one such key exists, else plain `ssl.*`.
TlsFiles tls_files(const Properties& worker, const std::string& prefix);

/// One rule of `response.http.headers.config`.
struct HeaderRule {
  bool replace = false;  // set, setDate
  bool date = false;     // value is milliseconds from now
  std::string name;
  std::string value;
};
std::vector<HeaderRule> parse_header_rules(const std::string& text);

/// host:port under which others reach this worker.
struct AdvertisedAddress {
  std::string url;
  std::string worker_id;
};
AdvertisedAddress advertised_address(const RestConfig& config, uint16_t bound_http_port,
                                     uint16_t bound_https_port);

}  // namespace millrace::rest
