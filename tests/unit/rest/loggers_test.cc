#include "routes_fixture.h"
#include "runtime/metrics/log.h"

namespace millrace::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class LoggersTest : public RoutesTest {
 protected:
  LoggersTest() {
    logging::get("rest.test.One");
    logging::get("rest.test.Two");
    logging::get("rest.testing");
  }
  ~LoggersTest() override {
    logging::set_level("root", "INFO", 0);
    logging::set_level("org.reflections", "ERROR", 0);
  }
};

TEST_F(LoggersTest, ListsExplicitLevels) {
  const auto response = call("GET", "/admin/loggers");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("org.reflections":{"level":"ERROR","last_modified":)"));
  EXPECT_THAT(response.body, HasSubstr(R"("root":{"level":"INFO","last_modified":)"));
}

TEST_F(LoggersTest, ChangesAPrefix) {
  const auto response = call("PUT", "/admin/loggers/rest.test", R"({"level":"debug"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"(["rest.test","rest.test.One","rest.test.Two","rest.testing"])");
  EXPECT_EQ(call("GET", "/admin/loggers/rest.test.One").body,
            R"({"level":"DEBUG","last_modified":1234})");
}

TEST_F(LoggersTest, ClusterScopeHasNoBody) {
  auto response = call("PUT", "/admin/loggers/rest.test?scope=Cluster", R"({"level":"WARN"})");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  EXPECT_THAT(call("GET", "/admin/loggers/rest.test").body, StartsWith(R"({"level":"WARN")"));
  response = call("PUT", "/admin/loggers/rest.test?scope=galaxy", R"({"level":"WARN"})");
  EXPECT_EQ(response.status, 200);
}

TEST_F(LoggersTest, RefusesBadRequests) {
  EXPECT_EQ(call("GET", "/admin/loggers/never.used").body,
            error_json(404, "Logger never.used not found."));
  EXPECT_EQ(call("PUT", "/admin/loggers/x", "{}").body,
            error_json(400, "Desired 'level' parameter was not specified in request."));
  EXPECT_EQ(call("PUT", "/admin/loggers/x", R"({"level":null})").status, 400);
  EXPECT_EQ(call("PUT", "/admin/loggers/x", R"({"level":"LOUD"})").body,
            error_json(404, "invalid log level 'LOUD'."));
  EXPECT_EQ(call("PUT", "/admin/loggers/x").status, 500);
  EXPECT_EQ(call("PUT", "/admin/loggers/x", "[]").status, 500);
}

}  // namespace
}  // namespace millrace::rest
