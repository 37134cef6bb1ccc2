// kafka-clients.md §3.7 and §4.

#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/security/client_parts.h"
#include "runtime/security/store.h"

namespace millrace::security {
namespace {

std::string store_type(const SettingsReader& java, const std::string& store) {
  return to_upper(java.text_or(store + ".type", "JKS"));
}

/// What Java says about a store's settings that contradict each other.
void check_store(const SettingsReader& java, const std::string& store, bool is_inline,
                 const std::string& inline_key) {
  const bool located = !java.text(store + ".location").empty();
  const bool password = !java.text(store + ".password").empty();
  const bool pem = store_type(java, store) == "PEM";
  if (is_inline && !pem) {
    throw ConfigException(inline_key + " can only be used with " + store + ".type=PEM");
  }
  if (is_inline && located) {
    throw ConfigException(inline_key + " and " + store + ".location cannot both be set");
  }
  if (password && pem) {
    throw ConfigException(store + ".password cannot be used with a PEM store; a private key is "
                          "opened with ssl.key.password");
  }
  if (password && !located) {
    throw ConfigException(store + ".password is set, but " + store + ".location is not");
  }
}

void append(Warnings& to, Warnings from) {
  for (std::string& warning : from) to.push_back(std::move(warning));
}

void trust_store(const SettingsReader& java, TlsSettings& out, Warnings& warnings) {
  const std::string store = "ssl.truststore";
  const std::string key = store + ".certificates";
  const std::string text = java.text(key);
  check_store(java, store, !text.empty(), key);
  TrustMaterial trust;
  if (!text.empty()) {
    trust = read_trust_pem(text, key);
  } else if (const std::string path = java.text(store + ".location"); !path.empty()) {
    trust = read_trust_store({store, path, java.secret(store + ".password"), "", std::nullopt});
  }
  out.trusted_pem = std::move(trust.certificates_pem);
  append(warnings, std::move(trust.warnings));
}

void key_store(const SettingsReader& java, TlsSettings& out, Warnings& warnings) {
  const std::string store = "ssl.keystore";
  const std::string key = java.text(store + ".key");
  const std::string chain = java.text(store + ".certificate.chain");
  if (key.empty() != chain.empty()) {
    throw ConfigException("ssl.keystore.key and ssl.keystore.certificate.chain must be set "
                          "together");
  }
  check_store(java, store, !key.empty(), "ssl.keystore.key");
  const std::string password_key = "ssl.key.password";
  KeyMaterial material;
  if (!key.empty()) {
    material = read_key_pem(key, store + ".key", chain, store + ".certificate.chain",
                            java.secret(password_key), password_key);
  } else if (const std::string path = java.text(store + ".location"); !path.empty()) {
    material = read_key_store(
        {store, path, java.secret(store + ".password"), password_key, java.secret(password_key)});
  }
  out.chain_pem = std::move(material.chain_pem);
  out.key_pem = std::move(material.key_pem);
  append(warnings, std::move(material.warnings));
}

void server_name(const SettingsReader& java, TlsSettings& out, Warnings& warnings) {
  const std::string key = "ssl.endpoint.identification.algorithm";
  const std::string algorithm = to_lower(java.maybe(key).value_or("https"));
  out.check_host_name = !algorithm.empty() && algorithm != "\"\"" && algorithm != "none";
  if (out.check_host_name && algorithm != "https") {
    warnings.push_back(key + " " + algorithm + " is not known; using https");
  }
}

void versions_and_ciphers(const SettingsReader& java, TlsSettings& out, Warnings& warnings) {
  const auto protocols = java.maybe("ssl.enabled.protocols");
  if (!choose_versions(split_list(protocols ? &*protocols : nullptr), out)) {
    throw ConfigException("ssl.enabled.protocols lists nothing from TLSv1.2 on; this client "
                          "speaks TLSv1.2 and TLSv1.3");
  }
  const auto names = java.maybe("ssl.cipher.suites");
  const CipherLists lists = openssl_ciphers(split_list(names ? &*names : nullptr));
  for (const std::string& name : lists.unknown) {
    warnings.push_back("ssl.cipher.suites: " + name + " is not known here and is left out");
  }
  if (!lists.unknown.empty() && lists.ciphers.empty() && lists.cipher_suites.empty()) {
    throw ConfigException("ssl.cipher.suites lists no cipher suite that is known here; use the "
                          "IANA's names, such as TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
  }
  out.ciphers = lists.ciphers;
  out.cipher_suites = lists.cipher_suites;
}

}  // namespace

TlsSettings parse_tls(const SettingsReader& java, Warnings& warnings) {
  const std::string factory = java.text("ssl.engine.factory.class");
  if (!factory.empty() && !factory.ends_with("DefaultSslEngineFactory") &&
      !factory.ends_with("CommonNameLoggingSslEngineFactory")) {
    throw ConfigException("ssl.engine.factory.class " + factory +
                          ": Java classes cannot be loaded");
  }
  TlsSettings settings;
  server_name(java, settings, warnings);
  versions_and_ciphers(java, settings, warnings);
  trust_store(java, settings, warnings);
  key_store(java, settings, warnings);
  return settings;
}

}  // namespace millrace::security
