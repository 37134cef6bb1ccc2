#pragma once
// What the readers of the formats hand to store.cc.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/security/openssl_types.h"
#include "runtime/security/secret.h"
#include "runtime/security/store.h"

namespace millrace::security {

enum class StoreUse : uint8_t { Keys, Trust };

struct KeyEntry {
  std::string alias;  // may be empty
  PrivateKey key;     // null when the store is read for its certificates only
  std::vector<Certificate> chain;
};

struct StoreEntries {
  std::vector<KeyEntry> keys;
  std::vector<Certificate> trusted;
};

/// A reader's failure: what is wrong with the content, or which password does not fit. store.cc
/// turns it into a ConfigException with setting, file and remedy.
struct StoreFault {
  enum class Kind : uint8_t { Content, StorePassword, KeyPassword, Missing } kind;
  std::string text;
};

using Bytes = std::span<const uint8_t>;

/// Passwords to try on a store's keys: the key's own, then the store's.
std::vector<const SecretText*> key_passwords(const StoreSource& source);

/// Keys are opened only for StoreUse::Keys. All throw StoreFault.
StoreEntries read_jks(Bytes file, const StoreSource& source, StoreUse use);
StoreEntries read_pkcs12(Bytes file, const StoreSource& source, StoreUse use);
StoreEntries read_pem_entries(std::string_view text, const StoreSource& source, StoreUse use);

Certificate parse_certificate(Bytes der);       // throws StoreFault
PrivateKey parse_plain_key(const SecretBytes& pkcs8);  // throws StoreFault
/// Decrypts by PBES1, PBES2 or PKCS#12 algorithms; null when no password fits.
PrivateKey open_encrypted_key(const X509_SIG& encrypted,
                              const std::vector<const SecretText*>& passwords);
/// Throws StoreFault when a derivation of a password would take unreasonably long.
void check_iterations(const X509_ALGOR* algorithm);
void check_iteration_count(const ASN1_INTEGER* count);

}  // namespace millrace::security
