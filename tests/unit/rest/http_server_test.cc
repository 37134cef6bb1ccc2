#include "server_fixture.h"

namespace millrace::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using HttpServerTest = HttpServerFixture;

TEST_F(HttpServerTest, ServesManyRequestsOnOneConnection) {
  start();
  HttpClient client(port_);
  for (int i = 0; i < 10; ++i) {
    const auto response = client.call("POST", "/x", std::string(static_cast<size_t>(i), 'b'));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "POST /x " + std::to_string(i));
    EXPECT_EQ(response.headers.at("x-client"), "127.0.0.1");
    EXPECT_THAT(response.headers.at("date"), MatchesRegex("[A-Z][a-z]{2}, .* GMT"));
  }
  EXPECT_TRUE(has_connections(1));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  HttpClient client(port_);
  client.send(
      "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(is_held(1));
  EXPECT_TRUE(is_alive());  // others do not wait
  release_all();
  EXPECT_EQ(client.receive().body, "late");
  EXPECT_EQ(client.receive().body, "POST /2 3");
  EXPECT_EQ(client.receive().body, "GET /3 0");
}

TEST_F(HttpServerTest, HeadHasLengthButNoBody) {
  start();
  HttpClient client(port_);
  const auto response = client.call("HEAD", "/x");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-length"), "9");
  EXPECT_EQ(client.call("GET", "/next").body, "GET /next 0");
}

TEST_F(HttpServerTest, NoContentHasNoLength) {
  start();
  HttpClient client(port_);
  const auto response = client.call("GET", "/empty");
  EXPECT_EQ(response.status, 204);
  EXPECT_FALSE(response.headers.contains("content-length"));
  EXPECT_EQ(client.call("GET", "/next").status, 200);
}

TEST_F(HttpServerTest, ClosesWhenAsked) {
  start();
  HttpClient client(port_);
  EXPECT_EQ(client.call("GET", "/x", "", "Connection: close\r\n").headers.at("connection"),
            "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, OldClientsMustAskToKeepTheConnection) {
  start();
  HttpClient closing(port_);
  closing.send("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(closing.receive().body, "GET /x 0");
  EXPECT_TRUE(closing.is_closed());
  HttpClient keeping(port_);
  keeping.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(keeping.receive().headers.at("connection"), "keep-alive");
  EXPECT_EQ(keeping.call("GET", "/y").body, "GET /y 0");
}

TEST_F(HttpServerTest, AsksForTheBodyWhenTheClientWaits) {
  start();
  HttpClient client(port_);
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abcd");
  EXPECT_EQ(client.receive().body, "PUT /x 4");
}

TEST_F(HttpServerTest, RefusesOtherExpectations) {
  start();
  HttpClient client(port_);
  EXPECT_EQ(client.call("PUT", "/x", "", "Expect: miracles\r\n").status, 417);
}

TEST_F(HttpServerTest, ReadsChunkedBodies) {
  start();
  HttpClient client(port_);
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.send("3\r\nabc\r\n");
  client.send("a;ext=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(client.receive().body, "PUT /x 13");
  EXPECT_EQ(client.call("GET", "/next").body, "GET /next 0");
}

TEST_F(HttpServerTest, ListensOnSeveralAddresses) {
  start();
  const uint16_t any = running_.on([this] { return server_->listen({false, "", 0}, handler()); });
  const uint16_t named = running_.on([this] {
    return server_->listen({false, "localhost", 0}, handler());
  });
  EXPECT_NE(any, named);
  EXPECT_EQ(HttpClient(any).call("GET", "/a").status, 200);
  EXPECT_EQ(HttpClient(named).call("GET", "/a").status, 200);
}

TEST_F(HttpServerTest, APortInUseIsNamed) {
  start();
  for (const char* host : {"127.0.0.1", "", "localhost"}) {
    try {
      running_.on([&] { return server_->listen({false, host, port_}, handler()); });
      ADD_FAILURE() << "bound twice with host '" << host << "'";
    } catch (const ConnectException& e) {
      EXPECT_THAT(e.what(), HasSubstr(":" + std::to_string(port_) + ": Address already in use"));
    }
  }
}

TEST_F(HttpServerTest, AClientThatLeavesDoesNotDisturbItsRequest) {
  start();
  {
    HttpClient client(port_);
    client.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(is_held(1));
  }
  release_all();
  EXPECT_TRUE(has_connections(0));
  EXPECT_TRUE(is_alive());
}

TEST_F(HttpServerTest, StopLetsRunningRequestsFinish) {
  start();
  HttpClient idle(port_);
  EXPECT_EQ(idle.call("GET", "/x").status, 200);
  HttpClient busy(port_);
  busy.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(is_held(1));
  std::promise<void> done;
  running_.on([&] { server_->stop(std::chrono::minutes(1), [&] { done.set_value(); }); });
  EXPECT_TRUE(idle.is_closed());
  EXPECT_FALSE(HttpClient(port_).ok());
  release_all();
  const auto response = busy.receive();
  EXPECT_EQ(response.body, "late");
  EXPECT_EQ(response.headers.at("connection"), "close");
  done.get_future().get();
  EXPECT_TRUE(busy.is_closed());
}

TEST_F(HttpServerTest, StopCutsRequestsThatDoNotFinish) {
  start();
  HttpClient busy(port_);
  busy.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(is_held(1));
  std::promise<void> done;
  running_.on([&] { server_->stop(std::chrono::milliseconds(20), [&] { done.set_value(); }); });
  done.get_future().get();
  EXPECT_TRUE(busy.is_closed());
  release_all();
}

TEST_F(HttpServerTest, ASecondStopShortensTheFirst) {
  start();
  HttpClient busy(port_);
  busy.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(is_held(1));
  std::promise<void> done;
  running_.on([&] {
    server_->stop(std::chrono::hours(1), [] { ADD_FAILURE() << "replaced"; });
    server_->stop(std::chrono::milliseconds(10), [&] { done.set_value(); });
  });
  done.get_future().get();
  EXPECT_TRUE(busy.is_closed());
}

TEST_F(HttpServerTest, StopWithoutConnectionsIsQuick) {
  start();
  std::promise<void> done;
  running_.on([&] { server_->stop(std::chrono::hours(1), [&] { done.set_value(); }); });
  done.get_future().get();
}

TEST_F(HttpServerTest, TheServerMayGoBeforeItsAnswers) {
  start();
  HttpClient busy(port_);
  busy.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(is_held(1));
  running_.on([&] { server_.reset(); });
  EXPECT_TRUE(busy.is_closed());
  release_all();
}

}  // namespace
}  // namespace millrace::rest
