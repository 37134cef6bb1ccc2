#pragma once
// Key stores and trust stores of Java and OpenSSL: PEM, PKCS#12, JKS, certificates of JCEKS. What a
// file is, is told by its content and not by its declared type, as Java does between JKS and PKCS12
// (kafka-clients.md §4).
//
// Every function throws ConfigException that names the setting, the file, what failed and what to
// do. No message and no log line holds a password or a key. Any thread; reads files.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/security/secret.h"

namespace millrace::security {

inline constexpr uintmax_t kMaxStoreBytes = 16U << 20U;

/// Where a store is and how its settings are called, for messages.
struct StoreSource {
  std::string setting = "ssl.keystore";  // with `.location` and `.password` behind it
  std::string path;
  std::optional<SecretText> password;
  std::string key_password_setting = "ssl.key.password";
  std::optional<SecretText> key_password;  // unset: the store's password
};

/// What a peer's certificate is checked against.
struct TrustMaterial {
  std::string certificates_pem;  // concatenated
  std::vector<std::string> warnings;
};

/// What a side shows of itself.
struct KeyMaterial {
  std::string chain_pem;  // leaf first
  SecretText key_pem;     // PKCS#8, not encrypted
  std::vector<std::string> warnings;
};

/// The certificates Java would trust: trusted entries, and the leaf of each key entry. A PKCS#12
/// file without Java's marks and without a key, as OpenSSL writes it, is trusted as a whole.
TrustMaterial read_trust_store(const StoreSource& source);

/// The first key with a complete chain; warns when there are several.
KeyMaterial read_key_store(const StoreSource& source);

/// Certificates given as PEM text in the setting `setting`.
TrustMaterial read_trust_pem(std::string_view text, const std::string& setting);

/// Key and chain given as PEM text in two settings.
KeyMaterial read_key_pem(std::string_view key, const std::string& key_setting,
                         std::string_view chain, const std::string& chain_setting,
                         const std::optional<SecretText>& password,
                         const std::string& password_setting);

}  // namespace millrace::security
