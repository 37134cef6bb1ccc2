#include "runtime/rest/rest_config.h"

#include <algorithm>

#include "runtime/rest/header_rules.h"
#include "runtime/rest/http_types.h"

namespace millrace::rest {
namespace {

using Rest = RestConfig;
using Tls = TlsConfig;

constexpr std::string_view kBasicAuth =
    "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension";

ConfigValidator url_list(std::string key, bool may_be_empty) {
  return {[key = std::move(key), may_be_empty](const ConfigValue& value) -> std::string {
            const auto* urls = std::get_if<std::vector<std::string>>(&value);
            if (urls == nullptr || urls->empty()) {
              if (may_be_empty) return {};
              return "at least one URL is expected, ex: "
                     "http://localhost:8080,https://localhost:8443.";
            }
            const bool blank = std::any_of(urls->begin(), urls->end(),
                                           [](const auto& url) { return trim(url).empty(); });
            return blank ? "Empty URL found when parsing " + key + " list." : "";
          },
          "List of comma-separated URLs, ex: http://localhost:8080,https://localhost:8443."};
}

ConfigValidator header_rules() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr) return "";
            try {
              static_cast<void>(parse_header_rules(*text));
            } catch (const ConfigException& e) {
              return e.what();
            }
            return "";
          },
          "Comma-separated header rules, where each header rule is of the form '[action] [header "
          "name]:[header value]' and optionally surrounded by double quotes if any part of a "
          "header rule contains a comma"};
}

KeySpec low(std::string name, std::string doc) {
  return {.name = std::move(name), .importance = Importance::Low, .doc = std::move(doc)};
}

KeySpec low(std::string name, std::string doc, ConfigValidator validator) {
  KeySpec spec = low(std::move(name), std::move(doc));
  spec.validator = std::move(validator);
  return spec;
}

KeySpec tls_key(std::string name, Importance importance, std::string doc) {
  return {.name = std::move(name), .importance = importance, .doc = std::move(doc)};
}

ConfigDef<Rest> make_rest_def() {
  ConfigDef<Rest> def;
  def.optional(&Rest::listeners,
               low("listeners",
                   "URLs the REST API listens on: http or https, an empty host for "
                   "all interfaces, port 0 for any free one.",
                   url_list("listeners", false)))
      .optional(&Rest::advertised_host_name, low("rest.advertised.host.name",
                                                 "Host that other workers and status answers use "
                                                 "for this worker."))
      .optional(&Rest::advertised_port, low("rest.advertised.port", "Port that goes with it."))
      .optional(&Rest::advertised_listener,
                low("rest.advertised.listener", "Which listener is advertised: http or https."))
      .optional(&Rest::admin_listeners, low("admin.listeners",
                                            "URLs for the admin endpoints. Unset: the ordinary "
                                            "listeners; empty: no admin endpoints.",
                                            url_list("admin.listeners", true)))
      .optional(&Rest::extension_classes,
                low("rest.extension.classes", "Classes that extend the REST API."))
      .optional(&Rest::access_control_allow_origin,
                low("access.control.allow.origin",
                    "Origins that browsers may call from: *, exact "
                    "origins or patterns with *, separated by commas."))
      .optional(&Rest::access_control_allow_methods,
                low("access.control.allow.methods",
                    "Methods allowed for these origins; empty: "
                    "GET, POST and HEAD."))
      .optional(
          &Rest::response_http_headers,
          low("response.http.headers.config", "Headers added to every answer.", header_rules()));
  return def;
}

ConfigDef<Tls> make_tls_def() {
  using enum Importance;
  ConfigDef<Tls> def;
  KeySpec auth = low("ssl.client.auth",
                     "Whether clients of https listeners must show a "
                     "certificate.",
                     one_of({"required", "requested", "none"}));
  def.optional(&Tls::client_auth, std::move(auth))
      .optional(&Tls::protocol, tls_key("ssl.protocol", Medium, "Preferred TLS version."))
      .optional(&Tls::provider, tls_key("ssl.provider", Medium, "Security provider; unused."))
      .optional(&Tls::cipher_suites, tls_key("ssl.cipher.suites", Low, "Allowed cipher suites."))
      .optional(&Tls::enabled_protocols,
                tls_key("ssl.enabled.protocols", Medium, "Allowed TLS versions."))
      .optional(&Tls::keystore_type,
                tls_key("ssl.keystore.type", Medium, "Format of the key store: PEM, PKCS12 or JKS; its content decides."))
      .optional(&Tls::keystore_location,
                tls_key("ssl.keystore.location", High, "File with key and certificate chain."))
      .optional(&Tls::keystore_password,
                tls_key("ssl.keystore.password", High, "Password of the key store."))
      .optional(&Tls::key_password,
                tls_key("ssl.key.password", High, "Password of the private key."))
      .optional(&Tls::keystore_key,
                tls_key("ssl.keystore.key", High, "Private key as PEM text; clients only."))
      .optional(&Tls::keystore_certificate_chain,
                tls_key("ssl.keystore.certificate.chain", High,
                        "Certificate chain as PEM text; clients only."))
      .optional(&Tls::truststore_certificates,
                tls_key("ssl.truststore.certificates", High,
                        "Trusted certificates as PEM text; clients only."))
      .optional(&Tls::truststore_type,
                tls_key("ssl.truststore.type", Medium, "Format of the trust store."))
      .optional(&Tls::truststore_location,
                tls_key("ssl.truststore.location", High, "File with trusted certificates."))
      .optional(&Tls::truststore_password,
                tls_key("ssl.truststore.password", High, "Password of the trust store."))
      .optional(&Tls::keymanager_algorithm,
                tls_key("ssl.keymanager.algorithm", Low, "Key manager algorithm; unused."))
      .optional(&Tls::trustmanager_algorithm,
                tls_key("ssl.trustmanager.algorithm", Low, "Trust manager algorithm; unused."))
      .optional(&Tls::endpoint_identification_algorithm,
                tls_key("ssl.endpoint.identification.algorithm", Low,
                        "How clients check host names; empty: not at all."))
      .optional(&Tls::secure_random_implementation,
                tls_key("ssl.secure.random.implementation", Low, "Random source; unused."))
      .optional(&Tls::engine_factory_class,
                tls_key("ssl.engine.factory.class", Low, "TLS engine factory; unused."));
  return def;
}

/// All or nothing: one prefixed key hides every plain one.
Tls parse_tls(const Properties& properties, std::string_view prefix) {
  const Properties prefixed = with_prefix(properties, prefix);
  return tls_config_def().parse(prefixed.empty() ? properties : prefixed);
}

}  // namespace

const ConfigDef<RestConfig>& rest_config_def() {
  static const auto def = make_rest_def();
  return def;
}

const ConfigDef<TlsConfig>& tls_config_def() {
  static const auto def = make_tls_def();
  return def;
}

const ConfigDefinition& rest_config_definition() {
  static const ConfigDefinition both = [] {
    ConfigDefinition definition = rest_config_def().definition();
    definition.add_missing(tls_config_def().definition());
    return definition;
  }();
  return both;
}

RestConfig parse_rest_config(const Properties& properties) {
  RestConfig config = rest_config_def().parse(properties);
  config.tls = parse_tls(properties, "listeners.https.");
  config.admin_tls = parse_tls(properties, "admin.listeners.https.");
  return config;
}

void refuse_extensions(const RestConfig& config) {
  for (const auto& name : config.extension_classes) {
    if (name == kBasicAuth || name == "BasicAuthSecurityRestExtension") {
      throw ConnectException("The REST extension " + name +
                             " is not supported; remove it from 'rest.extension.classes' and "
                             "protect the REST API by other means");
    }
    throw ConnectException(
        "Failed to find any class that implements interface "
        "org.apache.kafka.connect.rest.ConnectRestExtension and which name matches " +
        name);
  }
}

}  // namespace millrace::rest
