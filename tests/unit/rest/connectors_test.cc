#include "routes_fixture.h"
#include "runtime/rest/entities.h"

namespace millrace::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ConnectorsTest : public RoutesTest {
 protected:
  ConnectorsTest() {
    herder_.infos["a"] = {
        "a", {{"name", "a"}, {"file", "x\"y"}}, {{"a", 0}, {"a", 1}}, ConnectorType::Source};
    herder_.infos["b"] = {"b", {{"name", "b"}}, {}, ConnectorType::Unknown};
    herder_.states["a"] = {"a", {State::Running, "h:1", "", "4.1.1", 0}, {}, ConnectorType::Source};
  }
};

constexpr const char* kInfoA =
    R"({"name":"a","config":{"file":"x\"y","name":"a"},)"
    R"("tasks":[{"connector":"a","task":0},{"connector":"a","task":1}],"type":"source"})";
constexpr const char* kStatusA =
    R"({"name":"a","connector":{"state":"RUNNING","worker_id":"h:1","version":"4.1.1"},)"
    R"("tasks":[],"type":"source"})";

TEST_F(ConnectorsTest, RootTellsTheVersion) {
  EXPECT_EQ(call("GET", "/").body,
            R"({"version":"4.1.1","commit":"abc","kafka_cluster_id":"cluster-1"})");
}

TEST_F(ConnectorsTest, HealthyWorkersAnswerAtOnce) {
  const auto response = call("GET", "/health");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"status":"healthy","message":"Worker has completed startup and is ready to handle )"
            R"(requests."})");
}

TEST_F(ConnectorsTest, HealthNamesStalledTasks) {
  herder_.stalled = {{"a", 0}, {"b", 1}};
  const auto response = call("GET", "/health");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find("handle requests. Stalled tasks: a-0, b-1."), std::string::npos);
}

TEST_F(ConnectorsTest, HealthWaitsForAWorkerThatStarts) {
  using std::chrono::milliseconds;
  herder_.is_ready = false;
  ASSERT_FALSE(start(make("GET", "/health")));
  executor_.advance(milliseconds(5'000));
  EXPECT_FALSE(late_);
  herder_.is_ready = true;
  executor_.advance(milliseconds(200));
  ASSERT_TRUE(late_);
  EXPECT_EQ(late_->status, 200);
}

TEST_F(ConnectorsTest, HealthGivesUpAfterTenSeconds) {
  herder_.is_ready = false;
  herder_.current_stage = "creating connectors";
  ASSERT_FALSE(start(make("GET", "/health")));
  executor_.advance(kHealthTimeout - std::chrono::milliseconds(1));
  EXPECT_FALSE(late_);
  executor_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(late_);
  EXPECT_EQ(late_->status, 503);
  EXPECT_EQ(late_->body,
            R"({"status":"starting","message":"Worker is still starting up. The worker is )"
            R"(currently creating connectors."})");
  EXPECT_EQ(executor_.waiting(), 0U);
}

TEST_F(ConnectorsTest, ListsNamesOrParts) {
  EXPECT_EQ(call("GET", "/connectors").body, R"(["a","b"])");
  EXPECT_EQ(
      call("GET", "/connectors?expand=info").body,
      std::string(R"({"a":{"info":)") + kInfoA +
          R"(},"b":{"info":{"name":"b","config":{"name":"b"},"tasks":[],"type":"unknown"}}})");
  EXPECT_EQ(call("GET", "/connectors?expand=status").body,
            std::string(R"({"a":{"status":)") + kStatusA + "}}");
  EXPECT_EQ(call("GET", "/connectors?expand=status&expand=info").body,
            std::string(R"({"a":{"info":)") + kInfoA + R"(,"status":)" + kStatusA + "}}");
  EXPECT_EQ(call("GET", "/connectors?expand=bogus").body, R"({"a":{},"b":{}})");
  EXPECT_EQ(call("GET", "/connectors?expand=status,info").body, R"({"a":{},"b":{}})");
}

TEST_F(ConnectorsTest, GetsOne) {
  EXPECT_EQ(call("GET", "/connectors/a").body, kInfoA);
  EXPECT_EQ(call("GET", "/connectors/a/config").body, R"({"file":"x\"y","name":"a"})");
  EXPECT_EQ(call("GET", "/connectors/x").body, error_json(404, "Connector x not found"));
  EXPECT_EQ(call("GET", "/connectors/x/config").status, 404);
}

TEST_F(ConnectorsTest, CreateAnswersWithLocation) {
  const auto response =
      call("POST", "/connectors",
           R"({"name":" my \u00e4/c ","config":{"k":1.50},"initial_state":"paused"})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header(response, "Location"), "http://worker:8083/connectors/my%20%C3%A4%2Fc");
  EXPECT_THAT(herder_.calls, ElementsAre("put my \xC3\xA4/c"));
  EXPECT_EQ(herder_.put_config, (Properties{{"k", "1.50"}, {"name", "my \xC3\xA4/c"}}));
  EXPECT_EQ(herder_.put_state, TargetState::Paused);
  EXPECT_FALSE(herder_.put_replace);
}

TEST_F(ConnectorsTest, LocationFollowsTheConnection) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/connectors";
  request.body = R"({"name":"x","config":{}})";
  request.has_body = true;
  request.secure = true;
  request.local_address = "10.0.0.1:8443";
  request.headers.add("Content-Type", "application/json");
  EXPECT_EQ(header(call(request), "Location"), "https://10.0.0.1:8443/connectors/x");
}

TEST_F(ConnectorsTest, NamesMustAgree) {
  auto response = call("POST", "/connectors", R"({"name":"x","config":{"name":"y"}})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, error_json(400,
                                      "Connector name configuration (y) doesn't match "
                                      "connector name in the URL (x)"));
  response = call("PUT", "/connectors/%20x/config", R"({"name":"x"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(herder_.calls, IsEmpty());
}

TEST_F(ConnectorsTest, AMissingNameIsEmpty) {
  call("POST", "/connectors", R"({"config":{}})");
  EXPECT_THAT(herder_.calls, ElementsAre("put "));
}

TEST_F(ConnectorsTest, UnreadableBodiesAre500) {
  for (const char* body : {"{", "[]", R"({"foo":1})", R"({"name":"x"})", "null",
                           R"({"config":{},"initial_state":"BOGUS"})"}) {
    EXPECT_EQ(call("POST", "/connectors", body).status, 500) << body;
  }
  EXPECT_EQ(call("POST", "/connectors").status, 500);
  EXPECT_EQ(call("PUT", "/connectors/a/config").status, 500);
  EXPECT_EQ(call("PATCH", "/connectors/a/config", "[]").status, 500);
  EXPECT_THAT(herder_.calls, IsEmpty());
}

TEST_F(ConnectorsTest, NullValuesBecomeValidationErrors) {
  ConfigKeyResult result;
  result.name = "k";
  result.errors = {"Null value can not be supplied as the configuration value."};
  herder_.validation = {"C", 1, {}, {{std::nullopt, result}}};
  const auto response = call("POST", "/connectors", R"({"name":"x","config":{"k":null}})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            error_json(400,
                       "Connector configuration is invalid and contains the following 1 error(s):\n"
                       "Null value can not be supplied as the configuration value.\nYou can also "
                       "find the above list of errors at the endpoint "
                       "`/connector-plugins/{connectorType}/config/validate`"));
  EXPECT_THAT(herder_.calls, ElementsAre("validate"));
  EXPECT_EQ(herder_.nullable.at("k"), std::nullopt);
}

TEST_F(ConnectorsTest, PutCreatesOrReplaces) {
  auto response = call("PUT", "/connectors/new/config", R"({"k":"v"})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header(response, "Location"), "http://worker:8083/connectors/new");
  EXPECT_TRUE(herder_.put_replace);
  EXPECT_EQ(herder_.put_state, std::nullopt);
  herder_.created = false;
  response = call("PUT", "/connectors/new/config", R"({"k":"v"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "Location"), "(none)");
}

TEST_F(ConnectorsTest, PatchPassesNulls) {
  const auto response = call("PATCH", "/connectors/a/config", R"({"k":null,"n":7,"name":"other"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(herder_.nullable.at("k"), std::nullopt);
  EXPECT_EQ(herder_.nullable.at("n"), "7");
  EXPECT_EQ(herder_.nullable.at("name"), "other");
}

TEST_F(ConnectorsTest, ExistingNamesAre409) {
  herder_.failure = error_of<AlreadyExistsException>("Connector a already exists");
  EXPECT_EQ(call("POST", "/connectors", R"({"name":"a","config":{}})").body,
            error_json(409, "Connector a already exists"));
}

TEST_F(ConnectorsTest, DeleteHasNoBody) {
  const auto response = call("DELETE", "/connectors/a");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(header(response, "Content-Type"), "(none)");
}

TEST_F(ConnectorsTest, SlowOperationsTimeOutOnceAndLateResultsAreDropped) {
  herder_.hold = true;
  herder_.current_stage = "stopping tasks";
  ASSERT_FALSE(start(make("DELETE", "/connectors/a")));
  executor_.advance(kRequestTimeout - std::chrono::milliseconds(1));
  EXPECT_FALSE(late_);
  executor_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(late_);
  EXPECT_EQ(late_->body,
            error_json(500, "Request timed out. The worker is currently stopping tasks."));
  herder_.release();
}

TEST_F(ConnectorsTest, ATimeOutWithoutStageIsShort) {
  herder_.hold = true;
  ASSERT_FALSE(start(make("GET", "/connectors/a/offsets")));
  executor_.advance(kRequestTimeout);
  ASSERT_TRUE(late_);
  EXPECT_EQ(late_->body, error_json(500, "Request timed out"));
}

TEST_F(ConnectorsTest, ReadsDoNotWaitForPendingOperations) {
  herder_.hold = true;
  std::optional<HttpResponse> created;
  router_.handle(make("POST", "/connectors", R"({"name":"x","config":{}})"),
                 [&](HttpResponse response) { created = std::move(response); });
  EXPECT_FALSE(created);
  for (const char* path : {"/", "/health", "/connectors", "/connectors/a", "/connectors/a/status",
                           "/connectors/a/config", "/connectors/a/topics", "/admin/loggers"}) {
    EXPECT_EQ(call("GET", path).status, 200) << path;
  }
  EXPECT_FALSE(created);
  herder_.release();
  ASSERT_TRUE(created);
  EXPECT_EQ(created->status, 201);
  executor_.advance(kRequestTimeout * 2);
}

}  // namespace
}  // namespace millrace::rest
