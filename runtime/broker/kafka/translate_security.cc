#include <openssl/ssl.h>

#include <algorithm>
#include <array>

#include "millrace/errors.h"
#include "runtime/broker/kafka/client_translator.h"
#include "runtime/broker/kafka/pem.h"

namespace millrace::kafka {
namespace {

// Java reads these only when the protocol asks for them; each is known in any case.
void mark_known(Translator& t) {
  for (const char* key :
       {"sasl.mechanism", "sasl.jaas.config", "sasl.client.callback.handler.class",
        "sasl.login.class", "sasl.login.callback.handler.class",
        "ssl.endpoint.identification.algorithm", "ssl.protocol", "ssl.enabled.protocols",
        "ssl.cipher.suites", "ssl.engine.factory.class", "ssl.key.password",
        "ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.type",
        "ssl.truststore.certificates", "ssl.keystore.location", "ssl.keystore.password",
        "ssl.keystore.type", "ssl.keystore.key", "ssl.keystore.certificate.chain"}) {
    t.get(key);
  }
}

void credentials(Translator& t, const JaasEntry& jaas) {
  if (!jaas.terminated) t.warn("sasl.jaas.config does not end with `;`, which Java insists on");
  if (const std::string* token = find(jaas.options, "tokenauth");
      token != nullptr && to_lower(*token) == "true") {
    throw ConfigException("sasl.jaas.config: delegation tokens (tokenauth) are not supported");
  }
  for (const auto& [option, key] :
       {std::pair{"username", "sasl.username"}, std::pair{"password", "sasl.password"}}) {
    const std::string* value = find(jaas.options, option);
    if (value == nullptr) {
      throw ConfigException("sasl.jaas.config: " + jaas.module + " needs the option " + option);
    }
    t.set(key, *value);
  }
}

void sasl(Translator& t) {
  const std::string mechanism = to_upper(t.text_or("sasl.mechanism", "GSSAPI"));
  const bool plain = mechanism == "PLAIN";
  const bool scram = mechanism == "SCRAM-SHA-256" || mechanism == "SCRAM-SHA-512";
  if (!plain && !scram) {
    throw ConfigException("sasl.mechanism " + mechanism +
                          " is not supported yet; supported are PLAIN, SCRAM-SHA-256 and "
                          "SCRAM-SHA-512");
  }
  for (const char* key : {"sasl.client.callback.handler.class", "sasl.login.class",
                          "sasl.login.callback.handler.class"}) {
    if (const std::string name = t.text_or(key, ""); !name.empty()) {
      throw ConfigException(std::string(key) + " " + name + ": Java classes cannot be loaded");
    }
  }
  const std::string text = t.text_or("sasl.jaas.config", "");
  if (text.empty()) {
    throw ConfigException("sasl.jaas.config is not set, but security.protocol asks for SASL");
  }
  const JaasEntry jaas = parse_jaas(text);
  const char* wanted = plain ? "PlainLoginModule" : "ScramLoginModule";
  if (!jaas.module.ends_with(wanted)) {
    throw ConfigException("sasl.jaas.config: login module " + jaas.module + " does not fit " +
                          "sasl.mechanism " + mechanism + "; it needs " + wanted);
  }
  t.set("sasl.mechanism", mechanism);
  credentials(t, jaas);
}

void protocol_versions(Translator& t) {
  const auto versions = split_list(t.get("ssl.enabled.protocols"));
  bool modern = versions.empty();
  for (const std::string& version : versions) {
    modern = modern || version == "TLSv1.2" || version == "TLSv1.3" || version == "TLS";
  }
  if (!modern) {
    throw ConfigException("ssl.enabled.protocols lists nothing from TLSv1.2 on; this client "
                          "speaks TLSv1.2 and TLSv1.3");
  }
}

// JSSE names to OpenSSL's. Suites of TLS 1.3 are always on here and cannot be listed.
void cipher_suites(Translator& t) {
  std::string ciphers;
  const auto names = split_list(t.get("ssl.cipher.suites"));
  for (const std::string& name : names) {
    if (name.empty()) continue;
    const std::string native = OPENSSL_cipher_name(name.c_str());
    if (native.starts_with("TLS_")) continue;
    if (native == "(NONE)") {
      t.warn("ssl.cipher.suites: " + name + " is not known here and is left out");
    } else {
      ciphers += (ciphers.empty() ? "" : ":") + native;
    }
  }
  if (!ciphers.empty()) t.set("ssl.cipher.suites", ciphers);
}

std::string store_type(Translator& t, const std::string& prefix) {
  return to_upper(t.text_or(prefix + ".type", "JKS"));
}

/// Path of a PEM store file; empty when none is set.
std::string pem_location(Translator& t, const std::string& prefix) {
  const std::string location = t.text_or(prefix + ".location", "");
  const bool has_password = !t.text_or(prefix + ".password", "").empty();
  if (location.empty()) {
    if (has_password) {
      throw ConfigException(prefix + ".password is set, but " + prefix + ".location is not");
    }
    return location;
  }
  const std::string type = store_type(t, prefix);
  if (type != "PEM") {
    throw ConfigException(prefix + ".location " + location + ": stores of type " + type +
                          " are not supported yet; convert it to PEM and set " + prefix +
                          ".type=PEM");
  }
  if (has_password) {
    throw ConfigException(prefix + ".password cannot be used with a PEM store; a private key is "
                          "opened with ssl.key.password");
  }
  return location;
}

void require_pem_type(Translator& t, const std::string& prefix, const std::string& key) {
  if (store_type(t, prefix) != "PEM") {
    throw ConfigException(key + " can only be used with " + prefix + ".type=PEM");
  }
  if (!t.text_or(prefix + ".location", "").empty()) {
    throw ConfigException(key + " and " + prefix + ".location cannot both be set");
  }
}

void trust_store(Translator& t) {
  const std::string inline_text = t.text_or("ssl.truststore.certificates", "");
  if (!inline_text.empty()) {
    require_pem_type(t, "ssl.truststore", "ssl.truststore.certificates");
    t.set("ssl.ca.pem", rewrap_pem(inline_text, "ssl.truststore.certificates"));
  } else if (const std::string path = pem_location(t, "ssl.truststore"); !path.empty()) {
    t.set("ssl.ca.location", path);
  }
}

void key_store(Translator& t) {
  const std::string key = t.text_or("ssl.keystore.key", "");
  const std::string chain = t.text_or("ssl.keystore.certificate.chain", "");
  if (key.empty() != chain.empty()) {
    throw ConfigException("ssl.keystore.key and ssl.keystore.certificate.chain must be set "
                          "together");
  }
  if (!key.empty()) {
    require_pem_type(t, "ssl.keystore", "ssl.keystore.key");
    t.set("ssl.key.pem", rewrap_pem(key, "ssl.keystore.key"));
    t.set("ssl.certificate.pem", rewrap_pem(chain, "ssl.keystore.certificate.chain"));
  } else if (const std::string path = pem_location(t, "ssl.keystore"); !path.empty()) {
    t.set("ssl.certificate.location", path);
    t.set("ssl.key.location", path);
  } else {
    return;
  }
  if (const std::string* password = t.get("ssl.key.password")) t.set("ssl.key.password", *password);
}

void tls(Translator& t) {
  const std::string* algorithm = t.get("ssl.endpoint.identification.algorithm");
  std::string check = algorithm != nullptr ? to_lower(*algorithm) : "https";
  if (check.empty() || check == "\"\"" || check == "none") {
    check = "none";
  } else if (check != "https") {
    t.warn("ssl.endpoint.identification.algorithm " + *algorithm + " is not known; using https");
    check = "https";
  }
  t.set("ssl.endpoint.identification.algorithm", check);
  if (const std::string factory = t.text_or("ssl.engine.factory.class", "");
      !factory.empty() && !factory.ends_with("DefaultSslEngineFactory") &&
      !factory.ends_with("CommonNameLoggingSslEngineFactory")) {
    throw ConfigException("ssl.engine.factory.class " + factory + ": Java classes cannot be loaded");
  }
  protocol_versions(t);
  cipher_suites(t);
  trust_store(t);
  key_store(t);
}

}  // namespace

void translate_security(Translator& t) {
  static constexpr std::array<std::string_view, 4> kProtocols = {"PLAINTEXT", "SSL",
                                                                 "SASL_PLAINTEXT", "SASL_SSL"};
  mark_known(t);
  const std::string protocol = to_upper(t.text_or("security.protocol", "PLAINTEXT"));
  if (std::find(kProtocols.begin(), kProtocols.end(), protocol) == kProtocols.end()) {
    throw ConfigException("Invalid value " + protocol +
                          " for configuration security.protocol: supported are PLAINTEXT, SSL, "
                          "SASL_PLAINTEXT and SASL_SSL");
  }
  t.set("security.protocol", to_lower(protocol));
  if (protocol.starts_with("SASL_")) sasl(t);
  if (protocol.ends_with("SSL")) tls(t);
}

}  // namespace millrace::kafka
