#pragma once
// Certificates for tests, made when they run.

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <string>

namespace millrace::rest {

/// A fresh key and a certificate signed by itself.
struct Identity {
  /// `names` as in a subjectAltName; empty: only the common name `localhost`.
  explicit Identity(const std::string& names = "")
      : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto* common = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    if (!names.empty()) {
      X509_EXTENSION* extension =
          X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
      X509_add_ext(certificate, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(certificate, key, EVP_sha256());
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  /// The certificate, behind the key if asked for.
  void write_pem(const std::string& path, bool with_key, const char* password = nullptr) const {
    FILE* file = std::fopen(path.c_str(), "w");
    if (with_key) {
      PEM_write_PrivateKey(file, key, password != nullptr ? EVP_aes_256_cbc() : nullptr, nullptr, 0,
                           nullptr, const_cast<char*>(password));
    }
    PEM_write_X509(file, certificate);
    std::fclose(file);
  }

  EVP_PKEY* key;
  X509* certificate;
};

}  // namespace millrace::rest
