// One behaviour at a time: what requests and members do.

#include "tests/unit/herder/distributed_herder_fixture.h"

namespace millrace::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(DistributedHerderTest, ACreatedConnectorRunsWithItsTasks) {
  SimProcess& one = add();
  EXPECT_TRUE(one.herder->ready());
  const auto created = put(one, "a", config(2), TargetState::Started);
  EXPECT_TRUE(created.value().created);
  EXPECT_THAT(created.value().info.tasks, IsEmpty());
  EXPECT_EQ(created.value().info.config.at("name"), "a");
  EXPECT_THAT(keys(), ElementsAre("session-key", "target-state-a", "connector-a", "task-a-0",
                                  "task-a-1", "commit-a"));
  EXPECT_THAT(one.herder->connectors(), ElementsAre("a"));
  EXPECT_EQ(one.herder->connector_info("a").tasks.size(), 2U);
  EXPECT_EQ(one.herder->task_infos("a")[1].config.at("index"), "1");
  const auto status = one.herder->connector_status("a");
  EXPECT_EQ(status.connector.state, State::Running);
  EXPECT_EQ(status.connector.worker_id, "w1:8083");
  EXPECT_EQ(status.tasks.size(), 2U);
  EXPECT_EQ(status.type, ConnectorType::Source);
  EXPECT_EQ(one.herder->task_status({"a", 1}).state, State::Running);
  EXPECT_FALSE(put(one, "a", config(2)).value().created);
}

TEST_F(DistributedHerderTest, ErrorsAreKafkas) {
  SimProcess& one = add();
  put(one, "a", config(1));
  EXPECT_EQ(put(one, "a", config(1), {}, false).error(), "409 Connector a already exists");
  EXPECT_THAT(put(one, "b", {{"connector.class", "TestSource"}}).error(),
              HasSubstr("400 Connector configuration is invalid and contains the following 1"));
  EXPECT_EQ(error_of([&] { one.herder->connector_info("x"); }), "404 Connector x not found");
  EXPECT_EQ(error_of([&] { one.herder->task_infos("x"); }), "404 Connector x not found");
  EXPECT_EQ(error_of([&] { one.herder->connector_status("x"); }),
            "404 No status found for connector x");
  EXPECT_EQ(error_of([&] { one.herder->task_status({"x", 3}); }),
            "404 No status found for task x-3");
  EXPECT_EQ(done([&](auto d) { one.herder->delete_connector("x", d); }).error(),
            "404 Connector x not found");
  EXPECT_EQ(done([&](auto d) { one.herder->pause_connector("x", d); }).error(),
            "404 Unknown connector x");
  EXPECT_EQ(done([&](auto d) { one.herder->resume_connector("x", d); }).error(),
            "404 Unknown connector x");
  EXPECT_EQ(stop(one, "x").error(), "404 Unknown connector x");
  EXPECT_EQ(done([&](auto d) { one.herder->restart_connector("x", d); }).error(),
            "404 Unknown connector: x");
  EXPECT_EQ(restart(one, {"x", true, true}).error(), "404 Unknown connector: x");
  EXPECT_EQ(done([&](auto d) { one.herder->restart_task({"x", 0}, d); }).error(),
            "404 Unknown connector: x");
  EXPECT_EQ(done([&](auto d) { one.herder->restart_task({"a", 9}, d); }).error(),
            "404 Unknown task: a-9");
  EXPECT_EQ(done([&](auto d) { one.herder->put_task_configs("x", {}, d); }).error(),
            "404 Connector x not found");
  EXPECT_EQ(reset_offsets(one, "x").error(), "404 Connector x not found");
}

TEST_F(DistributedHerderTest, AFollowerNamesTheLeader) {
  SimProcess& one = add();
  SimProcess& two = add();
  ASSERT_TRUE(one.herder->is_leader());
  EXPECT_EQ(target_of(put(two, "a", config(1))), "http://w1:8083/");
  put(one, "a", config(1));
  EXPECT_EQ(target_of(stop(two, "a")), "http://w1:8083/");
  EXPECT_EQ(target_of(done([&](auto d) { two.herder->delete_connector("a", d); })),
            "http://w1:8083/");
  EXPECT_EQ(target_of(restart(two, {"a", false, true})), "http://w1:8083/");
  EXPECT_EQ(target_of(reset_offsets(two, "a")), "http://w1:8083/");
  EXPECT_EQ(target_of(done([&](auto d) { two.herder->fence_zombies("a", d); })),
            "http://w1:8083/");
  Answer<ConnectorInfo> patched;
  two.herder->patch_connector("a", {{"v", "1"}}, patched.callback());
  pass(Millis{1'000});
  EXPECT_EQ(target_of(patched), "http://w1:8083/");
  // Reads do not depend on who leads.
  EXPECT_THAT(two.herder->connectors(), ElementsAre("a"));
  EXPECT_EQ(two.herder->connector_status("a").connector.state, State::Running);
}

TEST_F(DistributedHerderTest, WithoutAGroupRequestsAreAnsweredInTime) {
  SimProcess& one = cluster_.add();
  one.client.refuse = [] { return true; };
  pass(Millis{1'000});
  EXPECT_FALSE(one.herder->ready());
  EXPECT_THAT(one.herder->connectors(), IsEmpty());
  EXPECT_EQ(one.herder->stage(), "ensuring membership in the cluster");
  Answer<CreatedConnector> answer;
  one.herder->put_connector("a", config(1), {}, true, answer.callback());
  pass(Millis{29'000});
  EXPECT_EQ(answer.error(), "open");
  pass(Millis{2'000});
  EXPECT_EQ(answer.error(),
            "409 Cannot complete request momentarily due to no known leader URL, likely because a "
            "rebalance was underway.");
}

TEST_F(DistributedHerderTest, RequestsWaitForARound) {
  SimProcess& one = add();
  put(one, "a", config(1));
  one.member.request_rejoin("test");
  Answer<Done> answer;
  one.herder->restart_task({"a", 0}, answer.callback());
  EXPECT_EQ(answer.error(), "open");
  pass(Millis{5'000});
  EXPECT_EQ(answer.error(), "none");
}

TEST_F(DistributedHerderTest, ARoundThatDoesNotEndIsAConflict) {
  SimProcess& one = add();
  put(one, "a", config(1));
  one.config_topic.unreachable = true;  // an assignment ahead of what can be read
  cluster_.config_topic.records.push_back(SimRecord{"connector-b", R"({"properties":{"name":"b"}})"});
  SimProcess& two = add();
  Answer<Done> answer;
  one.herder->restart_task({"a", 0}, answer.callback());
  pass(Millis{31'000});
  EXPECT_EQ(answer.error(),
            "409 Cannot complete request momentarily due to stale configuration (typically caused "
            "by a concurrent config change)");
  one.config_topic.unreachable = false;
  pass(Millis{20'000});
  EXPECT_THAT(two.herder->connectors(), ElementsAre("a", "b"));
}

TEST_F(DistributedHerderTest, AnyWorkerPausesAndResumes) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(2));
  EXPECT_EQ(done([&](auto d) { two.herder->pause_connector("a", d); }).error(), "none");
  EXPECT_EQ(one.herder->connector_status("a").connector.state, State::Paused);
  EXPECT_EQ(one.herder->task_status({"a", 1}).state, State::Paused);
  EXPECT_EQ(done([&](auto d) { two.herder->resume_connector("a", d); }).error(), "none");
  EXPECT_EQ(two.herder->connector_status("a").connector.state, State::Running);
  EXPECT_EQ(two.herder->task_status({"a", 0}).state, State::Running);
}

TEST_F(DistributedHerderTest, AConnectorMadePausedHasNoTasksUntilItIsResumed) {
  SimProcess& one = add();
  put(one, "a", config(2), TargetState::Paused);
  EXPECT_THAT(one.herder->task_infos("a"), IsEmpty());
  EXPECT_EQ(one.herder->connector_status("a").connector.state, State::Paused);
  done([&](auto d) { one.herder->resume_connector("a", d); });
  EXPECT_EQ(one.herder->task_infos("a").size(), 2U);
}

TEST_F(DistributedHerderTest, AStoppedConnectorHasNoTasksAndTakesNone) {
  SimProcess& one = add();
  put(one, "a", config(2));
  EXPECT_EQ(stop(one, "a").error(), "none");
  EXPECT_THAT(one.herder->task_infos("a"), IsEmpty());
  EXPECT_EQ(running(), 1U);
  EXPECT_EQ(one.herder->connector_status("a").connector.state, State::Stopped);
  EXPECT_THAT(one.herder->connector_status("a").tasks, IsEmpty());
  EXPECT_EQ(done([&](auto d) { one.herder->put_task_configs("a", {config(1)}, d); }).error(),
            "400 Cannot submit non-empty set of task configs for stopped connector a");
  EXPECT_EQ(done([&](auto d) { one.herder->put_task_configs("a", {}, d); }).error(), "none");
  done([&](auto d) { one.herder->resume_connector("a", d); });
  EXPECT_EQ(running(), 3U);
}

TEST_F(DistributedHerderTest, AStopThatEndedHalfwayIsUndone) {
  SimProcess& one = add();
  put(one, "a", config(2));
  EXPECT_EQ(done([&](auto d) { one.herder->put_task_configs("a", {}, d); }).error(), "none");
  pass(Millis{10'000});
  EXPECT_EQ(one.herder->task_infos("a").size(), 2U);
  EXPECT_EQ(running(), 3U);
}

TEST_F(DistributedHerderTest, DeletingLeavesNothing) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(4));
  EXPECT_EQ(done([&](auto d) { one.herder->delete_connector("a", d); }).error(), "none");
  EXPECT_EQ(running(), 0U);
  for (const SimProcess* process : {&one, &two}) {
    EXPECT_THAT(process->herder->connectors(), IsEmpty());
    EXPECT_EQ(error_of([&] { process->herder->connector_status("a"); }),
              "404 No status found for connector a");
    EXPECT_EQ(error_of([&] { process->herder->task_status({"a", 0}); }),
              "404 No status found for task a-0");
  }
}

TEST_F(DistributedHerderTest, ANewConfigurationRestartsTheConnectorAndItsTasks) {
  SimProcess& one = add();
  put(one, "a", config(1));
  one.worker.take_calls();
  EXPECT_EQ(put(one, "a", config(3, {{"v", "2"}})).value().info.tasks.size(), 1U);
  EXPECT_EQ(one.herder->task_infos("a").size(), 3U);
  EXPECT_EQ(one.worker.running.at({"a", 0}).config.at("v"), "2");
  EXPECT_THAT(one.worker.take_calls(), ElementsAre("stop a", "start a", "stop a-0", "start a-0",
                                                   "start a-1", "start a-2"));
  Answer<ConnectorInfo> patched;
  one.herder->patch_connector("a", {{"v", std::nullopt}, {"tasks.max", "1"}}, patched.callback());
  pass(Millis{10'000});
  EXPECT_FALSE(patched.value().config.contains("v"));
  EXPECT_EQ(running(), 2U);
}

TEST_F(DistributedHerderTest, AFollowerSendsTaskConfigurationsToTheLeader) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(1));
  put(one, "b c", config(2));  // the second connector is the follower's
  ASSERT_TRUE(runs(two, {"b c", kConnector}));
  ASSERT_EQ(two.peer_requests.size(), 1U);
  const PeerRequest& request = two.peer_requests[0];
  EXPECT_EQ(request.url, "http://w1:8083/connectors/b%20c/tasks");
  EXPECT_EQ(request.method, "POST");
  ASSERT_TRUE(request.key);
  EXPECT_EQ(request.key->key, std::string(32, 'k'));
  const auto body = nlohmann::json::parse(request.body);
  ASSERT_EQ(body.size(), 2U);
  EXPECT_EQ(body[1]["index"], "1");
  EXPECT_EQ(running(), 5U);
}

TEST_F(DistributedHerderTest, AFailedSubmissionIsTriedAgain) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(1));
  put(one, "b", config(1));
  ASSERT_TRUE(runs(two, {"b", kConnector}));
  two.peer_requests.clear();
  two.worker.fail = [times = 2]() mutable { return times-- > 0; };
  two.worker.listener->on_reconfiguration_requested("b");
  pass(Millis{300});
  EXPECT_THAT(two.peer_requests, IsEmpty());  // failed twice
  pass(Millis{1'000});
  EXPECT_EQ(running(), 4U);
}

TEST_F(DistributedHerderTest, RestartsReachTheOwner) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(1));
  put(one, "b", config(1));
  ASSERT_TRUE(runs(two, {"b", kConnector}));
  two.worker.take_calls();
  const auto restart_b = [](SimProcess& at) {
    return [&at](Callback<Done> d) { at.herder->restart_connector("b", d); };
  };
  EXPECT_EQ(target_of(done(restart_b(one))), "http://w2:8083/");
  EXPECT_EQ(done(restart_b(two)).error(), "none");
  EXPECT_THAT(two.worker.take_calls(), ElementsAre("stop b", "start b"));
  // Neither owner nor leader.
  EXPECT_EQ(target_of(done([&](auto d) { two.herder->restart_connector("a", d); })),
            "http://w1:8083/");
  SimProcess& owner = runs(one, {"a", 0}) ? one : two;
  SimProcess& other = runs(one, {"a", 0}) ? two : one;
  EXPECT_EQ(done([&](auto d) { owner.herder->restart_task({"a", 0}, d); }).error(), "none");
  EXPECT_EQ(owner.worker.take_calls().back(), "start a-0");
  EXPECT_THAT(target_of(done([&](auto d) { other.herder->restart_task({"a", 0}, d); })),
              HasSubstr("http://w"));
}

TEST_F(DistributedHerderTest, ARestartWithTasksIsARecordThatEveryWorkerFollows) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(4));
  one.worker.take_calls();
  two.worker.take_calls();
  const auto answer = restart(one, {"a", false, true});
  EXPECT_EQ(answer.value().connector.state, State::Restarting);
  EXPECT_EQ(answer.value().tasks.at(3).state, State::Restarting);
  EXPECT_EQ(keys().back(), "restart-connector-a");
  EXPECT_EQ(one.worker.take_calls().size() + two.worker.take_calls().size(), 8U);
  EXPECT_EQ(running(), 5U);
  EXPECT_EQ(one.herder->task_status({"a", 2}).state, State::Running);
  // Only what has failed.
  SimProcess& owner = runs(one, {"a", 2}) ? one : two;
  owner.worker.task_failed({"a", 2}, "broke");
  pass(Millis{1'000});
  EXPECT_EQ(one.herder->task_status({"a", 2}).trace, "broke");
  EXPECT_EQ(restart(one, {"a", true, true}).value().connector.state, State::Running);
  EXPECT_THAT(owner.worker.take_calls(), ElementsAre("stop a-2", "start a-2"));
}

TEST_F(DistributedHerderTest, OffsetsChangeOnlyWhileStopped) {
  SimProcess& one = add();
  put(one, "a", config(1));
  EXPECT_EQ(reset_offsets(one, "a").error(),
            "400 Connectors must be in the STOPPED state before their offsets can be modified. This "
            "can be done for the specified connector by issuing a 'PUT' request to the "
            "'/connectors/a/stop' endpoint");
  stop(one, "a");
  EXPECT_EQ(reset_offsets(one, "a").value(), "altered");
  Answer<std::string> empty;
  one.herder->alter_connector_offsets("a", std::vector<JsonPartitionOffset>{}, empty.callback());
  EXPECT_EQ(empty.error(),
            "400 Partitions / offsets need to be provided for an alter offsets request");
  Answer<std::vector<JsonPartitionOffset>> offsets;
  one.herder->connector_offsets("a", offsets.callback());
  pass(Millis{100});
  EXPECT_EQ(offsets.value().size(), 1U);
}

TEST_F(DistributedHerderTest, FencingFollowsTheTaskCounts) {
  SimProcess& one = add({.exactly_once_source = true});
  put(one, "a", config(2));
  const auto fence = [&] {
    return done([&](Callback<Done> d) { one.herder->fence_zombies("a", d); });
  };
  EXPECT_EQ(fence().error(), "none");  // nothing to fence yet: the count is noted
  EXPECT_EQ(keys().back(), "tasks-fencing-a");
  EXPECT_EQ(fence().error(), "none");
  stop(one, "a");
  EXPECT_THAT(reset_offsets(one, "a").error(), HasSubstr("500 Fencing older tasks of connector a"));
}

TEST_F(DistributedHerderTest, TheLeaderRotatesTheSessionKey) {
  DistributedOptions options;
  options.key.ttl = Millis{60'000};
  SimProcess& one = add(options);
  SimProcess& two = add(options);
  ASSERT_NE(two.herder->session_key(), nullptr);
  EXPECT_TRUE(two.herder->requires_signatures());
  const int64_t first = two.herder->session_key()->created_ms;
  pass(Millis{40'000});
  EXPECT_EQ(two.herder->session_key()->created_ms, first);
  pass(Millis{20'000});
  EXPECT_EQ(two.herder->session_key()->created_ms, first + 60'000);
  EXPECT_EQ(*one.herder->session_key(), *two.herder->session_key());
}

TEST_F(DistributedHerderTest, LoggerLevelsReachEveryRunningWorker) {
  SimProcess& one = add();
  SimProcess& two = add();
  done([&](auto d) { two.herder->set_cluster_logger_level("org.apache", "DEBUG", d); });
  EXPECT_THAT(one.levels, ElementsAre("org.apache=DEBUG"));
  EXPECT_THAT(two.levels, ElementsAre("org.apache=DEBUG"));
  EXPECT_THAT(add().levels, IsEmpty());
}

TEST_F(DistributedHerderTest, ALostMemberStopsItsWorkBeforeOthersGetIt) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(4));
  ASSERT_THAT(two.worker.running, Not(IsEmpty()));
  two.worker.take_calls();
  two.cut(true);
  pass(Millis{8'000});
  EXPECT_THAT(two.worker.running, IsEmpty());
  const std::vector<std::string> calls = two.worker.take_calls();
  ASSERT_THAT(calls, SizeIs(Gt(1U)));
  EXPECT_EQ(calls.front(), "lost");  // what was on its way is given up before anything is stopped
  pass(Millis{20'000});
  EXPECT_EQ(one.worker.running.size(), 5U);
  two.cut(false);
  pass(Millis{30'000});
  EXPECT_THAT(two.worker.running, Not(IsEmpty()));
  EXPECT_EQ(running(), 5U);
  EXPECT_EQ(cluster_.owners.violation(), "");
}

TEST_F(DistributedHerderTest, AWorkerThatLeavesStopsItsWorkFirst) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(4));
  two.worker.take_calls();
  bool stopped = false;
  two.herder->stop_all([&](const Outcome<Done>&) { stopped = true; });
  pass(Millis{500});  // not the 3 s until the next heartbeat
  EXPECT_TRUE(stopped);
  const size_t handed_over = one.worker.running.size();
  EXPECT_EQ(put(two, "b", config(1)).error(), "500 Worker is shutting down");
  EXPECT_THAT(two.worker.running, IsEmpty());
  EXPECT_EQ(cluster_.coordinator.members().size(), 1U);
  EXPECT_EQ(handed_over, 5U);
  EXPECT_THAT(two.worker.take_calls(), Not(Contains("lost")));  // it has all the time it needs
}

TEST_F(DistributedHerderTest, TopicsAreTrackedForTheCluster) {
  SimProcess& one = add();
  SimProcess& two = add();
  put(one, "a", config(1));
  one.worker.listener->on_active_topic({"a", 0}, "t1");
  one.worker.listener->on_active_topic({"a", 0}, "t2");
  pass(Millis{100});
  EXPECT_THAT(two.herder->active_topics("a"), ElementsAre("t1", "t2"));
  EXPECT_THAT(two.herder->active_topics("none"), IsEmpty());
  two.herder->reset_active_topics("a");
  pass(Millis{100});
  EXPECT_THAT(one.herder->active_topics("a"), IsEmpty());
}

class EagerHerderTest : public DistributedHerderTest {
 protected:
  EagerHerderTest()
      : DistributedHerderTest(SimClusterOptions{.mode = group::ProtocolMode::Eager,
                                                .network_delays = false}) {}
};

TEST_F(EagerHerderTest, WorkIsSharedWithoutSignatures) {
  SimProcess& one = add();
  SimProcess& two = add();
  EXPECT_FALSE(two.herder->requires_signatures());
  put(one, "a", config(3));
  EXPECT_EQ(running(), 4U);
  EXPECT_EQ(one.worker.running.size(), 2U);
  EXPECT_THAT(keys(), Not(Contains("session-key")));
}

}  // namespace
}  // namespace millrace::testing
