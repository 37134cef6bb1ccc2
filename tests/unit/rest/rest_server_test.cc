#include "runtime/rest/rest_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "fake_herder.h"
#include "http_client.h"
#include "running_loop.h"
#include "runtime/metrics/log.h"

namespace millrace::rest {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RestServerTest : public ::testing::Test {
 protected:
  RestServerTest() {
    herder_.infos["a"] = {"a", {{"name", "a"}}, {}, ConnectorType::Sink};
    logging::set_line_writer([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~RestServerTest() override {
    running_.on([this] { server_.reset(); });
    logging::set_line_writer(nullptr);
  }

  void start(Properties properties, bool with_resources = true) {
    properties.try_emplace("listeners", "http://127.0.0.1:0");
    running_.on([&] {
      server_ =
          std::make_unique<RestServer>(running_.io(), running_, parse_rest_config(properties));
      server_->listen();
      if (with_resources) server_->initialize_resources(herder_, metrics);
    });
    port_ = server_->listeners().at(0).port;
  }

  static std::string metrics() { return "up{worker=\"ü\"} NaN\n"; }

  RunningLoop running_;
  FakeHerder herder_;  // control thread, except before start()
  std::unique_ptr<RestServer> server_;
  std::vector<std::string> lines_;  // under the lock of the log
  uint16_t port_ = 0;
};

TEST_F(RestServerTest, RequestsBeforeTheResourcesGet404) {
  start({}, false);
  EXPECT_EQ(HttpClient(port_).call("GET", "/").status, 404);
  running_.on([this] { server_->initialize_resources(herder_, metrics); });
  EXPECT_EQ(HttpClient(port_).call("GET", "/").status, 200);
}

TEST_F(RestServerTest, MetricsAreTextForPrometheus) {
  start({});
  const auto response = HttpClient(port_).call("GET", "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.body, metrics());
  EXPECT_EQ(HttpClient(port_).call("POST", "/metrics").status, 405);
}

TEST_F(RestServerTest, AConnectorLivesOverHttp) {
  start({});
  HttpClient client(port_);
  auto response = client.call("POST", "/connectors", R"({"name":"new one","config":{"k":1.50}})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.at("location"), "http://worker/connectors/new%20one");
  EXPECT_EQ(response.headers.at("content-type"), "application/json");
  EXPECT_THAT(response.body, HasSubstr(R"("k":"1.50")"));
  EXPECT_EQ(client.call("PUT", "/connectors/a/pause").status, 202);
  EXPECT_EQ(client.call("DELETE", "/connectors/a").status, 204);
  EXPECT_EQ(client.call("GET", "/connectors/a%2Fb").status, 400);
  EXPECT_EQ(client.call("HEAD", "/connectors").status, 200);
  EXPECT_EQ(client.call("GET", "/connectors").body, R"(["a"])");
}

TEST_F(RestServerTest, ReadsAnswerWhileOperationsWait) {
  herder_.hold = true;
  start({});
  HttpClient waiting(port_);
  waiting.send("DELETE /connectors/a HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(running_.eventually([this] { return !herder_.calls.empty(); }));
  EXPECT_EQ(HttpClient(port_).call("GET", "/connectors/a").status, 200);
  running_.on([this] { herder_.release(); });
  EXPECT_EQ(waiting.receive().status, 204);
}

TEST_F(RestServerTest, DeepAndHugeBodiesAreAnswered) {
  start({});
  HttpClient client(port_);
  auto response = client.call("POST", "/connectors", std::string(1'000'000, '['));
  EXPECT_EQ(response.status, 500);
  response =
      client.call("PUT", "/connectors/x/config", R"({"k":)" + std::string(200'000, '[') + "1");
  EXPECT_EQ(response.status, 500);
  const std::string big = R"({"k":")" + std::string(7'000'000, 'v') + "\"}";
  EXPECT_EQ(client.call("PUT", "/connectors/x/config", big).status, 201);
  EXPECT_EQ(
      HttpClient(port_).call("PUT", "/connectors/x/config", std::string(9'000'000, ' ')).status,
      413);
}

TEST_F(RestServerTest, LoggersAreOnTheMainListenersByDefault) {
  start({});
  EXPECT_EQ(HttpClient(port_).call("GET", "/admin/loggers").status, 200);
}

TEST_F(RestServerTest, AdminListenersHaveTheLoggersAlone) {
  start({{"admin.listeners", "http://127.0.0.1:0"},
         {"access.control.allow.origin", "*"},
         {"response.http.headers.config", "add X-Extra: yes"}});
  const uint16_t admin = server_->admin_listeners().at(0).port;
  EXPECT_EQ(HttpClient(port_).call("GET", "/admin/loggers").status, 404);
  EXPECT_EQ(HttpClient(admin).call("GET", "/connectors").status, 404);
  const auto response = HttpClient(admin).call("GET", "/admin/loggers", "", "Origin: http://o\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.contains("vary"));
  EXPECT_FALSE(response.headers.contains("x-extra"));
}

TEST_F(RestServerTest, EmptyAdminListenersTurnTheLoggersOff) {
  start({{"admin.listeners", ""}});
  EXPECT_EQ(HttpClient(port_).call("GET", "/admin/loggers").status, 404);
  EXPECT_TRUE(server_->admin_listeners().empty());
}

TEST_F(RestServerTest, HeadersGoOnEveryMainAnswer) {
  start({{"response.http.headers.config", "add X-Extra: yes, set Content-Type: text/odd"},
         {"access.control.allow.origin", "http://o"}});
  HttpClient client(port_);
  for (const char* target : {"/", "/nope", "/connectors/none"}) {
    const auto response = client.call("GET", target, "", "Origin: http://o\r\n");
    EXPECT_EQ(response.headers.at("x-extra"), "yes") << target;
    EXPECT_EQ(response.headers.at("content-type"), "text/odd") << target;
    EXPECT_EQ(response.headers.at("access-control-allow-origin"), "http://o") << target;
    EXPECT_EQ(response.headers.at("vary"), "Origin") << target;
  }
  client.send("bad\r\n\r\n");
  EXPECT_EQ(client.receive().headers["x-extra"], "yes");
}

TEST_F(RestServerTest, PreflightsRunTheNormalOptions) {
  start({{"access.control.allow.origin", "*"}});
  HttpClient client(port_);
  const char* headers = "Origin: http://o\r\nAccess-Control-Request-Method: GET\r\n";
  auto response = client.call("OPTIONS", "/connectors", "", headers);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("access-control-allow-methods"), "GET,POST,HEAD");
  EXPECT_THAT(response.headers.at("allow"), HasSubstr("POST"));
  response = client.call("OPTIONS", "/nope", "", headers);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.at("access-control-max-age"), "1800");
}

TEST_F(RestServerTest, LogsItsStartAndEachRequest) {
  start({{"listeners", "http://127.0.0.1:0"}, {"rest.advertised.host.name", "me.example"}});
  HttpClient(port_).call("GET", "/connectors?x=1", "", "User-Agent: test/1\r\n");
  const std::string port = std::to_string(port_);
  running_.on([this] { server_.reset(); });
  logging::set_line_writer(nullptr);
  for (const auto& text : {std::string("Added connector for http://127.0.0.1:0 ("),
                           "REST server listening at http://127.0.0.1:" + port +
                               "/, advertising URL http://me.example:" + port + "/",
                           std::string("REST resources initialized; server is started and ready"),
                           std::string(R"("GET /connectors?x=1 HTTP/1.1" 200 5 "-" "test/1" )")}) {
    EXPECT_THAT(lines_, Contains(HasSubstr(text)));
  }
}

TEST_F(RestServerTest, BadSettingsFailTheStart) {
  const auto error = [this](Properties properties) -> std::string {
    try {
      start(std::move(properties));
    } catch (const Error& e) {
      return e.what();
    }
    return "(no error)";
  };
  EXPECT_THAT(error({{"listeners", "8083"}}), StartsWith("Listener doesn't have the right format"));
  EXPECT_THAT(error({{"listeners", "ftp://h:1"}}), StartsWith("Listener protocol must be either"));
  EXPECT_THAT(error({{"rest.extension.classes", "org.x.Y"}}), HasSubstr("ConnectRestExtension"));
  EXPECT_THAT(error({{"listeners", "https://127.0.0.1:0"}}), HasSubstr("ssl.keystore.location"));
}

TEST_F(RestServerTest, SeveralListenersServeTheSame) {
  start({{"listeners", "http://127.0.0.1:0,http://localhost:0"}});
  ASSERT_EQ(server_->listeners().size(), 2U);
  for (const auto& listener : server_->listeners()) {
    EXPECT_EQ(HttpClient(listener.port).call("GET", "/").status, 200);
  }
}

TEST_F(RestServerTest, StopsInOrder) {
  start({});
  std::promise<void> done;
  running_.on([&] { server_->stop(kStopLimit, [&] { done.set_value(); }); });
  done.get_future().get();
  EXPECT_FALSE(HttpClient(port_).ok());
}

}  // namespace
}  // namespace millrace::rest
