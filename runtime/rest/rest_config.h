#pragma once
// Settings of the REST server (connect-configs.md §4, "REST keys"). The worker's configuration
// includes these rows; the server gets the parsed struct.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config_def.h"
#include "millrace/properties.h"

namespace millrace::rest {

/// `ssl.*` of the worker or of one listener prefix.
struct TlsConfig {
  std::string client_auth = "none";
  std::string protocol = "TLSv1.3";
  std::vector<std::string> enabled_protocols = {"TLSv1.2", "TLSv1.3"};
  std::optional<std::string> provider;
  std::optional<std::vector<std::string>> cipher_suites;
  std::string keystore_type = "JKS";
  std::optional<std::string> keystore_location;
  std::optional<Password> keystore_password;
  std::optional<Password> keystore_key;
  std::optional<Password> keystore_certificate_chain;
  std::optional<Password> key_password;
  std::string truststore_type = "JKS";
  std::optional<std::string> truststore_location;
  std::optional<Password> truststore_password;
  std::optional<Password> truststore_certificates;
  std::string keymanager_algorithm = "SunX509";
  std::string trustmanager_algorithm = "PKIX";
  std::string endpoint_identification_algorithm = "https";
  std::optional<std::string> secure_random_implementation;
  std::optional<std::string> engine_factory_class;
};

struct RestConfig {
  std::vector<std::string> listeners = {"http://:8083"};
  std::optional<std::string> advertised_host_name;
  std::optional<int32_t> advertised_port;
  std::optional<std::string> advertised_listener;
  std::optional<std::vector<std::string>> admin_listeners;  // unset: the main ones; empty: off
  std::vector<std::string> extension_classes;
  std::string access_control_allow_origin;
  std::string access_control_allow_methods;
  std::string response_http_headers;
  TlsConfig tls;        // not a row: from `ssl.*` or `listeners.https.*`
  TlsConfig admin_tls;  // from `ssl.*` or `admin.listeners.https.*`
};

/// Rows of RestConfig, without the `ssl.*` keys. Built once; any thread.
const ConfigDef<RestConfig>& rest_config_def();
/// Rows of the `ssl.*` keys.
const ConfigDef<TlsConfig>& tls_config_def();
/// Both, as the worker's configuration includes them.
const ConfigDefinition& rest_config_definition();

/// Throws ConfigException on the first bad key. A single key with a listener prefix hides all plain
/// `ssl.*` keys from that server (connect-configs.md §12).
RestConfig parse_rest_config(const Properties& properties);

/// Throws for extensions this worker does not have, so that no one believes to be protected by one.
void refuse_extensions(const RestConfig& config);

}  // namespace millrace::rest
