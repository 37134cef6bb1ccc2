#include "runtime/rest/tls_context.h"

#include "millrace/errors.h"
#include "runtime/metrics/log.h"
#include "runtime/security/store.h"
#include "runtime/security/tls_settings.h"

namespace millrace::rest {
namespace {

namespace ssl = boost::asio::ssl;

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.rest.util.SSLUtils");
  return instance;
}

std::optional<security::SecretText> secret(const std::optional<Password>& password) {
  if (!password || password->value().empty()) return std::nullopt;
  return security::SecretText(password->value());
}

void use_key_store(const TlsConfig& config, security::TlsSettings& out) {
  auto material = security::read_key_store({"ssl.keystore", *config.keystore_location,
                                            secret(config.keystore_password), "ssl.key.password",
                                            secret(config.key_password)});
  for (const std::string& warning : material.warnings) logger().warn(warning);
  out.chain_pem = std::move(material.chain_pem);
  out.key_pem = std::move(material.key_pem);
}

void use_trust_store(const TlsConfig& config, security::TlsSettings& out) {
  if (!config.truststore_location) return;
  auto material = security::read_trust_store({"ssl.truststore", *config.truststore_location,
                                              secret(config.truststore_password), "",
                                              std::nullopt});
  out.trusted_pem = std::move(material.certificates_pem);
}

void restrict_versions(const TlsConfig& config, security::TlsSettings& out) {
  if (config.enabled_protocols.empty() ||
      !security::choose_versions(config.enabled_protocols, out)) {
    throw ConfigException("'ssl.enabled.protocols' must name TLSv1.2 or TLSv1.3");
  }
}

/// Suites are given by their IANA names, as Java has them.
void restrict_ciphers(const TlsConfig& config, security::TlsSettings& out) {
  if (!config.cipher_suites || config.cipher_suites->empty()) return;
  auto lists = security::openssl_ciphers(*config.cipher_suites);
  if (lists.ciphers.empty() && lists.cipher_suites.empty()) {
    throw ConfigException("None of 'ssl.cipher.suites' is supported");
  }
  out.ciphers = std::move(lists.ciphers);
  out.cipher_suites = std::move(lists.cipher_suites);
}

security::TlsSettings read_settings(const TlsConfig& config) {
  security::TlsSettings settings;
  if (config.keystore_location) use_key_store(config, settings);
  use_trust_store(config, settings);
  restrict_versions(config, settings);
  restrict_ciphers(config, settings);
  return settings;
}

void set_client_auth(ssl::context& context, const TlsConfig& config) {
  int mode = SSL_VERIFY_NONE;
  if (config.client_auth == "requested") mode = SSL_VERIFY_PEER;
  if (config.client_auth == "required") mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context.native_handle(), mode, nullptr);
}

}  // namespace

std::shared_ptr<ssl::context> make_tls_context(const TlsConfig& config) {
  if (!config.keystore_location) {
    throw ConfigException(
        "An https listener needs 'ssl.keystore.location' (or the same key with "
        "the listener's prefix): a PEM, PKCS12 or JKS file with key and certificate");
  }
  const security::TlsSettings settings = read_settings(config);
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  security::apply(settings, context->native_handle());
  set_client_auth(*context, config);
  return context;
}

std::shared_ptr<ssl::context> make_tls_client_context(const TlsConfig& config) {
  const security::TlsSettings settings = read_settings(config);
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  security::apply_to_client(settings, context->native_handle());
  return context;
}

}  // namespace millrace::rest
