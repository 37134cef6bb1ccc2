#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pkcs12.h>

#include <fstream>

#include "identity.h"
#include "runtime/rest/tls_context.h"
#include "server_fixture.h"
#include "tests/support/temporary_folder.h"

namespace millrace::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPassword = "s3cret-word";

class TlsTest : public HttpServerFixture {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write_pem(const std::string& name, bool with_key, const char* password = nullptr) {
    identity_.write_pem(path(name), with_key, password);
    return path(name);
  }
  std::string write_pkcs12() {
    PKCS12* store = PKCS12_create(kPassword, "worker", identity_.key, identity_.certificate,
                                  nullptr, 0, 0, 0, 0, 0);
    FILE* file = std::fopen(path("store.p12").c_str(), "w");
    i2d_PKCS12_fp(file, store);
    std::fclose(file);
    PKCS12_free(store);
    return path("store.p12");
  }
  TlsConfig pem_config() {
    TlsConfig config;
    config.keystore_type = "PEM";
    config.keystore_location = write_pem("key.pem", true);
    return config;
  }
  uint16_t listen(const TlsConfig& config) {
    return running_.on([&] {
      if (server_ == nullptr) server_ = std::make_unique<HttpServer>(running_.io());
      return server_->listen({true, "127.0.0.1", 0}, handler(), make_tls_context(config));
    });
  }
  std::string error_of(const TlsConfig& config) {
    try {
      make_tls_context(config);
    } catch (const Error& e) {
      return e.what();
    }
    return "(no error)";
  }
  using ClientContext = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;
  /// Trusts exactly the certificate of the server.
  ClientContext client_context(bool with_certificate = false) {
    ClientContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), identity_.certificate);
    if (with_certificate) {
      SSL_CTX_use_certificate(context.get(), identity_.certificate);
      SSL_CTX_use_PrivateKey(context.get(), identity_.key);
    }
    return context;
  }

  testing_support::TemporaryFolder folder_;
  Identity identity_;
};

TEST_F(TlsTest, ServesWithAPemStore) {
  const uint16_t port = listen(pem_config());
  const auto context = client_context();
  HttpClient client(port, context.get());
  ASSERT_TRUE(client.ok());
  EXPECT_EQ(client.call("PUT", "/x", "abc").body, "PUT /x 3");
  EXPECT_EQ(client.call("GET", "/y").body, "GET /y 0");
}

TEST_F(TlsTest, ServesWithAnEncryptedPemKey) {
  TlsConfig config;
  config.keystore_type = "pem";
  config.keystore_location = write_pem("key.pem", true, kPassword);
  config.key_password = Password(kPassword);
  const auto context = client_context();
  EXPECT_TRUE(HttpClient(listen(config), context.get()).ok());
  config.key_password = Password("wrong");
  EXPECT_THAT(error_of(config), HasSubstr(*config.keystore_location));
}

TEST_F(TlsTest, ServesWithAPkcs12StoreUnderEitherType) {
  for (const char* type : {"PKCS12", "JKS"}) {
    TlsConfig config;
    config.keystore_type = type;
    config.keystore_location = write_pkcs12();
    config.keystore_password = Password(kPassword);
    const auto context = client_context();
    HttpClient client(listen(config), context.get());
    ASSERT_TRUE(client.ok()) << type;
    EXPECT_EQ(client.call("GET", "/x").status, 200);
  }
}

TEST_F(TlsTest, ErrorsNameTheFileAndHideThePassword) {
  TlsConfig config;
  EXPECT_THAT(error_of(config), HasSubstr("'ssl.keystore.location'"));
  config.keystore_location = path("missing.p12");
  EXPECT_THAT(error_of(config), HasSubstr("missing.p12: No such file"));
  config.keystore_location = write_pkcs12();
  config.keystore_password = Password("wr0ng-word");
  EXPECT_THAT(error_of(config), HasSubstr("store.p12"));
  EXPECT_THAT(error_of(config), Not(HasSubstr("wr0ng-word")));
  std::ofstream(path("old.jks")) << "\xFE\xED\xFE\xED....";
  config.keystore_location = path("old.jks");
  EXPECT_THAT(error_of(config), HasSubstr("old.jks: reading the JKS store"));
  config = pem_config();
  config.cipher_suites = {"NO_SUCH_SUITE"};
  EXPECT_THAT(error_of(config), HasSubstr("ssl.cipher.suites"));
  config.cipher_suites.reset();
  config.enabled_protocols = {"SSLv3"};
  EXPECT_THAT(error_of(config), HasSubstr("ssl.enabled.protocols"));
}

TEST_F(TlsTest, ClientsMustShowACertificateWhenRequired) {
  TlsConfig config = pem_config();
  config.client_auth = "required";
  config.truststore_type = "PEM";
  config.truststore_location = write_pem("trust.pem", false);
  const uint16_t port = listen(config);
  const auto with = client_context(true);
  EXPECT_EQ(HttpClient(port, with.get()).call("GET", "/x").status, 200);
  // With TLS 1.3 the client learns of the refusal with its first read only.
  const auto without = client_context(false);
  EXPECT_EQ(HttpClient(port, without.get()).call("GET", "/x").status, 0);
}

TEST_F(TlsTest, ProtocolsAndSuitesAreRestricted) {
  TlsConfig config = pem_config();
  config.enabled_protocols = {"TLSv1.2"};
  config.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  const uint16_t port = listen(config);
  const auto good = client_context();
  EXPECT_EQ(HttpClient(port, good.get()).call("GET", "/x").status, 200);
  const auto newer = client_context();
  SSL_CTX_set_min_proto_version(newer.get(), TLS1_3_VERSION);
  EXPECT_FALSE(HttpClient(port, newer.get()).ok());
  const auto other = client_context();
  SSL_CTX_set_cipher_list(other.get(), "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_FALSE(HttpClient(port, other.get()).ok());
}

TEST_F(TlsTest, PlainClientsOfATlsPortAreCut) {
  const uint16_t port = listen(pem_config());
  HttpClient plain(port);
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  plain.receive_until("never sent");
  EXPECT_TRUE(has_connections(0));
}

}  // namespace
}  // namespace millrace::rest
