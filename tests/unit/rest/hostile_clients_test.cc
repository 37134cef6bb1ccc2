#include <atomic>
#include <random>
#include <thread>

#include "server_fixture.h"

namespace millrace::rest {
namespace {

using std::chrono::milliseconds;
using HostileClientsTest = HttpServerFixture;

TEST_F(HostileClientsTest, MalformedRequestsGet400) {
  start();
  for (const char* text :
       {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nBad Header: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
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

TEST_F(HostileClientsTest, HugeHeadersGet431) {
  start();
  HttpClient client(port_);
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(client.receive().status, 431);
  HttpClient many(port_);
  many.send("GET /" + std::string(100'000, 'p') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(many.receive().status, 431);
  EXPECT_TRUE(is_alive());
}

TEST_F(HostileClientsTest, HugeBodiesGet413BeforeTheyAreRead) {
  HttpLimits limits;
  limits.max_body_bytes = 1'000;
  start(limits);
  HttpClient announced(port_);
  announced.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(announced.receive().status, 413);
  HttpClient chunked(port_);
  chunked.send("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) chunked.send("190\r\n" + std::string(400, 'x') + "\r\n");
  EXPECT_EQ(chunked.receive().status, 413);
  EXPECT_EQ(HttpClient(port_).call("PUT", "/x", std::string(1'000, 'x')).body, "PUT /x 1000");
}

TEST_F(HostileClientsTest, ARefusedClientStillSendingGetsItsAnswer) {
  HttpLimits limits;
  limits.max_body_bytes = 1'000;
  start(limits);
  HttpClient client(port_);
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
  client.send(std::string(500'000, 'x'));
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(HostileClientsTest, BodiesOfAllConnectionsShareALimit) {
  HttpLimits limits;
  limits.max_pending_body_bytes = 10'000;
  start(limits);
  HttpClient first(port_);
  first.send("PUT /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 6000\r\n\r\n" +
             std::string(6'000, 'x'));
  ASSERT_TRUE(is_held(1));
  EXPECT_EQ(HttpClient(port_).call("PUT", "/x", std::string(6'000, 'x')).status, 503);
  release_all();
  EXPECT_EQ(first.receive().body, "late");
  EXPECT_EQ(first.call("PUT", "/x", std::string(6'000, 'x')).status, 200);
}

TEST_F(HostileClientsTest, SlowHeadersEndTheConnection) {
  HttpLimits limits;
  limits.header_timeout = milliseconds(50);
  start(limits);
  HttpClient client(port_);
  client.send("GET / HT");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HostileClientsTest, TricklingHeadersEndTheConnection) {
  HttpLimits limits;
  limits.header_timeout = milliseconds(50);
  start(limits);
  HttpClient client(port_);
  // Each line in time, the whole never: only a deadline for all of it helps. The pause is how slow
  // this client is, and keeps the headers small for longer than the deadline; it waits for nothing.
  constexpr milliseconds kPause{5};
  client.send("GET / HTTP/1.1\r\n");
  while (client.send("X: y\r\n")) std::this_thread::sleep_for(kPause);
  EXPECT_TRUE(has_connections(0));
}

TEST_F(HostileClientsTest, SlowBodiesEndTheConnection) {
  HttpLimits limits;
  limits.body_timeout = milliseconds(50);
  start(limits);
  HttpClient client(port_);
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(is_alive());
}

TEST_F(HostileClientsTest, IdleConnectionsEnd) {
  HttpLimits limits;
  limits.idle_timeout = milliseconds(50);
  start(limits);
  HttpClient silent(port_);
  EXPECT_TRUE(silent.is_closed());
  HttpClient used(port_);
  EXPECT_EQ(used.call("GET", "/x").status, 200);
  EXPECT_TRUE(used.is_closed());
}

TEST_F(HostileClientsTest, AClientThatDoesNotReadIsCut) {
  HttpLimits limits;
  limits.write_timeout = milliseconds(50);
  big_.assign(64 * 1024 * 1024, 'b');
  start(limits);
  HttpClient client(port_);
  client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(running_.eventually([this] { return big_answers_ == 1; }));
  EXPECT_TRUE(has_connections(0));
  EXPECT_TRUE(is_alive());
}

TEST_F(HostileClientsTest, ConnectionsHaveALimit) {
  HttpLimits limits;
  limits.max_connections = 2;
  start(limits);
  HttpClient first(port_);
  HttpClient second(port_);
  EXPECT_EQ(first.call("GET", "/x").status, 200);
  EXPECT_EQ(second.call("GET", "/x").status, 200);
  HttpClient third(port_);
  EXPECT_TRUE(third.is_closed());
  first.close();
  ASSERT_TRUE(has_connections(1));
  EXPECT_TRUE(is_alive());
}

TEST_F(HostileClientsTest, AHundredClientsAreServedAtOnce) {
  start();
  constexpr int kClients = 100;
  constexpr int kRequests = 20;
  HttpClient held(port_);
  held.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(is_held(1));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int c = 0; c < kClients; ++c) {
    threads.emplace_back([this, c, &good] {
      HttpClient client(port_);
      for (int i = 0; i < kRequests; ++i) {
        const std::string target = "/" + std::to_string(c) + "/" + std::to_string(i);
        if (client.call("GET", target).body == "GET " + target + " 0") ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, kClients * kRequests);
  release_all();
  EXPECT_EQ(held.receive().body, "late");
}

TEST_F(HostileClientsTest, GarbageNeverStopsTheServer) {
  HttpLimits limits;
  limits.header_timeout = milliseconds(20);
  limits.body_timeout = milliseconds(20);
  limits.linger_timeout = milliseconds(20);
  start(limits);
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr std::string_view kParts[] = {"GET / HTTP/1.1\r\n",
                                         "POST /x HTTP/1.1\r\n",
                                         "Host: h\r\n",
                                         "Content-Length: 5\r\n",
                                         "\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "5\r\nabcde\r\n",
                                         "0\r\n\r\n",
                                         "Expect: 100-continue\r\n",
                                         "\x01\xFF",
                                         "Connection: close\r\n",
                                         " ",
                                         ":",
                                         "HEAD / HTTP/1.0\r\n",
                                         "ffffffffffffffff\r\n"};
  for (int round = 0; round < 100; ++round) {
    HttpClient client(port_);
    std::string text;
    for (auto left = random() % 12; left > 0; --left) text += kParts[random() % std::size(kParts)];
    client.send(text);
  }
  EXPECT_TRUE(is_alive());
  EXPECT_TRUE(has_connections(0));
}

}  // namespace
}  // namespace millrace::rest
