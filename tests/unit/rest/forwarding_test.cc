#include "runtime/rest/forwarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <future>

#include "http_client.h"
#include "identity.h"
#include "raw_peer.h"
#include "routes_fixture.h"
#include "running_loop.h"
#include "runtime/rest/http_peer_client.h"
#include "runtime/rest/peer_url.h"
#include "runtime/rest/rest_server.h"
#include "tests/support/temporary_folder.h"

namespace millrace::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kTooFar =
    "Cannot complete request because of a conflicting operation (e.g. worker rebalance)";
constexpr const char* kNoLeader =
    "Cannot complete request momentarily due to no known leader URL, likely because a rebalance "
    "was underway.";

std::exception_ptr belongs_to(const std::string& url) {
  return error_of<ForwardException>("This worker is not the leader", url);
}

/// Keeps what it is asked until the test answers.
class FakePeers final : public PeerClient {
 public:
  void call(PeerRequest request, Callback<PeerAnswer> done) override {
    requests.push_back(std::move(request));
    waiting_.push_back(std::move(done));
  }
  void answer(Outcome<PeerAnswer> outcome) {
    const auto done = std::move(waiting_.front());
    waiting_.pop_front();
    done(std::move(outcome));
  }
  std::vector<PeerRequest> requests;

 private:
  std::deque<Callback<PeerAnswer>> waiting_;
};

class ForwardingTest : public RoutesTest {
 protected:
  ForwardingTest() {
    context_.cluster = &cluster_;
    router_ = Router();
    add_connectors_resource(router_, context_);
    add_loggers_resource(router_, context_, [] { return int64_t{1'234}; });
    herder_.failure = belongs_to("http://leader:8083/");
  }
  /// What the client gets when the other worker answers so.
  HttpResponse forwarded(const HttpRequest& request, Outcome<PeerAnswer> outcome) {
    EXPECT_FALSE(start(request).has_value());
    peers_.answer(std::move(outcome));
    EXPECT_TRUE(late_.has_value());
    return late_.value_or(HttpResponse{});
  }
  HttpResponse forwarded(const std::string& method, const std::string& target,
                         Outcome<PeerAnswer> outcome) {
    return forwarded(make(method, target), std::move(outcome));
  }

  FakePeers peers_;
  const ClusterAccess cluster_{herder_, peers_};
};

TEST_F(ForwardingTest, TheRequestGoesOnWithBodyAndCredentialsAlone) {
  auto request = make("PUT", "/connectors/a%20b/config", R"({"k":1.50})");
  request.headers.add("Authorization", "Basic dTpw");
  request.headers.add("Cookie", "c=1");
  const auto response = forwarded(request, PeerAnswer{200, R"({"name":"a b"})", {}});
  const auto& sent = peers_.requests.at(0);
  EXPECT_EQ(sent.url, "http://leader:8083/connectors/a%20b/config?forward=true");
  EXPECT_EQ(sent.method, "PUT");
  EXPECT_EQ(sent.body, R"({"k":1.50})");
  EXPECT_EQ(sent.authorization, "Basic dTpw");
  EXPECT_FALSE(sent.key.has_value());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"name":"a b"})");
  EXPECT_EQ(header(response, "Content-Type"), "application/json");
  EXPECT_EQ(header(response, "Location"), "(none)");
}

TEST_F(ForwardingTest, CreationNamesThisWorker) {
  const auto request = make("POST", "/connectors", R"({"name":"a","config":{}})");
  const PeerAnswer created{
      201, R"({"name":"a"})", {{"location", "http://leader:8083/connectors/a"}}};
  const auto response = forwarded(request, created);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header(response, "Location"), "http://worker:8083/connectors/a");
}

TEST_F(ForwardingTest, ThePathIsTheSameHoweverItIsSpelled) {
  for (const char* target : {"/connectors/a%2Bb%23", "/connectors/a+b%23/", "/connectors/a+b%23;m=1",
                             "http://worker:8083/connectors/a%2bb%23", "/connectors/a+b%23#part"}) {
    forwarded("DELETE", target, PeerAnswer{204, "", {}});
    EXPECT_EQ(peers_.requests.back().url,
              "http://leader:8083/connectors/a%2Bb%23?forward=true") << target;
  }
  EXPECT_EQ(herder_.calls, std::vector<std::string>(5, "delete a+b#"));
}

TEST_F(ForwardingTest, FlagsGoOn) {
  for (const auto& [query, sent] : std::vector<std::pair<std::string, std::string>>{
           {"?onlyFailed=TRUE&includeTasks=true&x=y", "&includeTasks=true&onlyFailed=true"},
           {"?includeTasks=true&onlyFailed=no", "&includeTasks=true"},
           {"", ""}}) {
    forwarded("POST", "/connectors/a/restart" + query, PeerAnswer{204, "", {}});
    EXPECT_EQ(peers_.requests.back().url,
              "http://leader:8083/connectors/a/restart?forward=true" + sent);
  }
}

TEST_F(ForwardingTest, EveryOperationIsForwarded) {
  const std::vector<HttpRequest> requests = {
      make("POST", "/connectors", R"({"name":"a","config":{}})"),
      make("PUT", "/connectors/a/config", "{}"),
      make("PATCH", "/connectors/a/config", "{}"),
      make("DELETE", "/connectors/a"),
      make("PUT", "/connectors/a/stop"),
      make("POST", "/connectors/a/restart"),
      make("POST", "/connectors/a/restart?includeTasks=true"),
      make("POST", "/connectors/a/tasks/0/restart"),
      make("PATCH", "/connectors/a/offsets", R"({"offsets":[{"partition":{},"offset":{}}]})"),
      make("DELETE", "/connectors/a/offsets")};
  for (const auto& request : requests) {
    const auto response = forwarded(request, PeerAnswer{202, "{}", {}});
    EXPECT_EQ(response.status, 202) << request.method << " " << request.target;
    EXPECT_EQ(peers_.requests.back().method, request.method);
  }
  EXPECT_EQ(peers_.requests.size(), requests.size());
}

TEST_F(ForwardingTest, TheSecondHopIsTheLast) {
  forwarded("DELETE", "/connectors/a?forward=True", PeerAnswer{204, "", {}});
  EXPECT_EQ(peers_.requests.at(0).url, "http://leader:8083/connectors/a?forward=false");
  const auto response = call("DELETE", "/connectors/a?forward=false");
  EXPECT_EQ(response.body, error_json(409, kTooFar));
  EXPECT_EQ(header(response, "Retry-After"), "1");
  EXPECT_EQ(call("DELETE", "/connectors/a?forward=anything").body, error_json(409, kTooFar));
  EXPECT_EQ(peers_.requests.size(), 1U);
}

TEST_F(ForwardingTest, WithoutAKnownLeaderItIsAConflict) {
  herder_.failure = belongs_to("");
  const auto response = call("PUT", "/connectors/a/stop");
  EXPECT_EQ(response.body, error_json(409, kNoLeader));
  EXPECT_EQ(header(response, "Retry-After"), "1");
  EXPECT_EQ(call("PUT", "/connectors/a/stop?forward=true").body, error_json(409, kNoLeader));
  EXPECT_THAT(peers_.requests, IsEmpty());
}

TEST_F(ForwardingTest, OnlyConflictsThatPassAskForAnotherTry) {
  herder_.failure = error_of<AlreadyExistsException>("Connector a already exists");
  auto response = call("POST", "/connectors", R"({"name":"a","config":{}})");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(header(response, "Retry-After"), "(none)");
  herder_.failure = error_of<RequestException>(409, "rebalance");
  EXPECT_EQ(header(call("DELETE", "/connectors/a"), "Retry-After"), "1");
  herder_.failure = error_of<RequestException>(400, "no");
  EXPECT_EQ(header(call("DELETE", "/connectors/a"), "Retry-After"), "(none)");
}

TEST_F(ForwardingTest, ErrorsOfTheOtherWorkerAreRelayed) {
  auto response = forwarded("DELETE", "/connectors/a",
                            PeerAnswer{404, error_json(404, "Connector a not found"), {}});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, error_json(404, "Connector a not found"));
  response = forwarded("DELETE", "/connectors/a",
                       PeerAnswer{409, R"({"error_code":409,"message":null,"more":[1]})",
                                  {{"retry-after", "1"}}});
  EXPECT_EQ(response.body, R"({"error_code":409,"message":null})");
  EXPECT_EQ(header(response, "Retry-After"), "1");
}

TEST_F(ForwardingTest, AnswersThatNoWorkerGivesAre500) {
  const std::string call = "DELETE http://leader:8083/connectors/a?forward=true";
  auto response = forwarded("DELETE", "/connectors/a",
                            PeerAnswer{401, "User cannot access the resource.", {}});
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("IO Error trying to forward REST request: " + call +
                                       ": the answer with status 401 cannot be read: "));
  for (const char* body : {"", "{", "[1,", "nonsense"}) {
    response = forwarded("DELETE", "/connectors/a", PeerAnswer{200, body, {}});
    EXPECT_THAT(response.body, HasSubstr("the answer with status 200 cannot be read: ")) << body;
  }
  response = forwarded("DELETE", "/connectors/a", PeerAnswer{302, "", {}});
  EXPECT_EQ(response.body,
            error_json(500, "Unexpected status code when handling forwarded request: 302"));
  response = forwarded("DELETE", "/connectors/a", error_of<ConnectException>(call + ": gone"));
  EXPECT_EQ(response.body,
            error_json(500, "IO Error trying to forward REST request: " + call + ": gone"));
  response = forwarded("DELETE", "/connectors/a", error_of<ConfigException>("no trust store"));
  EXPECT_EQ(response.body, error_json(500, "Error trying to forward REST request: no trust store"));
}

TEST_F(ForwardingTest, TheOtherWorkerHasItsOwnTime) {
  EXPECT_FALSE(start(make("DELETE", "/connectors/a")).has_value());
  executor_.advance(kRequestTimeout * 2);
  EXPECT_FALSE(late_.has_value());
  peers_.answer(PeerAnswer{204, "", {}});
  EXPECT_EQ(late_->status, 204);
}

TEST_F(ForwardingTest, AHerderMayFindOutLate) {
  herder_.hold = true;
  EXPECT_FALSE(start(make("DELETE", "/connectors/a")).has_value());
  EXPECT_THAT(peers_.requests, IsEmpty());
  herder_.release();
  EXPECT_EQ(peers_.requests.size(), 1U);
  peers_.answer(PeerAnswer{204, "", {}});
  EXPECT_EQ(late_->status, 204);
}

TEST_F(ForwardingTest, LevelsOfTheClusterGoThroughTheHerder) {
  herder_.failure = nullptr;
  const std::string target = "/admin/loggers/rest.test.cluster?scope=cluster";
  const auto response = call("PUT", target, R"({"level":"warn"})");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(call("PUT", target, R"({"level":"loud"})").body,
            error_json(404, "invalid log level 'loud'."));
  EXPECT_THAT(herder_.calls, ElementsAre("log rest.test.cluster warn"));
  EXPECT_EQ(call("GET", "/admin/loggers/rest.test.cluster").status, 404) << "changed here already";
}

TEST_F(ForwardingTest, WithoutSessionsCallsOfOthersAreNotSigned) {
  herder_.failure = nullptr;
  herder_.signatures = false;
  EXPECT_EQ(call("PUT", "/connectors/a/fence").status, 204);
  EXPECT_EQ(call("POST", "/connectors/a/tasks", "[]").status, 204);
  EXPECT_THAT(herder_.calls, ElementsAre("fence a", "tasks a"));
}

TEST_F(ForwardingTest, CallsOfOthersAreForwardedUnsigned) {
  herder_.signatures = false;
  const auto response =
      forwarded(make("POST", "/connectors/a/tasks", R"([{"k":"v"}])"), PeerAnswer{204, "", {}});
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(peers_.requests.at(0).url, "http://leader:8083/connectors/a/tasks?forward=true");
  EXPECT_EQ(peers_.requests.at(0).body, R"([{"k":"v"}])");
  EXPECT_FALSE(peers_.requests.at(0).key.has_value());
}

TEST_F(RoutesTest, WithoutPeersNothingIsForwarded) {
  herder_.failure = belongs_to("http://leader:8083/");
  EXPECT_EQ(call("DELETE", "/connectors/a").status, 500);
}

TEST(PeerUrl, IsSplit) {
  const auto url = parse_peer_url("HTTPS://[::1]:8443/a%20b?x=1").value();
  EXPECT_TRUE(url.secure);
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, "8443");
  EXPECT_EQ(url.target, "/a%20b?x=1");
  EXPECT_EQ(url.authority(), "[::1]:8443");
  EXPECT_EQ(parse_peer_url("http://host").value().port, "80");
  EXPECT_EQ(parse_peer_url("https://host?x").value().target, "/?x");
  EXPECT_EQ(below("http://h:1/", "/connectors"), "http://h:1/connectors");
  EXPECT_EQ(below("http://h:1", "/connectors"), "http://h:1/connectors");
}

/// Two workers on real connections.
class TwoWorkersTest : public ::testing::Test {
 protected:
  struct Worker {
    FakeHerder herder;  // control thread, except before its first request
    std::unique_ptr<HttpPeerClient> peers;
    std::unique_ptr<RestServer> server;
    uint16_t port = 0;
    std::string url() const { return server->advertised().url(); }
  };

  TwoWorkersTest() {
    for (Worker* worker : {&a_, &b_}) start(*worker);
  }
  ~TwoWorkersTest() override {
    running_.on([this] {
      for (Worker* worker : {&a_, &b_, &other_}) {
        worker->server.reset();
        worker->peers.reset();
      }
    });
  }
  void start(Worker& worker, Properties properties = {},
             std::chrono::milliseconds call_timeout = std::chrono::seconds(15)) {
    properties.try_emplace("listeners", "http://127.0.0.1:0");
    running_.on([&] {
      const RestConfig config = parse_rest_config(properties);
      PeerClientOptions options;
      options.tls = config.tls;
      options.limits.call_timeout = call_timeout;
      options.limits.max_answer_bytes = 100'000;
      worker.peers = std::make_unique<HttpPeerClient>(running_.io(), std::move(options));
      worker.server = std::make_unique<RestServer>(running_.io(), running_, config);
      worker.server->listen();
      worker.server->initialize_resources(worker.herder, [] { return ""; }, *worker.peers,
                                          {"HmacSHA256"});
      worker.port = worker.server->listeners().at(0).port;
      worker.herder.key = key_;
    });
  }
  static ClientResponse call(const Worker& worker, std::string_view method,
                             std::string_view target, std::string_view body = {},
                             std::string_view headers = {}) {
    return HttpClient(worker.port).call(method, target, body, headers);
  }
  /// A signed call of one worker to the other, as the herder makes it.
  PeerAnswer internal_call(Worker& from, PeerRequest request) {
    auto promise = std::make_shared<std::promise<Outcome<PeerAnswer>>>();
    running_.on([&] {
      from.peers->call(std::move(request),
                       [promise](Outcome<PeerAnswer> outcome) { promise->set_value(outcome); });
    });
    return promise->get_future().get().value();
  }

  const SessionKey key_{"0123456789abcdef0123456789abcdef", "HmacSHA256", 1};
  RunningLoop running_;
  Worker a_;
  Worker b_;
  Worker other_;  // not started
};

TEST_F(TwoWorkersTest, EitherAnswersForTheOther) {
  a_.herder.failure = belongs_to(b_.url());
  auto response = call(a_, "POST", "/connectors", R"({"name":"new one","config":{"k":1.50}})");
  EXPECT_EQ(response.status, 201);
  EXPECT_THAT(response.body, HasSubstr(R"("k":"1.50")"));
  EXPECT_THAT(response.headers.at("location"),
              ::testing::EndsWith("/connectors/new%20one"));
  EXPECT_EQ(call(a_, "DELETE", "/connectors/x").status, 204);
  EXPECT_THAT(b_.herder.calls, ElementsAre("put new one", "delete x"));
  a_.herder.failure = nullptr;
  b_.herder.failure = belongs_to(a_.url());
  EXPECT_EQ(call(b_, "PUT", "/connectors/x/stop").status, 204);
  EXPECT_EQ(a_.herder.calls.back(), "stop x");
}

TEST_F(TwoWorkersTest, TwoThatPointAtEachOtherGiveUp) {
  a_.herder.failure = belongs_to(b_.url());
  b_.herder.failure = belongs_to(a_.url());
  const auto response = call(a_, "DELETE", "/connectors/x");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.body, error_json(409, kTooFar));
  EXPECT_EQ(response.headers.at("retry-after"), "1");
  EXPECT_THAT(a_.herder.calls, ElementsAre("delete x", "delete x"));
  EXPECT_THAT(b_.herder.calls, ElementsAre("delete x"));
}

TEST_F(TwoWorkersTest, ALeaderThatIsGoneIsNamed) {
  auto gone = std::make_unique<SilentPeer>();
  const std::string url = "http://127.0.0.1:" + std::to_string(gone->port());
  gone.reset();
  a_.herder.failure = belongs_to(url);
  EXPECT_EQ(call(a_, "DELETE", "/connectors/x").body,
            error_json(500, "IO Error trying to forward REST request: DELETE " + url +
                                "/connectors/x?forward=true: connecting: Connection refused"));
}

TEST_F(TwoWorkersTest, ALeaderThatNeverAnswersIsGivenUp) {
  const SilentPeer silent;
  start(other_, {}, std::chrono::milliseconds(30));
  other_.herder.failure = belongs_to("http://127.0.0.1:" + std::to_string(silent.port()));
  const auto response = call(other_, "DELETE", "/connectors/x");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("IO Error trying to forward REST request: DELETE http://"));
  EXPECT_THAT(response.body, HasSubstr(": no whole answer within 30 ms"));
}

TEST_F(TwoWorkersTest, ALeaderBehindTlsAnswers) {
  const testing_support::TemporaryFolder folder;
  const Identity identity("IP:127.0.0.1");
  const std::string file = (folder / "worker.pem").string();
  identity.write_pem(file, true);
  const Properties tls = {{"listeners.https.ssl.keystore.location", file},
                          {"listeners.https.ssl.truststore.location", file},
                          {"listeners.https.ssl.client.auth", "required"},
                          {"ssl.keystore.location", "not read"}};
  Properties secure = tls;
  secure["listeners"] = "https://127.0.0.1:0";
  start(other_, secure);
  ASSERT_THAT(other_.url(), StartsWith("https://127.0.0.1:"));
  Worker plain;
  start(plain, tls);
  plain.herder.failure = belongs_to(other_.url());
  EXPECT_EQ(call(plain, "PUT", "/connectors/x/stop").status, 204);
  EXPECT_THAT(other_.herder.calls, ElementsAre("stop x"));
  a_.herder.failure = belongs_to(other_.url());
  EXPECT_THAT(call(a_, "PUT", "/connectors/x/stop").body, HasSubstr("certificate is refused"));
  running_.on([&] {
    plain.server.reset();
    plain.peers.reset();
  });
}

TEST_F(TwoWorkersTest, HugeAnswersAreRefused) {
  a_.herder.failure = belongs_to(b_.url());
  const std::string config = R"({"k":")" + std::string(200'000, 'v') + "\"}";
  const auto response = call(a_, "PUT", "/connectors/x/config", config);
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("the answer is larger than 100000 bytes"));
  EXPECT_EQ(b_.herder.calls.back(), "put x");
}

TEST_F(TwoWorkersTest, SignedCallsArrive) {
  const auto answer = internal_call(
      a_, {b_.url() + "connectors/x/tasks", "POST", R"([{"a":"ü","n":null},{"b":"2"}])", key_});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.body, "");
  EXPECT_THAT(b_.herder.task_configs,
              ElementsAre(Properties{{"a", "ü"}}, Properties{{"b", "2"}}));
  EXPECT_EQ(internal_call(a_, {b_.url() + "connectors/x/fence", "PUT", "", key_}).status, 204);
  EXPECT_THAT(b_.herder.calls, ElementsAre("tasks x", "fence x"));
}

TEST_F(TwoWorkersTest, CallsWithAWrongKeyAreForbidden) {
  auto wrong = key_;
  wrong.key[0] = 'x';
  const auto answer = internal_call(a_, {b_.url() + "connectors/x/fence", "PUT", "", wrong});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, error_json(403, "Internal request contained invalid signature."));
  EXPECT_THAT(b_.herder.calls, IsEmpty());
}

TEST_F(TwoWorkersTest, CallsWithoutSignatureAreBadRequests) {
  const std::string missing = error_json(400, "Internal request missing required signature");
  EXPECT_EQ(call(b_, "PUT", "/connectors/x/fence").body, missing);
  EXPECT_EQ(call(b_, "POST", "/connectors/x/tasks", "[]", "X-Connect-Authorization: YQ==\r\n").body,
            missing);
  const std::string unknown =
      "X-Connect-Authorization: YQ==\r\nX-Connect-Request-Signature-Algorithm: HmacROT13\r\n";
  EXPECT_EQ(call(b_, "POST", "/connectors/x/tasks", "[]", unknown).body,
            error_json(400, "Algorithm HmacROT13 not available"));
  const std::string other =
      "X-Connect-Authorization: YQ==\r\nX-Connect-Request-Signature-Algorithm: HmacMD5\r\n";
  const auto response = call(b_, "PUT", "/connectors/x/fence", "", other);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("does not support the 'HmacMD5' key signing algorithm"));
  EXPECT_THAT(response.body, HasSubstr("configured to use: [HmacSHA256]. "));
  const std::string no_base64 =
      "X-Connect-Authorization: a*b=\r\nX-Connect-Request-Signature-Algorithm: HmacSHA256\r\n";
  EXPECT_EQ(call(b_, "PUT", "/connectors/x/fence", "", no_base64).body,
            error_json(400, "Illegal base64 character 2a"));
  EXPECT_THAT(b_.herder.calls, IsEmpty());
}

TEST_F(TwoWorkersTest, CallsBeforeTheFirstKeyAreUnavailable) {
  b_.herder.key.reset();
  const auto answer = internal_call(a_, {b_.url() + "connectors/x/fence", "PUT", "", key_});
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("has not been able to read a session key"));
}

TEST_F(TwoWorkersTest, TaskConfigsThatAreNoneAreErrors) {
  for (const char* body : {"", "null", "{}", "[1]", "[{\"a\":{}}]", "[{\"a\":1}"}) {
    EXPECT_EQ(call(b_, "POST", "/connectors/x/tasks", body).status, 500) << body;
  }
  EXPECT_THAT(b_.herder.calls, IsEmpty());
}

}  // namespace
}  // namespace millrace::rest
