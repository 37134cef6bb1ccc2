#include "connectors/lakehouse/catalog/rest_settings.h"


#include "connectors/http/url.h"
#include "connectors/lakehouse/table/json_members.h"
#include "millrace/errors.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

constexpr std::string_view kConfig = "the catalog's configuration";
constexpr const char* kDefaultSeparator = "%1F";
constexpr const char* kCredentialsEndpoint =
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials";

std::string value_of(const Properties& settings, std::string_view key) {
  const std::string* value = find(settings, key);
  return value == nullptr ? "" : *value;
}

std::chrono::milliseconds duration_of(const Properties& settings, std::string_view key,
                                      std::chrono::milliseconds fallback) {
  const std::string text = value_of(settings, key);
  if (text.empty()) return fallback;
  const int64_t number = whole_number<int64_t>(text).value_or(0);
  if (number < 1) {
    throw ConfigException("iceberg.catalog." + std::string(key) + ": `" + text +
                          "` is no number of milliseconds above 0");
  }
  return std::chrono::milliseconds(number);
}

std::string checked_uri(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  const bool known = uri.starts_with("http://") || uri.starts_with("https://");
  // A user or a password would be shown in messages.
  if (known && uri.find_first_of("@?#") == std::string::npos) return uri;
  throw ConfigException(
      "iceberg.catalog.uri: it must have the form https://host[:port][/path]; give credentials in "
      "iceberg.catalog.credential or iceberg.catalog.token");
}

void check_supported(const Properties& settings) {
  if (to_lower(value_of(settings, "rest.sigv4-enabled")) == "true" ||
      value_of(settings, "rest.auth.type") == "sigv4") {
    throw ConfigException(
        "iceberg.catalog.rest.sigv4-enabled: requests to catalogs are not signed "
        "here; use a catalog with OAuth2 or a token");
  }
  const std::string auth = value_of(settings, "rest.auth.type");
  if (auth.empty() || auth == "none" || auth == "basic" || auth == "oauth2") return;
  throw ConfigException("iceberg.catalog.rest.auth.type: `" + auth +
                        "` is not supported; it must be none, basic or oauth2");
}

/// What follows from `all`.
RestSettings derived(Properties all) {
  check_supported(all);
  RestSettings made;
  made.uri = checked_uri(value_of(all, "uri"));
  made.prefix = value_of(all, "prefix");
  made.separator = value_of(all, "namespace-separator");
  if (made.separator.empty()) made.separator = kDefaultSeparator;
  // Servers give it encoded.
  if (made.separator.find('%') == std::string::npos) {
    made.separator = http::percent_encoded(made.separator);
  }
  made.warehouse = value_of(all, "warehouse");
  for (const auto& [name, value] : with_prefix(all, "header.")) {
    made.headers.emplace_back(name, value);
  }
  made.timeout = duration_of(all, "rest.client.socket-timeout-ms", made.timeout);
  made.all = std::move(all);
  return made;
}

void overlay(Properties& settings, const Json& config, std::string_view member, bool wins) {
  const Json* given = members::find(config, member, kConfig);
  if (given == nullptr) return;
  for (const auto& [name, value] : given->items()) {
    if (!value.is_string()) continue;
    if (wins) {
      settings[name] = value.get<std::string>();
    } else {
      settings.try_emplace(name, value.get<std::string>());
    }
  }
}

bool has_endpoint(const Json& config, const char* endpoint, bool unless_told) {
  const Json* endpoints = members::find(config, "endpoints", kConfig);
  if (endpoints == nullptr || !endpoints->is_array()) return unless_told;
  for (const Json& one : *endpoints) {
    if (one == endpoint) return true;
  }
  return false;
}

}  // namespace

RestSettings rest_settings(const Properties& settings) {
  if (value_of(settings, "uri").empty()) {
    throw ConfigException("iceberg.catalog.uri: missing; it must name the REST catalog's address");
  }
  return derived(settings);
}

RestSettings with_server_config(const RestSettings& own, const Json& config) {
  Properties all = own.all;
  overlay(all, config, "defaults", false);
  overlay(all, config, "overrides", true);
  RestSettings made = derived(std::move(all));
  made.has_idempotency_keys = members::find(config, "idempotency-key-lifetime", kConfig) != nullptr;
  made.has_credentials_path = has_endpoint(config, kCredentialsEndpoint, false);
  return made;
}

http::HttpOptions http_options(const RestSettings& settings) {
  http::HttpOptions options;
  options.ca_file = value_of(settings.all, "ssl.cabundle");
  options.connect_timeout =
      duration_of(settings.all, "rest.client.connection-timeout-ms", options.connect_timeout);
  return options;
}

}  // namespace millrace::lakehouse
