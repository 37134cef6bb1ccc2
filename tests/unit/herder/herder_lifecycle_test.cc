// States, restarts, reconfiguration, topics, offsets and the end.

#include "tests/unit/herder/herder_fixture.h"

namespace millrace::testing {
namespace {

class HerderLifecycleTest : public HerderTest {};

TEST_F(HerderLifecycleTest, PauseAndResumeMoveConnectorAndTasks) {
  create("a");
  herder_->pause_connector("a", ignored());
  run();
  EXPECT_EQ(state("a"), State::Paused);
  EXPECT_EQ(task_state("a", 0), State::Paused);
  herder_->resume_connector("a", ignored());
  run();
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(task_state("a", 0), State::Running);
  EXPECT_EQ(worker_.take_calls(), (Calls{"target a PAUSED", "target a STARTED", "configs a"}));
  EXPECT_EQ(error_of([&] { herder_->pause_connector("x", ignored()); }), "404 Unknown connector x");
  EXPECT_EQ(error_of([&] { herder_->resume_connector("x", ignored()); }), "404 Unknown connector x");
}

TEST_F(HerderLifecycleTest, StopRemovesTasksFirst) {
  create("a");
  const auto answer = stop("a");
  run();
  EXPECT_EQ(answer.error(), "none");
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a-0", "target a STOPPED"}));
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_EQ(task_count("a"), 0U);
  EXPECT_TRUE(herder_->connector_status("a").tasks.empty());
  const auto again = stop("a");
  run();
  EXPECT_EQ(again.error(), "none");
  herder_->resume_connector("a", ignored());
  run();
  EXPECT_EQ(task_count("a"), 1U);
}

TEST_F(HerderLifecycleTest, AbsentConnectorsAnswerAsAStandaloneWorkerDoes) {
  const auto stopped = stop("x");
  const auto restarted = restart("x");
  const auto task = restart_task({"x", 0});
  const auto all = restart_all({"x", true, true});
  run();
  EXPECT_EQ(stopped.error(), "500 No connector `x` configured");
  EXPECT_EQ(restarted.error(), "500 Connector x not found");
  EXPECT_EQ(task.error(), "500 Connector x not found");
  EXPECT_EQ(all.error(), "404 Unknown connector: x");
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(HerderLifecycleTest, RestartTouchesTheConnectorOnly) {
  create("a");
  const auto answer = restart("a");
  run();
  EXPECT_EQ(answer.error(), "none");
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a", "start a STARTED", "configs a"}));
}

TEST_F(HerderLifecycleTest, TaskRestartRestartsThatTask) {
  worker_.task_counts["a"] = 2;
  create("a");
  worker_.task_status({"a", 1}, State::Failed, "trace");
  const auto answer = restart_task({"a", 1});
  run();
  EXPECT_EQ(answer.error(), "none");
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a-1", "start a-1 STARTED"}));
  EXPECT_EQ(task_state("a", 1), State::Running);
}

TEST_F(HerderLifecycleTest, RestartOfAMissingTaskPlantsNoStatus) {
  create("a");
  const auto missing = restart_task({"a", 9});
  const auto negative = restart_task({"a", -1});
  run();
  EXPECT_EQ(missing.error(), "404 Task a-9 not found");
  EXPECT_EQ(negative.error(), "404 Task a--1 not found");
  EXPECT_EQ(herder_->connector_status("a").tasks.size(), 1U);
}

TEST_F(HerderLifecycleTest, RestartWithTasksAnswersThePlan) {
  worker_.task_counts["a"] = 2;
  create("a");
  worker_.task_status({"a", 1}, State::Failed, "trace");
  const auto answer = restart_all({"a", false, true});
  run();
  EXPECT_EQ(answer.value().connector.state, State::Restarting);
  EXPECT_EQ(answer.value().tasks.at(0).state, State::Restarting);
  EXPECT_EQ(answer.value().tasks.at(1).state, State::Restarting);
  EXPECT_EQ(answer.value().tasks.at(1).trace, "trace");
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a", "stop a-0 a-1", "start a STARTED",
                                         "start a-0 STARTED", "start a-1 STARTED", "configs a"}));
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(task_state("a", 1), State::Running);
}

TEST_F(HerderLifecycleTest, RestartOfFailedOnesLeavesTheRest) {
  worker_.task_counts["a"] = 2;
  create("a");
  worker_.task_status({"a", 1}, State::Failed, "trace");
  const auto answer = restart_all({"a", true, true});
  run();
  EXPECT_EQ(answer.value().connector.state, State::Running);
  EXPECT_EQ(answer.value().tasks.at(0).state, State::Running);
  EXPECT_EQ(answer.value().tasks.at(1).state, State::Restarting);
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a-1", "start a-1 STARTED"}));
  const auto nothing = restart_all({"a", true, true});
  run();
  EXPECT_EQ(nothing.value().connector.state, State::Running);
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(HerderLifecycleTest, RestartOfAFailedConnectorOnly) {
  create("a");
  worker_.status("a", State::Failed, "trace");
  const auto answer = restart_all({"a", true, false});
  run();
  EXPECT_EQ(answer.value().connector.state, State::Restarting);
  EXPECT_EQ(answer.value().tasks.at(0).state, State::Running);
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a", "start a STARTED", "configs a"}));
}

TEST_F(HerderLifecycleTest, RestartWithTasksAnswersEvenWhenTheConnectorFailsToStart) {
  create("a");
  worker_.start_errors["a"] = "no";
  const auto answer = restart_all({"a", false, true});
  run();
  EXPECT_EQ(answer.value().connector.state, State::Restarting);
  EXPECT_EQ(state("a"), State::Failed);
  EXPECT_EQ(task_state("a", 0), State::Running);
}

TEST_F(HerderLifecycleTest, RestartNeedsAStatus) {
  worker_.silent.insert("start");
  put("a", source_config());
  run();
  const auto answer = restart_all({"a", true, false});
  control_.advance(options_.limits.time);  // the start ends without a report
  EXPECT_EQ(answer.error(), "404 Status for connector a not found");
}

TEST_F(HerderLifecycleTest, ReconfigurationReplacesTasksOnlyForAChange) {
  create("a");
  worker_.listener->on_reconfiguration_requested("a");
  worker_.listener->on_reconfiguration_requested("a");
  run();
  EXPECT_EQ(worker_.take_calls().front(), "configs a");
  worker_.task_counts["a"] = 2;
  worker_.listener->on_reconfiguration_requested("a");
  run();
  EXPECT_EQ(worker_.take_calls(),
            (Calls{"configs a", "stop a-0", "start a-0 STARTED", "start a-1 STARTED"}));
  herder_->pause_connector("a", ignored());
  run();
  worker_.take_calls();
  worker_.listener->on_reconfiguration_requested("a");
  run();
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(HerderLifecycleTest, ReconfigurationsThatWaitAreOne) {
  create("a");
  worker_.manual = true;
  herder_->pause_connector("a", ignored());
  for (int i = 0; i < 100; ++i) worker_.listener->on_reconfiguration_requested("a");
  herder_->resume_connector("a", ignored());
  worker_.manual = false;
  while (worker_.answer_one()) run();
  run();
  EXPECT_EQ(worker_.take_calls(), (Calls{"target a PAUSED", "target a STARTED", "configs a"}));
}

TEST_F(HerderLifecycleTest, TopicsAreTracked) {
  create("a");
  worker_.listener->on_active_topic({"a", 0}, "t2");
  worker_.listener->on_active_topic({"a", 0}, "t1");
  worker_.listener->on_active_topic({"a", 0}, "t1");
  EXPECT_EQ(herder_->active_topics("a"), (Calls{"t1", "t2"}));
  EXPECT_TRUE(herder_->active_topics("none").empty());
  herder_->reset_active_topics("a");
  herder_->reset_active_topics("none");
  EXPECT_TRUE(herder_->active_topics("a").empty());
}

TEST_F(HerderLifecycleTest, TopicTrackingCanBeOff) {
  options_.topic_tracking_reset = false;
  make_herder();
  EXPECT_EQ(error_of([&] { herder_->reset_active_topics("a"); }),
            "403 Topic tracking reset is disabled.");
  options_.topic_tracking = false;
  make_herder();
  create("a");
  worker_.listener->on_active_topic({"a", 0}, "t");
  EXPECT_EQ(error_of([&] { herder_->active_topics("a"); }), "403 Topic tracking is disabled.");
  EXPECT_EQ(error_of([&] { herder_->reset_active_topics("a"); }),
            "403 Topic tracking is disabled.");
}

TEST_F(HerderLifecycleTest, OffsetsAreReadInAnyState) {
  create("a");
  Answer<std::vector<JsonPartitionOffset>> answer;
  herder_->connector_offsets("a", answer.callback());
  Answer<std::vector<JsonPartitionOffset>> absent;
  herder_->connector_offsets("x", absent.callback());
  run();
  EXPECT_EQ(answer.value().at(0).partition, R"({"f":1})");
  EXPECT_EQ(absent.error(), "404 Connector x not found");
  EXPECT_EQ(worker_.offsets_config.at("topic"), "t");
}

TEST_F(HerderLifecycleTest, OffsetsChangeOnlyWhenStopped) {
  create("a");
  const auto alter = [this](const std::string& name,
                            std::optional<std::vector<JsonPartitionOffset>> offsets) {
    Answer<std::string> answer;
    herder_->alter_connector_offsets(name, std::move(offsets), answer.callback());
    run();
    return answer;
  };
  const std::string refusal =
      "400 Connectors must be in the STOPPED state before their offsets can be modified.";
  const std::vector<JsonPartitionOffset> one = {{"{}", "{}"}};
  EXPECT_EQ(alter("a", one).error().rfind(refusal, 0), 0U);
  EXPECT_EQ(alter("a", std::nullopt).error().rfind(refusal, 0), 0U);
  herder_->pause_connector("a", ignored());
  EXPECT_EQ(alter("a", one).error().rfind(refusal, 0), 0U);
  EXPECT_EQ(alter("x", one).error(), "404 Connector x not found");
  EXPECT_EQ(alter("a", std::vector<JsonPartitionOffset>{}).error(),
            "400 Partitions / offsets need to be provided for an alter offsets request");
  stop("a");
  EXPECT_EQ(alter("a", one).value(), "altered");
  EXPECT_EQ(alter("a", std::nullopt).value(), "altered");
  EXPECT_EQ(worker_.calls.back(), "reset a");
}

TEST_F(HerderLifecycleTest, ShutdownStopsAllTasksTogetherThenConnectors) {
  create("a");
  create("b");
  Answer<Done> answer;
  herder_->stop_all(answer.callback());
  run();
  EXPECT_EQ(answer.error(), "none");
  EXPECT_EQ(worker_.take_calls(), (Calls{"stop a-0 b-0", "stop a", "stop b"}));
  EXPECT_EQ(state("a"), State::Unassigned);
  const auto late = put("c", source_config());
  EXPECT_EQ(late.error(), "500 Worker is shutting down");
  herder_->pause_connector("a", ignored());
  run();
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(HerderLifecycleTest, ShutdownEndsWhatIsOpenAndDoesNotHang) {
  create("a");
  worker_.silent = {"target", "stop"};
  const auto running = stop("a");
  const auto waiting = restart("a");
  run();
  Answer<Done> answer;
  herder_->stop_all(answer.callback());
  EXPECT_EQ(running.error(), "500 Worker is shutting down");
  EXPECT_EQ(waiting.error(), "500 Worker is shutting down");
  run();
  EXPECT_FALSE(answer.given());
  control_.advance(options_.limits.time);
  EXPECT_EQ(answer.error(), "none");
}

}  // namespace
}  // namespace millrace::testing
