// The server over sockets: connections, limits, hostile clients.

#include <fmt/format.h>

#include <random>
#include <thread>

#include "connectors/feature_store/serving/server.h"
#include "millrace/errors.h"
#include "tests/unit/feature_store/serving/serving_fixture.h"
#include "tests/unit/rest/http_client.h"

namespace millrace::feature_store {
namespace {

using rest::HttpClient;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::string_view kTarget = "/0.1.0/bank/txn_1/pk-read";
constexpr std::string_view kBody =
    R"({"filters":[{"column":"cc_num","value":4711}],"readColumns":[{"column":"amount"}]})";
constexpr std::string_view kAnswer = R"({"operationId":"","data":{"amount":9.25}})";

std::string post(std::string_view target, std::string_view body, std::string_view headers = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: h\r\n{}Content-Length: {}\r\n\r\n{}", target,
                     headers, body.size(), body);
}

class ServingHttpTest : public ServingFixture {
 public:
  void start(ServingOptions options = {}) {
    options.rondb_port = 0;
    options.feast_port = 0;
    server_ = std::make_unique<Server>(options, database_, [this] { return catalog_; });
    port_ = server_->rondb_port();
  }
  bool is_alive() { return HttpClient(port_).call("POST", kTarget, kBody).body == kAnswer; }
  bool has_connections(size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (server_->connections() != count) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  void SetUp() override { put(42, kTransaction, 10); }

  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

TEST_F(ServingHttpTest, ServesBothPortsAndKeepsConnections) {
  start();
  HttpClient client(port_);
  for (int i = 0; i < 3; ++i) {
    auto response = client.call("POST", kTarget, kBody);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, kAnswer);
    EXPECT_EQ(response.headers["content-type"], "application/json");
  }
  HttpClient feast(server_->feast_port());
  EXPECT_EQ(feast.call("GET", "/health").status, 200);
  EXPECT_EQ(feast
                .call("POST", "/get-online-features",
                      R"({"features":["txns:amount"],"entities":{"cc_num":[4711]}})")
                .status,
            200);
  EXPECT_EQ(client.call("GET", "/0.1.0/ping").status, 200);
}

TEST_F(ServingHttpTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  HttpClient client(port_);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all +=
        post(kTarget,
             fmt::format(R"({{"filters":[{{"column":"cc_num","value":{}}}],"operationId":"{}"}})",
                         i, i));
  }
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client.receive().body, fmt::format(R"({{"operationId":"{}","data":null}})", i));
  }
}

TEST_F(ServingHttpTest, ARequestInSmallPiecesIsWhole) {
  start();
  HttpClient client(port_);
  const std::string text = post(kTarget, kBody);
  for (const char c : text) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.receive().body, kAnswer);
  client.send(
      "POST /0.1.0/bank/txn_1/pk-read HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (size_t i = 0; i < kBody.size(); i += 7) {
    const std::string_view part = kBody.substr(i, 7);
    client.send(fmt::format("{:x}\r\n{}\r\n", part.size(), part));
  }
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.receive().body, kAnswer);
  client.send(fmt::format(
      "POST {} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", kTarget,
      kBody.size()));
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(kBody);
  EXPECT_EQ(client.receive().body, kAnswer);
}

TEST_F(ServingHttpTest, ClosesWhenTheClientSaysSo) {
  start();
  HttpClient client(port_);
  client.send(post(kTarget, kBody, "Connection: close\r\n"));
  auto response = client.receive();
  EXPECT_EQ(response.body, kAnswer);
  EXPECT_EQ(response.headers["connection"], "close");
  EXPECT_TRUE(client.is_closed());
  HttpClient old(port_);
  old.send("GET /0.1.0/ping HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.receive().status, 200);
  EXPECT_TRUE(old.is_closed());
}

TEST_F(ServingHttpTest, MalformedRequestsAreRefused) {
  start();
  for (const std::string text :
       {"nonsense\r\n\r\n", "GET / HTTP/9.9\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\r\n\r\n"}) {
    HttpClient client(port_);
    client.send(text);
    auto response = client.receive();
    EXPECT_EQ(response.status, 400) << text;
    EXPECT_EQ(response.headers["connection"], "close") << text;
    EXPECT_TRUE(client.is_closed()) << text;
  }
  EXPECT_TRUE(is_alive());
}

TEST_F(ServingHttpTest, LargeHeadersAndBodiesAreRefused) {
  ServingOptions options;
  options.max_body_bytes = 1'000;
  start(options);
  HttpClient header(port_);
  header.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(header.receive().status, 431);
  HttpClient announced(port_);
  announced.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(announced.receive().status, 413);
  HttpClient chunked(port_);
  chunked.send("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) chunked.send("190\r\n" + std::string(400, 'x') + "\r\n");
  EXPECT_EQ(chunked.receive().status, 413);
  HttpClient sending(port_);
  sending.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" +
               std::string(500'000, 'x'));
  EXPECT_EQ(sending.receive().status, 413);
  EXPECT_TRUE(is_alive());
}

TEST_F(ServingHttpTest, SlowClientsAreCutOff) {
  ServingOptions options;
  options.transfer = milliseconds(50);
  start(options);
  HttpClient header(port_);
  header.send("GET / HT");
  EXPECT_TRUE(header.is_closed());
  HttpClient body(port_);
  body.send(fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", kTarget));
  EXPECT_TRUE(body.is_closed());
  // Each line in time, the whole never. The pause is how slow this client is, and waits for
  // nothing.
  HttpClient trickle(port_);
  trickle.send("GET / HTTP/1.1\r\n");
  while (trickle.send("X: y\r\n")) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_TRUE(has_connections(0));
  EXPECT_TRUE(is_alive());
}

TEST_F(ServingHttpTest, IdleConnectionsEnd) {
  ServingOptions options;
  options.idle = milliseconds(50);
  start(options);
  HttpClient silent(port_);
  EXPECT_TRUE(silent.is_closed());
  HttpClient once(port_);
  EXPECT_EQ(once.call("POST", kTarget, kBody).body, kAnswer);
  EXPECT_TRUE(once.is_closed());
}

TEST_F(ServingHttpTest, ConnectionsHaveALimit) {
  ServingOptions options;
  options.max_connections = 2;
  start(options);
  HttpClient first(port_);
  HttpClient second(port_);
  EXPECT_EQ(first.call("POST", kTarget, kBody).status, 200);
  EXPECT_EQ(second.call("POST", kTarget, kBody).status, 200);
  HttpClient third(port_);
  EXPECT_TRUE(third.is_closed());
  first.close();
  ASSERT_TRUE(has_connections(1));
  EXPECT_TRUE(is_alive());
}

TEST_F(ServingHttpTest, WaitsForAnOffsetWithoutHoldingUpOthers) {
  ServingOptions options;
  options.threads = 1;
  start(options);
  HttpClient waiting(port_);
  waiting.send(post(kTarget, kBody, "X-Min-Offset: bank_onlinefs:0:11\r\nX-Wait-Ms: 10000\r\n"));
  ASSERT_TRUE(is_alive());
  put(42, R"({"cc_num":4711,"ts":"2026-01-02 03:04:05","amount":10.5})", 11);
  EXPECT_EQ(waiting.receive().body, R"({"operationId":"","data":{"amount":10.5}})");
  HttpClient vain(port_);
  vain.send(post(kTarget, kBody, "X-Min-Offset: bank_onlinefs:0:99\r\nX-Wait-Ms: 20\r\n"));
  EXPECT_EQ(vain.receive().status, 503);
}

TEST_F(ServingHttpTest, KeysComeInHeaders) {
  const auto file = folder_ / "keys";
  testing_support::write_text(
      file, "me:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n");  // "secret"
  ServingOptions options;
  options.api_keys_file = file;
  start(options);
  HttpClient client(port_);
  EXPECT_EQ(client.call("POST", kTarget, kBody).status, 401);
  EXPECT_EQ(client.call("POST", kTarget, kBody, "X-API-KEY: secret\r\n").status, 200);
  EXPECT_EQ(client.call("POST", kTarget, kBody, "Authorization: ApiKey secret\r\n").status, 200);
  EXPECT_EQ(client.call("POST", kTarget, kBody, "Authorization: Bearer secret\r\n").status, 200);
  EXPECT_EQ(client.call("POST", kTarget, kBody, "Authorization: Basic secret\r\n").status, 401);
  EXPECT_EQ(client.call("POST", kTarget, kBody, "X-API-KEY: wrong\r\n").status, 401);
}

TEST_F(ServingHttpTest, APortInUseIsNamed) {
  start();
  ServingOptions options;
  options.rondb_port = port_;
  try {
    const Server second(options, database_, [this] { return catalog_; });
    FAIL();
  } catch (const ConnectException& error) {
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(port_)));
  }
  EXPECT_TRUE(is_alive());
}

TEST_F(ServingHttpTest, EndsWithConnectionsOpen) {
  start();
  HttpClient idle(port_);
  ASSERT_EQ(idle.call("POST", kTarget, kBody).status, 200);
  HttpClient half(port_);
  half.send("POST / HTTP/1.1\r\nHost");
  ASSERT_TRUE(has_connections(2));
  server_.reset();
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(half.is_closed());
}

TEST_F(ServingHttpTest, ManyClientsWhileRowsChange) {
  start();
  constexpr int kClients = 8;
  constexpr int kRequests = 200;
  std::atomic<bool> done{false};
  std::atomic<int> good{0};
  std::thread writer([this, &done] {
    for (int64_t i = 0; !done; ++i) {
      // Both columns of a row say the same number, always.
      put(43, fmt::format(R"({{"cc_num":1,"country":"SE","score":{},"limit":{}}})", i, i), 11 + i);
    }
  });
  ASSERT_TRUE(has_connections(0));
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([this, &good] {
      HttpClient client(port_);
      for (int i = 0; i < kRequests; ++i) {
        const std::string body =
            client
                .call(
                    "POST", "/0.1.0/bank/profile_1/pk-read",
                    R"({"filters":[{"column":"cc_num","value":1},{"column":"country","value":"SE"}],
                "readColumns":[{"column":"limit"},{"column":"score"}]})")
                .body;
        long long limit = -1;
        double score = -2;
        const bool absent = body == R"({"operationId":"","data":null})";
        std::sscanf(body.c_str(), R"({"operationId":"","data":{"limit":%lld,"score":%lf}})", &limit,
                    &score);
        if (absent || static_cast<double>(limit) == score) ++good;
      }
    });
  }
  for (auto& client : clients) client.join();
  done = true;
  writer.join();
  EXPECT_EQ(good, kClients * kRequests);
}

TEST_F(ServingHttpTest, GarbageNeverStopsTheServer) {
  ServingOptions options;
  options.transfer = milliseconds(20);
  start(options);
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string request = post(kTarget, kBody);
  const std::string_view parts[] = {"GET / HTTP/1.1\r\n",
                                    "Host: h\r\n",
                                    "Content-Length: 5\r\n",
                                    "\r\n",
                                    "Transfer-Encoding: chunked\r\n",
                                    "5\r\nabcde\r\n",
                                    "0\r\n\r\n",
                                    "Expect: 100-continue\r\n",
                                    "\x01\xFF",
                                    " ",
                                    ":",
                                    request};
  for (int round = 0; round < 100; ++round) {
    HttpClient client(port_);
    std::string text;
    for (auto left = random() % 12; left > 0; --left) text += parts[random() % std::size(parts)];
    client.send(text);
  }
  EXPECT_TRUE(is_alive());
  EXPECT_TRUE(has_connections(0));
}

}  // namespace
}  // namespace millrace::feature_store
