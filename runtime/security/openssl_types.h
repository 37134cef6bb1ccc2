#pragma once
// Owners of OpenSSL's objects.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::security {

template <auto Free>
struct OpenSslDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using Bio = std::unique_ptr<BIO, OpenSslDeleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, OpenSslDeleter<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, OpenSslDeleter<EVP_PKEY_free>>;
using EncryptedKey = std::unique_ptr<X509_SIG, OpenSslDeleter<X509_SIG_free>>;
using PlainKey = std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpenSslDeleter<PKCS8_PRIV_KEY_INFO_free>>;
using Pkcs12File = std::unique_ptr<PKCS12, OpenSslDeleter<PKCS12_free>>;

/// Bio over memory that must stay. Null when there is no memory for it.
inline Bio memory_bio(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// OpenSSL's default and legacy algorithms (RC2-40, 3DES) in a context of their own, so that
/// nothing else in the process may use the legacy ones. Made once; any thread.
OSSL_LIB_CTX* store_context();

/// Why the last call failed, in OpenSSL's words; empties its queue. Never empty.
std::string openssl_reason();

}  // namespace millrace::security
