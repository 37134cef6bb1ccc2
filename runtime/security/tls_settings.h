#pragma once
// TLS as a client or a server uses it, after Java's settings were read.

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/security/openssl_types.h"
#include "runtime/security/secret.h"

namespace millrace::security {

struct TlsSettings {
  bool tls12 = true;  // at least one of the two
  bool tls13 = true;
  std::string ciphers;          // OpenSSL's names for TLS 1.2, joined by `:`; empty: its default
  std::string cipher_suites;    // for TLS 1.3
  bool check_host_name = true;  // clients only
  std::string trusted_pem;      // empty: the system's certificates
  std::string chain_pem;        // leaf first; empty: no certificate of our own
  SecretText key_pem;           // PKCS#8, not encrypted

  bool operator==(const TlsSettings&) const = default;
};

/// Cipher suites given in Java's (IANA's) names.
struct CipherLists {
  std::string ciphers;        // TLS 1.2
  std::string cipher_suites;  // TLS 1.3
  std::vector<std::string> unknown;
};
CipherLists openssl_ciphers(const std::vector<std::string>& names);

/// Sets tls12 and tls13 from `ssl.enabled.protocols`; none given leaves both on. False when nothing
/// from TLSv1.2 on is listed.
bool choose_versions(const std::vector<std::string>& names, TlsSettings& out);

/// Versions, ciphers, own certificate and trusted ones; verifies nothing yet. Throws
/// ConfigException.
void apply(const TlsSettings& settings, SSL_CTX* context);

/// For connections to a server: as `apply`, with the system's certificates if none are given, and
/// verifies the server's. The name in it is left to the caller. Throws ConfigException.
void apply_to_client(const TlsSettings& settings, SSL_CTX* context);

}  // namespace millrace::security
