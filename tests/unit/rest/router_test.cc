#include "runtime/rest/router.h"

#include "routes_fixture.h"
#include "runtime/metrics/log.h"

namespace millrace::rest {
namespace {

using ::testing::HasSubstr;

class RouterTest : public RoutesTest {
 protected:
  HttpResponse with_headers(std::string method, std::string target,
                            std::vector<std::pair<std::string, std::string>> headers,
                            std::string body = {}) {
    HttpRequest request = make(std::move(method), std::move(target));
    request.has_body = !body.empty();
    request.body = std::move(body);
    for (auto& [name, value] : headers) request.headers.add(name, value);
    return call(request);
  }
};

TEST_F(RouterTest, UnknownPathsAre404) {
  for (const char* path : {"/nope", "/connectors/a/nope", "/connectors//status", "/connectors//",
                           "/connectors/a/tasks-config", "//", "/admin", "/connector-plugins/x"}) {
    const auto response = call("GET", path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.body, R"({"error_code":404,"message":"HTTP 404 Not Found"})") << path;
    EXPECT_EQ(header(response, "Content-Type"), "application/json");
  }
}

TEST_F(RouterTest, WrongMethodsAre405WithoutAllow) {
  const auto response = call("PATCH", "/connectors", "{}");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.body, R"({"error_code":405,"message":"HTTP 405 Method Not Allowed"})");
  EXPECT_EQ(header(response, "Allow"), "(none)");
  EXPECT_EQ(call("PUT", "/").status, 405);
  EXPECT_EQ(call("BREW", "/connectors").status, 405);
  EXPECT_EQ(call("GET", "/connectors/a/pause").status, 405);
}

TEST_F(RouterTest, AmbiguousPathsAre400) {
  const auto response = call("DELETE", "/connectors/a%2Fb");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("Ambiguous URI path separator"));
  EXPECT_TRUE(herder_.calls.empty());
}

TEST_F(RouterTest, WrongContentTypesAre415EvenWithoutABody) {
  const std::pair<std::string, std::string> form = {"Content-Type",
                                                    "application/x-www-form-urlencoded"};
  auto response = with_headers("POST", "/connectors", {form}, "{}");
  EXPECT_EQ(response.status, 415);
  EXPECT_EQ(response.body, error_json(415, "HTTP 415 Unsupported Media Type"));
  EXPECT_EQ(with_headers("PUT", "/connectors/a/pause", {form}).status, 415);
  EXPECT_EQ(with_headers("GET", "/connectors", {form}).status, 415);
  EXPECT_EQ(with_headers("GET", "/", {form}).status, 200);
  EXPECT_EQ(with_headers("POST", "/connectors", {}, "{}").status, 415);
  EXPECT_EQ(with_headers("PUT", "/connectors/a/pause", {}, "ignored").status, 202);
  EXPECT_EQ(with_headers("PUT", "/connectors/a/pause", {}).status, 202);
  EXPECT_EQ(with_headers("PUT", "/connectors/a/config",
                         {{"Content-Type", "application/json;charset=utf-8"}}, "{}")
                .status,
            201);
}

TEST_F(RouterTest, UnacceptableAnswersAre406) {
  const auto response = with_headers("GET", "/connectors", {{"Accept", "text/html"}});
  EXPECT_EQ(response.status, 406);
  EXPECT_EQ(response.body, error_json(406, "HTTP 406 Not Acceptable"));
  EXPECT_EQ(with_headers("GET", "/connectors", {{"Accept", "text/html, */*;q=0.1"}}).status, 200);
  EXPECT_EQ(with_headers("GET", "/connectors", {{"Accept", "text/html"}, {"Accept", "*/*"}}).status,
            200);
}

TEST_F(RouterTest, HeadWorksWhereGetDoes) {
  EXPECT_EQ(call("HEAD", "/connectors").status, 200);
  EXPECT_EQ(call("HEAD", "/connectors/none").status, 404);
  EXPECT_EQ(call("HEAD", "/connectors/a/pause").status, 405);
}

TEST_F(RouterTest, OptionsListMethods) {
  auto response = call("OPTIONS", "/connectors");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "HEAD, GET, POST, OPTIONS");
  EXPECT_EQ(header(response, "Allow"), "HEAD,GET,POST,OPTIONS");
  EXPECT_EQ(header(response, "Content-Type"), "text/plain");
  response = with_headers("OPTIONS", "/connectors/a/config", {{"Accept", "application/json"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(header(response, "Allow"), "HEAD,GET,PUT,PATCH,OPTIONS");
  EXPECT_EQ(call("OPTIONS", "/nope").status, 404);
}

TEST_F(RouterTest, OneTrailingSlashIsTolerated) {
  EXPECT_EQ(call("GET", "/connectors/").status, 200);
  EXPECT_EQ(call("GET", "/connectors/?expand=info").status, 200);
}

TEST_F(RouterTest, RefusalsOfTheServerAreAnswered) {
  HttpRequest request = make("GET", "/");
  request.refusal = Refusal{413, "too much"};
  EXPECT_EQ(call(request).body, error_json(413, "too much"));
}

TEST_F(RouterTest, ErrorsMapByTheirKind) {
  const auto status = [&](std::exception_ptr error) {
    herder_.failure = std::move(error);
    return call("DELETE", "/connectors/a").status;
  };
  EXPECT_EQ(status(error_of<RequestException>(403, "no")), 403);
  EXPECT_EQ(status(error_of<NotFoundException>("no")), 404);
  EXPECT_EQ(status(error_of<AlreadyExistsException>("there")), 409);
  EXPECT_EQ(status(error_of<ConnectException>("broken")), 500);
  EXPECT_EQ(status(error_of<ConfigException>("broken")), 500);
  EXPECT_EQ(status(error_of<std::runtime_error>("broken")), 500);
  EXPECT_EQ(status(std::make_exception_ptr(5)), 500);
}

TEST_F(RouterTest, InternalErrorsAreLoggedWithTheirCause) {
  std::vector<std::string> lines;
  logging::set_line_writer([&](std::string_view line) { lines.emplace_back(line); });
  herder_.failure = error_of<ConnectException>("disk full");
  const auto response = call("DELETE", "/connectors/a?token=secret");
  logging::set_line_writer(nullptr);
  EXPECT_EQ(response.body, error_json(500, "disk full"));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("ERROR Uncaught exception in REST call to /connectors/a\n"
                                  "org.apache.kafka.connect.errors.ConnectException: disk full"));
}

}  // namespace
}  // namespace millrace::rest
