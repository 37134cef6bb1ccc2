// Certificates, private keys and passwords through OpenSSL.

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

#include "runtime/security/store_entries.h"

namespace millrace::security {
namespace {

using Fault = StoreFault::Kind;

constexpr int64_t kMaxIterations = 5'000'000;  // as Java's own limit

using Pbe = std::unique_ptr<PBEPARAM, OpenSslDeleter<PBEPARAM_free>>;
using Pbe2 = std::unique_ptr<PBE2PARAM, OpenSslDeleter<PBE2PARAM_free>>;
using Kdf2 = std::unique_ptr<PBKDF2PARAM, OpenSslDeleter<PBKDF2PARAM_free>>;

/// The parameter of an algorithm as the structure `item` describes; null when it is another.
template <class T>
T* parameter_of(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
  if (algorithm == nullptr || algorithm->parameter == nullptr) return nullptr;
  return static_cast<T*>(ASN1_TYPE_unpack_sequence(item, algorithm->parameter));
}

}  // namespace

OSSL_LIB_CTX* store_context() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    OSSL_PROVIDER_load(made, "default");
    // Missing in some installations; then old stores fail with OpenSSL's "unsupported".
    OSSL_PROVIDER_load(made, "legacy");
    ERR_clear_error();
    return made;
  }();
  return context;
}

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown error";
}

std::vector<const SecretText*> key_passwords(const StoreSource& source) {
  std::vector<const SecretText*> all;
  if (source.key_password) all.push_back(&*source.key_password);
  if (source.password) all.push_back(&*source.password);
  return all;
}

Certificate parse_certificate(Bytes der) {
  const uint8_t* data = der.data();
  Certificate certificate(d2i_X509(nullptr, &data, static_cast<long>(der.size())));
  if (!certificate || data != der.data() + der.size()) {
    ERR_clear_error();
    throw StoreFault{Fault::Content, "a certificate in it is damaged"};
  }
  return certificate;
}

PrivateKey parse_plain_key(const SecretBytes& pkcs8) {
  const uint8_t* data = pkcs8.data();
  const PlainKey plain(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &data, static_cast<long>(pkcs8.size())));
  PrivateKey key(plain ? EVP_PKCS82PKEY(plain.get()) : nullptr);
  if (!key) {
    throw StoreFault{Fault::Content, "a private key in it is damaged or of an unknown kind (" +
                                         openssl_reason() + ")"};
  }
  return key;
}

void check_iteration_count(const ASN1_INTEGER* count) {
  int64_t value = 0;
  if (count == nullptr) return;  // one
  if (ASN1_INTEGER_get_int64(&value, count) != 1 || value < 1 || value > kMaxIterations) {
    ERR_clear_error();
    throw StoreFault{Fault::Content, "its iteration count is out of range (at most " +
                                         std::to_string(kMaxIterations) + "), or it is damaged"};
  }
}

void check_iterations(const X509_ALGOR* algorithm) {
  if (algorithm == nullptr) return;
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    const Pbe pbe(parameter_of<PBEPARAM>(algorithm, ASN1_ITEM_rptr(PBEPARAM)));
    if (pbe) check_iteration_count(pbe->iter);
  } else {
    const Pbe2 pbe(parameter_of<PBE2PARAM>(algorithm, ASN1_ITEM_rptr(PBE2PARAM)));
    const Kdf2 kdf(pbe ? parameter_of<PBKDF2PARAM>(pbe->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM))
                       : nullptr);
    if (kdf) check_iteration_count(kdf->iter);
  }
  ERR_clear_error();  // an algorithm with other parameters is refused when it is used
}

PrivateKey open_encrypted_key(const X509_SIG& encrypted,
                              const std::vector<const SecretText*>& passwords) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(&encrypted, &algorithm, nullptr);
  check_iterations(algorithm);
  for (const SecretText* password : passwords) {
    const PlainKey plain(PKCS8_decrypt_ex(&encrypted, password->value().c_str(),
                                          static_cast<int>(password->value().size()),
                                          store_context(), nullptr));
    if (PrivateKey key(plain ? EVP_PKCS82PKEY(plain.get()) : nullptr); key) return key;
  }
  ERR_clear_error();
  return nullptr;
}

}  // namespace millrace::security
