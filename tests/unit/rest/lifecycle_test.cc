#include "routes_fixture.h"

namespace millrace::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LifecycleTest : public RoutesTest {
 protected:
  LifecycleTest() {
    herder_.states["a"] = {"a",
                           {State::Running, "h:8083", "", "1.0", 0},
                           {{0, {State::Failed, "h:8083", "org.X: no\n\tat y\n", "1.0", 0}},
                            {1, {State::Paused, "h:8083", "", "", 0}}},
                           ConnectorType::Sink};
    herder_.tasks["a"] = {{{"a", 0}, {{"task.class", "T"}}}};
  }
};

constexpr const char* kStatus =
    R"({"name":"a","connector":{"state":"RUNNING","worker_id":"h:8083","version":"1.0"},"tasks":[)"
    R"({"id":0,"state":"FAILED","worker_id":"h:8083","version":"1.0","trace":"org.X: no\n\tat y\n"},)"
    R"({"id":1,"state":"PAUSED","worker_id":"h:8083"}],"type":"sink"})";

TEST_F(LifecycleTest, StatusShowsTraceAndVersionOnlyWhenThereIsOne) {
  EXPECT_EQ(call("GET", "/connectors/a/status").body, kStatus);
  EXPECT_EQ(call("GET", "/connectors/x/status").body,
            error_json(404, "No status found for connector x"));
}

TEST_F(LifecycleTest, StatusOfOneTask) {
  EXPECT_EQ(call("GET", "/connectors/a/tasks/1/status").body,
            R"({"id":1,"state":"PAUSED","worker_id":"h:8083"})");
  EXPECT_EQ(call("GET", "/connectors/a/tasks/7/status").body,
            error_json(404, "No status found for task a-7"));
}

TEST_F(LifecycleTest, TaskNumbersThatAreNoIntsAre404) {
  for (const char* task : {"x", "1x", "1.0", "99999999999", "-", "+", "+-1", "%20"}) {
    const auto response = call("POST", std::string("/connectors/a/tasks/") + task + "/restart");
    EXPECT_EQ(response.body, error_json(404, "HTTP 404 Not Found")) << task;
  }
  EXPECT_THAT(herder_.calls, IsEmpty());
  EXPECT_EQ(call("POST", "/connectors/a/tasks/+1/restart").status, 204);
  EXPECT_THAT(herder_.calls, ElementsAre("restart a-1"));
}

TEST_F(LifecycleTest, PauseAndResumeAre202WithoutBody) {
  for (const char* what : {"pause", "resume"}) {
    const auto response = call("PUT", std::string("/connectors/a/") + what);
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(response.body, "");
  }
  EXPECT_THAT(herder_.calls, ElementsAre("pause a", "resume a"));
  herder_.failure = error_of<NotFoundException>("Unknown connector a");
  EXPECT_EQ(call("PUT", "/connectors/a/pause").body, error_json(404, "Unknown connector a"));
}

TEST_F(LifecycleTest, StopIs204) {
  EXPECT_EQ(call("PUT", "/connectors/a/stop").status, 204);
  herder_.failure = error_of<ConnectException>("No connector `a` configured");
  EXPECT_EQ(call("PUT", "/connectors/a/stop").body, error_json(500, "No connector `a` configured"));
}

TEST_F(LifecycleTest, RestartDependsOnItsFlags) {
  EXPECT_EQ(call("POST", "/connectors/a/restart").status, 204);
  EXPECT_EQ(call("POST", "/connectors/a/restart?onlyFailed=1&includeTasks=no").status, 204);
  auto response = call("POST", "/connectors/a/restart?onlyFailed=TRUE");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, kStatus);
  EXPECT_EQ(call("POST", "/connectors/a/restart?includeTasks=true").status, 202);
  EXPECT_EQ(call("POST", "/connectors/a/restart?includeTasks=true&onlyFailed=true").status, 202);
  EXPECT_THAT(herder_.calls, ElementsAre("restart a", "restart a", "restart a failed",
                                         "restart a tasks", "restart a failed tasks"));
}

TEST_F(LifecycleTest, TasksAreListedWithTheirConfig) {
  EXPECT_EQ(call("GET", "/connectors/a/tasks").body,
            R"([{"id":{"connector":"a","task":0},"config":{"task.class":"T"}}])");
  EXPECT_EQ(call("GET", "/connectors/x/tasks").status, 404);
}

TEST_F(LifecycleTest, InternalEndpointsAreUnsupportedHere) {
  EXPECT_EQ(call("POST", "/connectors/a/tasks", "[]").status, 500);
  EXPECT_EQ(call("PUT", "/connectors/a/fence").status, 500);
}

TEST_F(LifecycleTest, TopicsNeverMiss) {
  EXPECT_EQ(call("GET", "/connectors/a/topics").body, R"({"a":{"topics":["t1","t2"]}})");
  EXPECT_EQ(call("GET", "/connectors/none/topics").body, R"({"none":{"topics":[]}})");
  EXPECT_EQ(call("GET", "/connectors/untracked/topics").body,
            error_json(403, "Topic tracking is disabled."));
  EXPECT_EQ(call("PUT", "/connectors/none/topics/reset").status, 202);
}

TEST_F(LifecycleTest, OffsetsAreEmbeddedVerbatim) {
  EXPECT_EQ(call("GET", "/connectors/a/offsets").body, R"({"offsets":[]})");
  herder_.offsets = {{R"({"filename":"f"})", R"({"position":30})"}, {R"({"x":1})", std::nullopt}};
  EXPECT_EQ(call("GET", "/connectors/a/offsets").body,
            R"({"offsets":[{"partition":{"filename":"f"},"offset":{"position":30}},)"
            R"({"partition":{"x":1},"offset":null}]})");
}

TEST_F(LifecycleTest, OffsetsAreAltered) {
  const auto response = call("PATCH", "/connectors/a/offsets",
                             R"({"offsets":[{"partition":{"f":"x"},"offset":{"p":1}},)"
                             R"({"partition":{"f":"y"},"offset":null}]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"message":"The offsets for this connector have been altered successfully"})");
  ASSERT_TRUE(herder_.altered.has_value());
  ASSERT_EQ(herder_.altered->size(), 2U);
  EXPECT_EQ(herder_.altered->at(0).offset, R"({"p":1})");
  EXPECT_EQ(herder_.altered->at(1).offset, std::nullopt);
}

TEST_F(LifecycleTest, AlterNeedsOffsets) {
  for (const char* body : {"{}", R"({"offsets":null})", R"({"offsets":[]})"}) {
    EXPECT_EQ(
        call("PATCH", "/connectors/a/offsets", body).body,
        error_json(400, "Partitions / offsets need to be provided for an alter offsets request"));
  }
  EXPECT_EQ(call("PATCH", "/connectors/a/offsets", "[]").status, 500);
  EXPECT_EQ(call("PATCH", "/connectors/a/offsets").status, 500);
  EXPECT_THAT(herder_.calls, IsEmpty());
}

TEST_F(LifecycleTest, DeleteResetsAllOffsets) {
  herder_.altered.emplace();
  EXPECT_EQ(call("DELETE", "/connectors/a/offsets").status, 200);
  EXPECT_EQ(herder_.altered, std::nullopt);
  EXPECT_THAT(herder_.calls, ElementsAre("alter a"));
}

}  // namespace
}  // namespace millrace::rest
