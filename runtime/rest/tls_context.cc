#include "runtime/rest/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "runtime/core/atomic_file.h"
#include "runtime/rest/http_types.h"

namespace millrace::rest {
namespace {

namespace ssl = boost::asio::ssl;
using ErrorCode = boost::system::error_code;

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
void free_certificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Pkcs12 = std::unique_ptr<PKCS12, Deleter<PKCS12_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), Deleter<free_certificates>>;

struct Store {
  PrivateKey key;
  Certificate certificate;
  Certificates chain;
};

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown TLS error";
}

[[noreturn]] void cannot_load(const std::string& path, const std::string& reason) {
  throw ConnectException(fmt::format("Failed to load TLS store {}: {}", path, reason));
}

std::string contents(const std::string& path) {
  std::string bytes;
  if (!read_file(path, bytes)) cannot_load(path, "no such file");
  if (bytes.starts_with("\xFE\xED\xFE\xED")) {
    cannot_load(path,
                "it is in the JKS format; convert it with 'keytool -importkeystore "
                "-deststoretype PKCS12' and set the store's type to PKCS12");
  }
  return bytes;
}

std::string text_of(const std::optional<Password>& password) {
  return password ? password->value() : std::string();
}

Store read_pkcs12(const std::string& path, const std::string& password) {
  const std::string bytes = contents(path);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const Pkcs12 file(d2i_PKCS12(nullptr, &data, static_cast<long>(bytes.size())));
  if (file == nullptr) cannot_load(path, "not a PKCS12 file; set the type to PEM if it is one");
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* chain = nullptr;
  if (PKCS12_parse(file.get(), password.c_str(), &key, &certificate, &chain) != 1) {
    cannot_load(path, openssl_reason());
  }
  return {PrivateKey(key), Certificate(certificate), Certificates(chain)};
}

void use_pem_key(ssl::context& context, const TlsConfig& config, const std::string& path) {
  const std::string pem = contents(path);
  const auto& password = config.key_password ? config.key_password : config.keystore_password;
  context.set_password_callback(
      [text = text_of(password)](size_t, ssl::context::password_purpose) { return text; });
  ErrorCode error;
  context.use_private_key(boost::asio::buffer(pem), ssl::context::pem, error);
  if (!error) context.use_certificate_chain(boost::asio::buffer(pem), error);
  if (error) cannot_load(path, error.message());
}

void use_pkcs12_key(ssl::context& context, const TlsConfig& config, const std::string& path) {
  const Store store = read_pkcs12(path, text_of(config.keystore_password));
  if (store.key == nullptr || store.certificate == nullptr) cannot_load(path, "it holds no key");
  SSL_CTX* handle = context.native_handle();
  const bool used = SSL_CTX_use_certificate(handle, store.certificate.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(handle, store.key.get()) == 1;
  if (!used) cannot_load(path, openssl_reason());
  for (int i = 0; store.chain != nullptr && i < sk_X509_num(store.chain.get()); ++i) {
    SSL_CTX_add1_chain_cert(handle, sk_X509_value(store.chain.get(), i));
  }
}

void use_key_store(ssl::context& context, const TlsConfig& config) {
  if (!config.keystore_location) {
    throw ConfigException(
        "An https listener needs 'ssl.keystore.location' (or the same key with "
        "the listener's prefix): a PEM or PKCS12 file with key and certificate");
  }
  if (equal_ignoring_case(config.keystore_type, "PEM")) {
    use_pem_key(context, config, *config.keystore_location);
  } else {
    use_pkcs12_key(context, config, *config.keystore_location);
  }
}

void use_trust_store(ssl::context& context, const TlsConfig& config) {
  if (!config.truststore_location) return;
  const std::string& path = *config.truststore_location;
  if (equal_ignoring_case(config.truststore_type, "PEM")) {
    ErrorCode error;
    context.add_certificate_authority(boost::asio::buffer(contents(path)), error);
    if (error) cannot_load(path, error.message());
    return;
  }
  const Store store = read_pkcs12(path, text_of(config.truststore_password));
  X509_STORE* trusted = SSL_CTX_get_cert_store(context.native_handle());
  for (int i = 0; store.chain != nullptr && i < sk_X509_num(store.chain.get()); ++i) {
    X509_STORE_add_cert(trusted, sk_X509_value(store.chain.get(), i));
  }
}

void restrict_versions(ssl::context& context, const TlsConfig& config) {
  const auto has = [&](std::string_view name) {
    const auto& all = config.enabled_protocols;
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  if (!has("TLSv1.2") && !has("TLSv1.3")) {
    throw ConfigException("'ssl.enabled.protocols' must name TLSv1.2 or TLSv1.3");
  }
  SSL_CTX* handle = context.native_handle();
  SSL_CTX_set_min_proto_version(handle, has("TLSv1.2") ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(handle, has("TLSv1.3") ? TLS1_3_VERSION : TLS1_2_VERSION);
}

/// Suites are given by their IANA names, as Java has them.
void restrict_ciphers(ssl::context& context, const TlsConfig& config) {
  if (!config.cipher_suites || config.cipher_suites->empty()) return;
  SSL_CTX* handle = context.native_handle();
  std::string old_style;
  std::string tls13;
  for (const auto& name : *config.cipher_suites) {
    const auto* ciphers = SSL_CTX_get_ciphers(handle);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
      const char* standard = SSL_CIPHER_standard_name(cipher);
      if (standard == nullptr || name != standard) continue;
      const bool new_style = std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.3";
      std::string& list = new_style ? tls13 : old_style;
      list += (list.empty() ? "" : ":") + std::string(SSL_CIPHER_get_name(cipher));
    }
  }
  if (old_style.empty() && tls13.empty()) {
    throw ConfigException("None of 'ssl.cipher.suites' is supported");
  }
  SSL_CTX_set_ciphersuites(handle, tls13.c_str());
  if (!old_style.empty()) SSL_CTX_set_cipher_list(handle, old_style.c_str());
}

void set_client_auth(ssl::context& context, const TlsConfig& config) {
  int mode = SSL_VERIFY_NONE;
  if (config.client_auth == "requested") mode = SSL_VERIFY_PEER;
  if (config.client_auth == "required") mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context.native_handle(), mode, nullptr);
}

}  // namespace

std::shared_ptr<ssl::context> make_tls_context(const TlsConfig& config) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  use_key_store(*context, config);
  use_trust_store(*context, config);
  restrict_versions(*context, config);
  restrict_ciphers(*context, config);
  set_client_auth(*context, config);
  return context;
}

}  // namespace millrace::rest
