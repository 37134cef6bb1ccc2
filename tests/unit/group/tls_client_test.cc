// TLS on connections to a broker of a script.

#include <cstdlib>

#include "connection_fixture.h"
#include "tests/support/certificate_pair.h"

namespace millrace::group {
namespace {

using testing_support::CertificatePair;
using testing_support::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsClientTest : public ConnectionFixture {
 protected:
  using Context = boost::asio::ssl::context;

  CertificatePair pair(const std::string& names) {
    return testing_support::make_certificate(folder_, names);
  }
  void serve_as(const CertificatePair& pair) {
    server_.use_certificate_chain(boost::asio::buffer(pair.certificate));
    server_.use_private_key(boost::asio::buffer(pair.key), Context::pem);
  }
  static ConnectionOptions trusting(const CertificatePair& pair) {
    ConnectionOptions options = plaintext();
    options.security.tls = true;
    options.security.tls_settings.trusted_pem = pair.certificate;
    return options;
  }
  std::string refusal_of(const ConnectionOptions& options, const std::string& host = "127.0.0.1") {
    const FakeBroker broker(io_, usual, &server_);
    return refusal(broker, options, host);
  }
  static Reply usual(const Request& request) { return {FakeBroker::usual(request, 1)}; }

  TemporaryFolder folder_;
  Context server_{Context::tls_server};
};

TEST_F(TlsClientTest, RequestsGoThroughBothVersions) {
  const CertificatePair own = pair("IP:127.0.0.1,DNS:localhost");
  serve_as(own);
  for (const bool newest : {false, true}) {
    ConnectionOptions options = trusting(own);
    options.security.tls_settings.tls12 = !newest;
    options.security.tls_settings.tls13 = newest;
    const FakeBroker broker(io_, usual, &server_);
    const Connection connection = open(broker, options, "localhost");
    ASSERT_FALSE(failure_) << failure_->what();
    std::string answer;
    connection->request(ApiKey::Heartbeat, 3, std::string(1'000'000, 'x'),
                        std::chrono::seconds(20),
                        [&answer](Outcome<std::string> outcome) { answer = outcome.value(); });
    ASSERT_TRUE(run_until([&] { return !answer.empty(); }));
    EXPECT_EQ(broker.requests().back().body.size(), 1'000'000U);
  }
}

TEST_F(TlsClientTest, TheServerNameIsTheHostUnlessItIsAnAddress) {
  const CertificatePair own = pair("IP:127.0.0.1,DNS:localhost");
  serve_as(own);
  std::vector<std::string> asked;
  SSL_CTX_set_tlsext_servername_arg(server_.native_handle(), &asked);
  SSL_CTX_set_tlsext_servername_callback(
      server_.native_handle(), +[](SSL* ssl, int*, void* names) {
        const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        static_cast<std::vector<std::string>*>(names)->emplace_back(name != nullptr ? name : "-");
        return SSL_TLSEXT_ERR_OK;
      });
  EXPECT_EQ(refusal_of(trusting(own), "localhost"), "");
  EXPECT_EQ(refusal_of(trusting(own), "127.0.0.1"), "");
  ASSERT_EQ(asked.size(), 2U);  // OpenSSL asks for clients without a name too
  EXPECT_EQ(asked[0], "localhost");
  EXPECT_EQ(asked[1], "-");
}

TEST_F(TlsClientTest, NamesAreCheckedUnlessThatIsOff) {
  const CertificatePair own = pair("DNS:other.example");
  serve_as(own);
  ConnectionOptions options = trusting(own);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    EXPECT_THAT(refusal_of(options, host),
                AllOf(HasSubstr("not for '" + std::string(host) + "' but for DNS:other.example"),
                      HasSubstr("ssl.endpoint.identification.algorithm")));
    EXPECT_TRUE(fatal());
  }
  options.security.tls_settings.check_host_name = false;
  EXPECT_EQ(refusal_of(options), "");
}

TEST_F(TlsClientTest, UnknownAuthorities) {
  serve_as(pair("IP:127.0.0.1"));
  EXPECT_THAT(refusal_of(trusting(pair("IP:127.0.0.1"))),
              AllOf(HasSubstr("127.0.0.1:"), HasSubstr("certificate CN=a"),
                    HasSubstr("is not trusted"), HasSubstr("ssl.truststore.location")));
  EXPECT_TRUE(fatal());
}

TEST_F(TlsClientTest, NoVersionInCommon) {
  const CertificatePair own = pair("IP:127.0.0.1");
  serve_as(own);
  server_.set_options(Context::no_tlsv1_3);
  ConnectionOptions options = trusting(own);
  options.security.tls_settings.tls12 = false;
  EXPECT_THAT(refusal_of(options), HasSubstr("ssl.enabled.protocols"));
  EXPECT_TRUE(fatal());
}

TEST_F(TlsClientTest, CertificatesOfClients) {
  const CertificatePair own = pair("IP:127.0.0.1"), client = pair("DNS:client");
  serve_as(own);
  server_.add_certificate_authority(boost::asio::buffer(client.certificate));
  server_.set_verify_mode(boost::asio::ssl::verify_peer |
                          boost::asio::ssl::verify_fail_if_no_peer_cert);
  ConnectionOptions options = trusting(own);
  for (const bool newest : {false, true}) {
    options = trusting(own);
    security::TlsSettings& tls = options.security.tls_settings;
    tls.tls12 = !newest;
    tls.tls13 = newest;
    EXPECT_THAT(refusal_of(options), HasSubstr("ssl.keystore.location")) << newest;
    EXPECT_TRUE(fatal());
    tls.chain_pem = own.certificate;
    tls.key_pem = security::SecretText(own.key);
    EXPECT_THAT(refusal_of(options), HasSubstr("refuses the certificate of ssl.keystore"))
        << newest;
    EXPECT_TRUE(fatal());
    tls.chain_pem = client.certificate;
    tls.key_pem = security::SecretText(client.key);
    EXPECT_EQ(refusal_of(options), "");
  }
}

TEST_F(TlsClientTest, WhatIsNotTls) {
  const CertificatePair own = pair("IP:127.0.0.1");
  serve_as(own);
  {  // a server that talks at once
    boost::asio::ip::tcp::acceptor acceptor(io_, {boost::asio::ip::address_v4::loopback(), 0});
    boost::asio::co_spawn(
        io_,
        [](auto& from) -> boost::asio::awaitable<void> {
          auto socket = co_await from.async_accept(boost::asio::use_awaitable);
          co_await boost::asio::async_write(socket, boost::asio::buffer("SSH-2.0-x\r\n", 11),
                                            boost::asio::use_awaitable);
        }(acceptor),
        boost::asio::detached);
    context_ = std::make_shared<ConnectionContext>(trusting(own));
    const auto connection = BrokerConnection::open(
        io_, context_, "127.0.0.1", acceptor.local_endpoint().port(), Millis{5'000},
        [this](Outcome<Done> outcome) {
          ++opened_;
          failure_ = kept(outcome.error());
        });
    ASSERT_TRUE(run_until([this] { return opened_ > 0; }));
    EXPECT_THAT(failure_->what(), HasSubstr("there is no TLS on this port"));
    EXPECT_TRUE(fatal());
  }
  // A client without TLS at a port with it.
  EXPECT_THAT(refusal_of(plaintext()), HasSubstr("127.0.0.1:"));
  EXPECT_FALSE(fatal());
}

TEST_F(TlsClientTest, AHandshakeThatDoesNotEnd) {
  const CertificatePair own = pair("IP:127.0.0.1");
  boost::asio::ip::tcp::acceptor silent(io_, {boost::asio::ip::address_v4::loopback(), 0});
  ConnectionOptions options = trusting(own);
  options.request_timeout = Millis{100};
  context_ = std::make_shared<ConnectionContext>(options);
  const auto connection = BrokerConnection::open(
      io_, context_, "127.0.0.1", silent.local_endpoint().port(), Millis{5'000},
      [this](Outcome<Done> outcome) {
        ++opened_;
        failure_ = kept(outcome.error());
      });
  ASSERT_TRUE(run_until([this] { return opened_ > 0; }));
  EXPECT_THAT(failure_->what(), HasSubstr("the TLS handshake did not end within 100 ms"));
  EXPECT_FALSE(fatal());
}

TEST_F(TlsClientTest, KeysThatDoNotFit) {
  ConnectionOptions options = trusting(pair("DNS:a"));
  options.security.tls_settings.chain_pem = pair("DNS:b").certificate;
  options.security.tls_settings.key_pem = security::SecretText(pair("DNS:c").key);
  EXPECT_THROW(ConnectionContext{options}, ConfigException);
}

}  // namespace
}  // namespace millrace::group
