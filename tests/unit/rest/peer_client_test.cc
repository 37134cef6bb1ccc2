#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "identity.h"
#include "raw_peer.h"
#include "runtime/herder/internal_request.h"
#include "runtime/rest/http_peer_client.h"
#include "runtime/rest/tls_context.h"
#include "server_fixture.h"
#include "tests/support/temporary_folder.h"

namespace millrace::rest {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class PeerClientTest : public HttpServerFixture {
 protected:
  using Answer = std::shared_future<Outcome<PeerAnswer>>;

  ~PeerClientTest() override {
    running_.on([this] { client_.reset(); });
  }

  void make_client(PeerClientOptions options = {}) {
    running_.on([&] {
      client_ = std::make_unique<HttpPeerClient>(running_.io(), std::move(options));
    });
  }
  void make_client(PeerLimits limits) {
    PeerClientOptions options;
    options.limits = limits;
    make_client(std::move(options));
  }
  Answer begin(PeerRequest request) {
    auto promise = std::make_shared<std::promise<Outcome<PeerAnswer>>>();
    running_.on([&] {
      auto inside = std::make_shared<bool>(true);
      client_->call(std::move(request), [promise, inside](Outcome<PeerAnswer> outcome) {
        EXPECT_FALSE(*inside) << "called back inside call()";
        promise->set_value(std::move(outcome));
      });
      *inside = false;
    });
    return promise->get_future().share();
  }
  static bool answered(const Answer& answer) {
    return answer.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  }
  static PeerAnswer answer_of(const Answer& answer) {
    if (!answered(answer)) throw std::runtime_error("no answer");
    auto outcome = answer.get();
    return outcome.value();
  }
  static std::string error_of(const Answer& answer) {
    try {
      return "status " + std::to_string(answer_of(answer).status);
    } catch (const Error& e) {
      return e.what();
    }
  }
  std::string url(const std::string& target, const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + target;
  }
  static std::string url_of(const SilentPeer& peer, const std::string& scheme = "http") {
    return scheme + "://127.0.0.1:" + std::to_string(peer.port()) + "/x";
  }
  PeerRequest get(const std::string& target) { return {url(target), "GET"}; }
  /// A server that keeps the last request and answers with 200 and `{}`.
  void start_recording() {
    port_ = running_.on([&] {
      server_ = std::make_unique<HttpServer>(running_.io());
      return server_->listen({false, "127.0.0.1", 0}, [this](HttpRequest request, Respond respond) {
        last_ = std::move(request);
        respond(json_response(200, "{}"));
      });
    });
  }
  HttpRequest last() {
    return running_.on([this] { return last_; });
  }

  std::unique_ptr<HttpPeerClient> client_;
  HttpRequest last_;  // control thread
};

std::string field(const HttpRequest& request, std::string_view name) {
  const std::string* value = request.headers.find(name);
  return value != nullptr ? *value : "(none)";
}

TEST_F(PeerClientTest, SendsTheHeadersOfJavasClient) {
  start_recording();
  make_client();
  const auto answer = answer_of(
      begin({url("/connectors?forward=true"), "POST", R"({"name":"a"})", {}, "Basic dTpw"}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  const auto request = last();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/connectors?forward=true");
  EXPECT_EQ(request.body, R"({"name":"a"})");
  EXPECT_EQ(field(request, "Host"), "127.0.0.1:" + std::to_string(port_));
  EXPECT_EQ(field(request, "Accept"), "application/json");
  EXPECT_EQ(field(request, "User-Agent"), "kafka-connect");
  EXPECT_EQ(field(request, "Content-Type"), "application/json");
  EXPECT_EQ(field(request, "Authorization"), "Basic dTpw");
  EXPECT_EQ(field(request, kSignatureHeader), "(none)");
}

TEST_F(PeerClientTest, RequestsWithoutABodyHaveNoType) {
  start_recording();
  make_client();
  EXPECT_EQ(answer_of(begin({url("/connectors/a/stop"), "PUT"})).status, 200);
  EXPECT_EQ(field(last(), "Content-Type"), "(none)");
  EXPECT_EQ(field(last(), "Content-Length"), "0");
  EXPECT_EQ(field(last(), "Authorization"), "(none)");
}

TEST_F(PeerClientTest, SignsWithTheSessionKey) {
  start_recording();
  PeerClientOptions options;
  options.signature_algorithm = "HmacSHA512";
  make_client(options);
  const SessionKey key{"0123456789abcdef", "HmacSHA256", 1};
  for (const char* body : {R"([{"task.class":"ü"}])", ""}) {
    answer_of(begin({url("/connectors/a/tasks"), "POST", body, key}));
    const auto request = last();
    EXPECT_EQ(field(request, kSignatureAlgorithmHeader), "HmacSHA512");
    const auto signature =
        read_signature(request.headers.find(kSignatureHeader),
                       request.headers.find(kSignatureAlgorithmHeader), request.body);
    EXPECT_NO_THROW(check_signature(signature, {"HmacSHA512"}, &key));
  }
}

TEST_F(PeerClientTest, RedirectsAndErrorsAreAnswers) {
  make_client();
  const RawPeer peer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
  const auto answer = answer_of(begin({url_of(peer), "GET"}));
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.headers.at("location"), "http://127.0.0.1:1/");
  start();
  EXPECT_EQ(answer_of(begin(get("/empty"))).status, 204);
}

TEST_F(PeerClientTest, NamesBecomeAddresses) {
  start();
  make_client();
  const auto answer =
      answer_of(begin({"http://localhost:" + std::to_string(port_) + "/x", "GET"}));
  EXPECT_EQ(answer.body, "GET /x 0");
  EXPECT_THAT(error_of(begin({"http://no-such-host.invalid:80/x", "GET"})),
              StartsWith("GET http://no-such-host.invalid:80/x: looking up host "
                         "no-such-host.invalid: "));
}

TEST_F(PeerClientTest, UrlsThatAreNoneFailLater) {
  make_client();
  for (const char* bad : {"", "host:80/x", "ftp://host:80/x", "http://", "http://user@host:1/x",
                          "http://host:0/x", "http://host:99999/", "http://[::1/x",
                          "http://host:80/a b", "http://host:80/a\r\nX: y"}) {
    EXPECT_THAT(error_of(begin({bad, "GET"})), HasSubstr("this is no URL of the form")) << bad;
  }
}

TEST_F(PeerClientTest, APeerThatIsGoneIsNamed) {
  auto peer = std::make_unique<SilentPeer>();
  const std::string gone = url_of(*peer);
  peer.reset();
  make_client();
  EXPECT_EQ(error_of(begin({gone, "PUT"})), "PUT " + gone + ": connecting: Connection refused");
}

TEST_F(PeerClientTest, APeerThatNeverAnswersIsGivenUp) {
  const SilentPeer peer;
  make_client(PeerLimits{.call_timeout = milliseconds(30)});
  EXPECT_EQ(error_of(begin({url_of(peer), "GET"})),
            "GET " + url_of(peer) + ": no whole answer within 30 ms");
  EXPECT_TRUE(running_.eventually([this] { return client_->connections() == 0; }));
}

TEST_F(PeerClientTest, APeerThatNeverSpeaksTlsIsGivenUp) {
  const SilentPeer peer;
  make_client(PeerLimits{.connect_timeout = milliseconds(30)});
  EXPECT_EQ(error_of(begin({url_of(peer, "https"), "GET"})),
            "GET " + url_of(peer, "https") + ": no connection within 30 ms");
}

TEST_F(PeerClientTest, AnswersThatAreTooLargeAreRefused) {
  big_ = std::string(1001, 'x');
  start();
  make_client(PeerLimits{.max_header_bytes = 500, .max_answer_bytes = 1000});
  EXPECT_EQ(error_of(begin(get("/big"))),
            "GET " + url("/big") + ": the answer is larger than 1000 bytes");
  const RawPeer headers("HTTP/1.1 200 OK\r\nX: " + std::string(600, 'h') + "\r\n\r\n");
  EXPECT_THAT(error_of(begin({url_of(headers), "GET"})),
              HasSubstr("the headers of the answer are larger than 500 bytes"));
  // Without a length of which it could be told before.
  const RawPeer endless("HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'b'));
  EXPECT_THAT(error_of(begin({url_of(endless), "GET"})),
              HasSubstr("the answer is larger than 1000 bytes"));
}

TEST_F(PeerClientTest, AnswersThatAreCutOffOrNoHttpAreErrors) {
  make_client();
  const RawPeer cut("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(error_of(begin({url_of(cut), "GET"})),
              HasSubstr("the connection was closed before the answer was complete"));
  const RawPeer nothing("");
  EXPECT_THAT(error_of(begin({url_of(nothing), "GET"})),
              HasSubstr("the connection was closed before the answer was complete"));
  const RawPeer other("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_THAT(error_of(begin({url_of(other), "GET"})), HasSubstr("the answer is not HTTP/1.1"));
}

TEST_F(PeerClientTest, ConnectionsAndWaitingCallsAreLimited) {
  start();
  make_client(PeerLimits{.max_parallel = 1, .max_waiting = 1});
  const auto first = begin(get("/hold"));
  ASSERT_TRUE(is_held(1));
  const auto second = begin(get("/second"));
  ASSERT_TRUE(running_.eventually([this] { return client_->waiting() == 1; }));
  EXPECT_THAT(error_of(begin(get("/third"))), HasSubstr("1 calls of other workers wait already"));
  release_all();
  EXPECT_EQ(answer_of(first).body, "late");
  EXPECT_EQ(answer_of(second).body, "GET /second 0");
}

TEST_F(PeerClientTest, WaitingCallsTimeOut) {
  start();
  make_client(PeerLimits{.call_timeout = milliseconds(50), .max_parallel = 1});
  const auto held = begin(get("/hold"));
  const auto waiting = begin(get("/x"));
  EXPECT_THAT(error_of(waiting), HasSubstr(" within 50 ms"));
  EXPECT_THAT(error_of(held), HasSubstr("no whole answer within 50 ms"));
}

TEST_F(PeerClientTest, OpenCallsEndWithTheClient) {
  start();
  make_client(PeerLimits{.max_parallel = 1});
  const auto held = begin(get("/hold"));
  const auto waiting = begin(get("/x"));
  ASSERT_TRUE(is_held(1));
  running_.on([this] { client_.reset(); });
  for (const auto& call : {held, waiting}) {
    ASSERT_TRUE(answered(call));
    EXPECT_THROW(call.get(), std::future_error) << "the callback was called";
  }
}

class PeerTlsTest : public PeerClientTest {
 protected:
  std::string file(const Identity& identity, const std::string& name, bool with_key) {
    const std::string path = (folder_ / name).string();
    identity.write_pem(path, with_key);
    return path;
  }
  /// A server that shows `identity`.
  void start_secure(const Identity& identity, const std::string& client_auth = "none") {
    TlsConfig config;
    config.keystore_location = file(identity, "server.pem", true);
    config.truststore_location = file(client_identity_, "clients.pem", false);
    config.client_auth = client_auth;
    port_ = running_.on([&] {
      server_ = std::make_unique<HttpServer>(running_.io());
      return server_->listen({true, "127.0.0.1", 0}, handler(), make_tls_context(config));
    });
  }
  PeerClientOptions trusting(const Identity& identity) {
    PeerClientOptions options;
    options.tls.truststore_location = file(identity, "trust.pem", false);
    return options;
  }
  PeerRequest secure_get(const std::string& host = "127.0.0.1") {
    return {"https://" + host + ":" + std::to_string(port_) + "/x", "GET"};
  }

  testing_support::TemporaryFolder folder_;
  Identity client_identity_;
};

TEST_F(PeerTlsTest, TrustedPeersAreCalled) {
  const Identity server("DNS:localhost,IP:127.0.0.1");
  start_secure(server);
  make_client(trusting(server));
  EXPECT_EQ(answer_of(begin(secure_get())).body, "GET /x 0");
  EXPECT_EQ(answer_of(begin(secure_get("localhost"))).body, "GET /x 0");
}

TEST_F(PeerTlsTest, OtherNamesAreRefusedUnlessNotChecked) {
  const Identity server("DNS:elsewhere.example,IP:127.0.0.9");
  start_secure(server);
  auto options = trusting(server);
  make_client(options);
  EXPECT_THAT(error_of(begin(secure_get())), HasSubstr("https://127.0.0.1:"));
  EXPECT_THAT(error_of(begin(secure_get())), HasSubstr("TLS"));
  EXPECT_THAT(error_of(begin(secure_get("localhost"))), HasSubstr("TLS"));
  options.tls.endpoint_identification_algorithm = "";
  make_client(options);
  EXPECT_EQ(answer_of(begin(secure_get())).status, 200);
}

TEST_F(PeerTlsTest, UnknownCertificatesAreRefused) {
  const Identity server("IP:127.0.0.1");
  start_secure(server);
  make_client(trusting(client_identity_));
  EXPECT_THAT(error_of(begin(secure_get())), HasSubstr("TLS: its certificate is refused"));
}

TEST_F(PeerTlsTest, ShowsACertificateWhenAsked) {
  const Identity server("IP:127.0.0.1");
  start_secure(server, "required");
  auto options = trusting(server);
  make_client(options);
  EXPECT_THAT(error_of(begin(secure_get())), StartsWith("GET https://127.0.0.1:"));
  options.tls.keystore_location = file(client_identity_, "client.pem", true);
  make_client(options);
  EXPECT_EQ(answer_of(begin(secure_get())).status, 200);
}

TEST_F(PeerTlsTest, SettingsThatCannotWorkAreNamed) {
  start_secure(client_identity_);
  PeerClientOptions options;
  options.tls.truststore_location = (folder_ / "missing.pem").string();
  make_client(options);
  EXPECT_THAT(error_of(begin(secure_get())), HasSubstr("missing.pem"));
}

}  // namespace
}  // namespace millrace::rest
