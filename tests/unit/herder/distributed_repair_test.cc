// What a herder mends by itself: failed and stalled tasks, lost commits, statuses that come late.

#include "tests/unit/herder/distributed_herder_fixture.h"

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(DistributedHerderTest, FailedTasksStayFailedUnlessAskedOtherwise) {
  SimProcess& one = add();
  one.worker.crash_on_start.insert({"a", 0});
  put(one, "a", config(1));
  pass(Millis{3'600'000});
  EXPECT_EQ(one.herder->task_status({"a", 0}).state, State::Failed);
  EXPECT_EQ(one.herder->automatic_restarts(), 0U);
}

TEST_F(DistributedHerderTest, FailedTasksAreStartedAgainWithinTheirBudget) {
  DistributedOptions options;
  options.auto_restart = {.enable = true, .backoff_ms = 1'000, .max_attempts = 3};
  SimProcess& one = add(options);
  one.worker.crash_on_start.insert({"a", 0});
  put(one, "a", config(1));
  pass(Millis{60'000});
  EXPECT_EQ(one.herder->automatic_restarts(), 3U);
  EXPECT_EQ(one.herder->task_status({"a", 0}).state, State::Failed);
  // Restarted by hand, the budget is whole again; it recovers at the first attempt.
  one.worker.crash_on_start.clear();
  EXPECT_EQ(done([&](auto d) { one.herder->restart_task({"a", 0}, d); }).error(), "none");
  one.worker.task_failed({"a", 0}, "once more");
  pass(Millis{2'000});
  EXPECT_EQ(one.herder->automatic_restarts(), 4U);
  EXPECT_EQ(one.herder->task_status({"a", 0}).state, State::Running);
}

TEST_F(DistributedHerderTest, AConnectorMayAskForItsFailedTasksToBeRestarted) {
  SimProcess& one = add();
  one.worker.crash_on_start.insert({"a", 0});
  put(one, "a", config(1, {{"millrace.errors.restart.enable", "true"},
                           {"millrace.errors.restart.backoff.ms", "500"},
                           {"millrace.errors.restart.max.attempts", "2"}}));
  pass(Millis{30'000});
  EXPECT_EQ(one.herder->automatic_restarts(), 2U);
}

TEST_F(DistributedHerderTest, StalledTasksAreShown) {
  DistributedOptions options;
  options.stall_timeout = Millis{60'000};
  SimProcess& one = add(options);
  put(one, "a", config(1));
  one.worker.busy[{"a", 0}] = Millis{61'000};
  pass(Millis{20'000});
  EXPECT_THAT(one.herder->stalled_tasks(), ElementsAre(ConnectorTaskId{"a", 0}));
  EXPECT_EQ(one.herder->task_status({"a", 0}).state, State::Running);
  EXPECT_EQ(one.herder->task_status({"a", 0}).trace,
            "Task has made no progress for 61000 ms (millrace.task.stall.timeout.ms is 60000)");
  one.worker.busy.clear();
  pass(Millis{20'000});
  EXPECT_THAT(one.herder->stalled_tasks(), IsEmpty());
  EXPECT_EQ(one.herder->task_status({"a", 0}).trace, "");
}

// KAFKA-17719: the commit stands before the configuration, and compaction keeps that order.
TEST_F(DistributedHerderTest, CommitsOlderThanTheConfigurationAreWrittenAgain) {
  SimProcess& one = add();
  put(one, "a", config(2));
  done([&](auto d) { one.herder->pause_connector("a", d); });
  put(one, "a", config(2, {{"v", "2"}}));  // paused: no new tasks are made
  pass(Millis{70'000});
  EXPECT_EQ(keys().back(), "commit-a");
  cluster_.config_topic.compact();
  SimProcess& two = add();
  EXPECT_EQ(two.herder->task_infos("a").size(), 2U);
}

TEST_F(DistributedHerderTest, ANewLeaderThatMissesACommitAsksForIt) {
  add();
  SimProcess& two = add();
  put(*cluster_.processes[0], "a", config(1));
  put(*cluster_.processes[0], "b", config(2));
  ASSERT_TRUE(runs(two, {"b", kConnector}));
  // What only a worker that starts now fails to find.
  for (auto& record : cluster_.config_topic.records) {
    if (record && (record->key == "commit-b" || record->key->starts_with("task-b"))) record.reset();
  }
  cluster_.config_topic.records.push_back(SimRecord{"of-a-later-version", "{}"});
  cluster_.tail_all();
  cluster_.coordinator.newest_leads = true;
  SimProcess& three = add();
  ASSERT_THAT(three.herder->task_infos("b"), IsEmpty());
  cluster_.processes[0]->crash();
  pass(Millis{60'000});
  EXPECT_TRUE(three.herder->is_leader());
  EXPECT_EQ(two.herder->task_infos("b").size(), 2U);
  EXPECT_EQ(three.herder->task_infos("b").size(), 2U);
  EXPECT_EQ(running(), 5U);
}

TEST_F(DistributedHerderTest, TasksWrittenByAnOutdatedOwnerAreReplaced) {
  SimProcess& one = add();
  put(one, "a", config(2, {{"v", "2"}}));
  EXPECT_EQ(done([&](auto d) {
              one.herder->put_task_configs("a", {{{"task.class", "T"}, {"v", "1"}}}, d);
            }).error(),
            "none");
  pass(Millis{10'000});
  EXPECT_EQ(one.herder->task_infos("a").size(), 2U);
  EXPECT_EQ(one.worker.running.at({"a", 1}).config.at("v"), "2");
}

TEST_F(DistributedHerderTest, AnOldStatusThatComesLateIsCorrected) {
  SimProcess& one = add();
  put(one, "a", config(1));
  cluster_.status_topic.records.push_back(SimRecord{
      "status-connector-a",
      R"({"state":"UNASSIGNED","trace":null,"worker_id":"gone:8083","generation":0})"});
  cluster_.tail_all();
  pass(Millis{1'000});
  EXPECT_EQ(one.herder->connector_status("a").connector.state, State::Running);
  EXPECT_EQ(one.herder->connector_status("a").connector.worker_id, "w1:8083");
}

// Another cluster that shares the topics corrects statuses too.
TEST_F(DistributedHerderTest, StatusesOfAnotherClusterAreNotFoughtOver) {
  SimProcess& one = add();
  put(one, "a", config(1));
  const auto write = [this](size_t times) {
    for (size_t i = 0; i < times; ++i) {
      cluster_.status_topic.records.push_back(SimRecord{
          "status-connector-a",
          R"({"state":"RUNNING","trace":null,"worker_id":"other:8083","generation":1})"});
      cluster_.tail_all();
      pass(Millis{10});
    }
  };
  const size_t before = cluster_.status_topic.records.size();
  write(100);
  const size_t corrections = cluster_.status_topic.records.size() - before - 100;
  EXPECT_GE(corrections, 1U);
  EXPECT_LE(corrections, 3U) << "at most one in each second";
  pass(Millis{2'000});
  EXPECT_EQ(one.herder->connector_status("a").connector.worker_id, "w1:8083");
}

}  // namespace
}  // namespace millrace::testing
