#include "runtime/security/tls_settings.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "millrace/errors.h"

namespace millrace::security {
namespace {

void check(bool done, const char* action) {
  if (!done) throw ConfigException(std::string(action) + ": " + openssl_reason());
}

void append(std::string& list, std::string_view name) {
  if (!list.empty()) list += ':';
  list += name;
}

void use_key(const TlsSettings& settings, SSL_CTX* context) {
  if (settings.chain_pem.empty()) return;
  const Bio chain = memory_bio(settings.chain_pem);
  bool leaf = true;
  while (const Certificate next{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)}) {
    check(leaf ? SSL_CTX_use_certificate(context, next.get()) == 1
               : SSL_CTX_add1_chain_cert(context, next.get()) == 1,
          "using the certificate of the key store");
    leaf = false;
  }
  ERR_clear_error();
  const Bio text = memory_bio(settings.key_pem.value());
  const PrivateKey key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  check(key && SSL_CTX_use_PrivateKey(context, key.get()) == 1, "using the key of the key store");
}

void use_trust(const TlsSettings& settings, SSL_CTX* context) {
  if (settings.trusted_pem.empty()) return;
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  // Java trusts what is in the store, be it a root, an intermediate CA or a server's certificate.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  const Bio all = memory_bio(settings.trusted_pem);
  while (const Certificate next{PEM_read_bio_X509(all.get(), nullptr, nullptr, nullptr)}) {
    check(X509_STORE_add_cert(store, next.get()) == 1, "using the trust store");
  }
  ERR_clear_error();
}

}  // namespace

CipherLists openssl_ciphers(const std::vector<std::string>& names) {
  CipherLists lists;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    // Java's older names begin with SSL_ where the standard has TLS_.
    const std::string standard = name.starts_with("SSL_") ? "TLS_" + name.substr(4) : name;
    const std::string_view native = OPENSSL_cipher_name(standard.c_str());
    if (native == "(NONE)") {
      lists.unknown.push_back(name);
    } else {
      append(native.starts_with("TLS_") ? lists.cipher_suites : lists.ciphers, native);
    }
  }
  return lists;
}

bool choose_versions(const std::vector<std::string>& names, TlsSettings& out) {
  if (names.empty()) return true;
  out.tls12 = out.tls13 = false;
  for (const std::string& name : names) {
    out.tls12 = out.tls12 || name == "TLSv1.2" || name == "TLS";
    out.tls13 = out.tls13 || name == "TLSv1.3" || name == "TLS";
  }
  return out.tls12 || out.tls13;
}

void apply(const TlsSettings& settings, SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, settings.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context, settings.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (!settings.ciphers.empty() || !settings.cipher_suites.empty()) {
    // Suites of one version only mean that the other has none.
    check(SSL_CTX_set_ciphersuites(context, settings.cipher_suites.c_str()) == 1,
          "setting ssl.cipher.suites");
    if (!settings.ciphers.empty()) {
      check(SSL_CTX_set_cipher_list(context, settings.ciphers.c_str()) == 1,
            "setting ssl.cipher.suites");
    } else {
      SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    }
    if (settings.cipher_suites.empty()) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  }
  use_key(settings, context);
  use_trust(settings, context);
}

void apply_to_client(const TlsSettings& settings, SSL_CTX* context) {
  apply(settings, context);
  if (settings.trusted_pem.empty()) SSL_CTX_set_default_verify_paths(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

}  // namespace millrace::security
