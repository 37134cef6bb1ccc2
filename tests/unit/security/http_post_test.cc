#include "runtime/security/http_post.h"

#include "store_support.h"
#include "tests/support/certificate_pair.h"
#include "token_endpoint.h"

namespace millrace::security {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kSecret = "Basic bWU6czNjcmV0";

HttpRequest request_to(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.authorization = SecretText(std::string_view(kSecret));
  request.body = "grant_type=client_credentials&scope=a+b";
  return request;
}

/// Why it failed; empty when it did not.
std::string failure_of(const HttpRequest& request, const TlsSettings& tls = {}) {
  try {
    post(request, tls);
  } catch (const KafkaException& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("getting a token from " + request.url + ": "),
                                    Not(HasSubstr(kSecret))));
    return error.what();
  }
  return {};
}

HttpAnswer answer_to(const std::string& bytes) {
  TokenEndpoint endpoint(bytes);
  return post(request_to(endpoint.url()), {});
}

std::string failure_with(const std::string& bytes) {
  TokenEndpoint endpoint(bytes);
  return failure_of(request_to(endpoint.url()));
}

TEST(HttpPostTest, WhatIsSent) {
  for (const auto& [path, sent] :
       {std::pair{"/a/b?c=d", "/a/b?c=d"}, std::pair{"", "/"}, std::pair{"?x", "/?x"}}) {
    TokenEndpoint endpoint("HTTP/1.1 204 None\r\n\r\n");
    EXPECT_EQ(post(request_to(endpoint.url(path)), {}).status, 204);
    EXPECT_THAT(endpoint.request(),
                AllOf(StartsWith("POST " + std::string(sent) + " HTTP/1.1\r\n"),
                      HasSubstr("\r\nHost: " + endpoint.host() + "\r\n"),
                      HasSubstr("\r\nAuthorization: " + std::string(kSecret) + "\r\n"),
                      HasSubstr("\r\nAccept: application/json\r\n"),
                      HasSubstr("\r\nContent-Type: application/x-www-form-urlencoded\r\n"),
                      testing::EndsWith("\r\n\r\ngrant_type=client_credentials&scope=a+b")));
  }
}

TEST(HttpPostTest, UrlsRefused) {
  for (const char* url : {"", "h", "ftp://h", "http://", "http://:1/", "http://h:x/",
                          "http://h:99999/", "http://a@h/", "http://h/a b", "http://h/\r\nX: y"}) {
    EXPECT_THROW(post(request_to(url), {}), ConfigException) << url;
  }
  EXPECT_THAT(refusal_of([] { post(request_to("http://me:s3cret@h/"), {}); }),
              AllOf(HasSubstr("sasl.jaas.config"), Not(HasSubstr("s3cret"))));
}

TEST(HttpPostTest, BodiesOfEachForm) {
  const HttpAnswer plain = answer_to("HTTP/1.0 401 No\r\nA: b\r\n\r\nxyz");
  EXPECT_EQ(plain.status, 401);
  EXPECT_EQ(plain.body, "xyz");
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\ncontent-LENGTH:  2 \r\n\r\nxyz").body, "xy");
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;e=f\r\nxy\r\nA\r\n"
                      "0123456789\r\n0\r\n\r\n")
                .body,
            "xy0123456789");
}

TEST(HttpPostTest, NoRedirectIsFollowed) {
  EXPECT_EQ(answer_to("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n").status, 302);
}

TEST(HttpPostTest, NoProxyOfTheEnvironmentIsUsed) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\n\r\nx").body, "x");
  ::unsetenv("http_proxy");
}

TEST(HttpPostTest, AnswersRefused) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& bytes :
       {std::string(), std::string("SSH-2.0\r\n\r\n"), ok + "Content-Length: 9\r\n\r\nx",
        chunked + "zz\r\n", chunked + "ffffffffffffffff\r\nx", chunked + "5\r\nabc"}) {
    EXPECT_THAT(failure_with(bytes), Not("")) << bytes;
  }
  EXPECT_THAT(failure_with(ok + "Content-Length: 9\r\n\r\nx"), HasSubstr("is cut off"));
  EXPECT_THAT(failure_with("SSH-2.0\r\n\r\n"), HasSubstr("is not HTTP/1.1"));
}

TEST(HttpPostTest, AnswersAreBounded) {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ(answer_to(head + std::string(kMaxAnswerBytes, 'x')).body.size(), kMaxAnswerBytes);
  EXPECT_THAT(failure_with(head + std::string(kMaxAnswerBytes + 1, 'x')), HasSubstr("too large"));
}

TEST(HttpPostTest, ARefusedConnection) {
  EXPECT_THAT(failure_of(request_to("http://127.0.0.1:1/token")),
              HasSubstr("connecting: Connection refused"));
}

TEST(HttpPostTest, ASilentServer) {
  TokenEndpoint endpoint(std::nullopt);
  HttpRequest request = request_to(endpoint.url());
  request.connect_timeout = request.read_timeout = std::chrono::milliseconds(100);
  EXPECT_THAT(failure_of(request), HasSubstr("no answer in time"));
}

class HttpsPostTest : public testing::Test {
 protected:
  using Pair = testing_support::CertificatePair;
  Pair make_pair(const std::string& names) {
    return testing_support::make_certificate(folder_, names);
  }
  void serve_as(const Pair& pair) {
    context_.use_certificate_chain(boost::asio::buffer(pair.certificate));
    context_.use_private_key(boost::asio::buffer(pair.key), context_.pem);
  }
  std::string failure(const TlsSettings& tls) {
    TokenEndpoint endpoint("HTTP/1.1 200 OK\r\n\r\nx", &context_);
    return failure_of(request_to(endpoint.url()), tls);
  }
  static TlsSettings trusting(const Pair& pair) {
    TlsSettings tls;
    tls.trusted_pem = pair.certificate;
    return tls;
  }
  TemporaryFolder folder_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
};

TEST_F(HttpsPostTest, TrustsTheGivenCertificatesAlone) {
  const Pair server = make_pair("IP:127.0.0.1");
  serve_as(server);
  TokenEndpoint endpoint("HTTP/1.1 200 OK\r\n\r\nx", &context_);
  EXPECT_EQ(post(request_to(endpoint.url()), trusting(server)).body, "x");
  for (const TlsSettings& other : {trusting(make_pair("IP:127.0.0.1")), TlsSettings{}}) {
    EXPECT_THAT(failure(other), AllOf(HasSubstr("its certificate is refused: "),
                                      HasSubstr("check the options ssl.truststore.*")));
  }
}

TEST_F(HttpsPostTest, SystemCertificatesDoNotJoinTheGivenOnes) {
  const Pair other = make_pair("DNS:b");
  serve_as(make_pair("IP:127.0.0.1"));
  ::setenv("SSL_CERT_FILE", (folder_ / "cert.pem").c_str(), 1);
  EXPECT_EQ(failure({}), "");
  EXPECT_THAT(failure(trusting(other)), HasSubstr("its certificate is refused: "));
  ::unsetenv("SSL_CERT_FILE");
}

TEST_F(HttpsPostTest, ChecksTheNameUnlessThatIsOff) {
  const Pair server = make_pair("DNS:other.example");
  serve_as(server);
  TlsSettings tls = trusting(server);
  EXPECT_THAT(failure(tls), HasSubstr("its certificate is refused: "));
  tls.check_host_name = false;
  EXPECT_EQ(failure(tls), "");
}

TEST_F(HttpsPostTest, ShowsItsOwnCertificate) {
  const Pair server = make_pair("IP:127.0.0.1"), client = make_pair("DNS:client");
  serve_as(server);
  context_.add_certificate_authority(boost::asio::buffer(client.certificate));
  context_.set_verify_mode(boost::asio::ssl::verify_peer |
                           boost::asio::ssl::verify_fail_if_no_peer_cert);
  TlsSettings tls = trusting(server);
  EXPECT_NE(failure(tls), "");
  tls.chain_pem = client.certificate;
  tls.key_pem = SecretText(client.key);
  EXPECT_EQ(failure(tls), "");
}

TEST_F(HttpsPostTest, VersionsAreTheSettingsOnes) {
  const Pair server = make_pair("IP:127.0.0.1");
  serve_as(server);
  context_.set_options(context_.no_tlsv1_3);
  TlsSettings tls = trusting(server);
  EXPECT_EQ(failure(tls), "");
  tls.tls12 = false;
  EXPECT_THAT(failure(tls), HasSubstr(": TLS: "));
}

TEST_F(HttpsPostTest, SettingsThatCannotWork) {
  const Pair server = make_pair("IP:127.0.0.1");
  serve_as(server);
  TlsSettings tls = trusting(server);
  tls.chain_pem = server.certificate;
  tls.key_pem = SecretText(std::string_view("no key"));
  EXPECT_THAT(refusal_of([&] { failure(tls); }), HasSubstr("the key of the key store"));
}

}  // namespace
}  // namespace millrace::security
