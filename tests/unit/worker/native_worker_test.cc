#include "tests/unit/worker/worker_fixture.h"

namespace millrace {
namespace {

TEST_F(NativeWorkerTest, SourceCommitsWhatTheLogAcknowledged) {
  script_.records = 10;
  start_task("Source");
  ASSERT_TRUE(reaches(State::Running));
  const std::string key = R"(["c",{"p":0}])";
  ASSERT_TRUE(control_.run_until([&] { return offsets_.get(key) == R"({"o":9})"; }));
  EXPECT_EQ(log_.written_now().size(), 10U);
  EXPECT_EQ(listener_.topics, std::vector<std::string>{"topic"});
  stop();
  EXPECT_EQ(listener_.states.back(), State::Unassigned);
}

TEST_F(NativeWorkerTest, OffsetsWaitForTheAcknowledgement) {
  log_.hold_acks = true;
  script_.records = 3;
  start_task("Source");
  ASSERT_TRUE(control_.run_until([&] { return script_.polls > 50; }));
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), std::nullopt);
  {
    const std::lock_guard lock(log_.mutex);
    log_.hold_acks = false;
  }
  stop();  // the final commit covers what was in flight
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), R"({"o":2})");
}

TEST_F(NativeWorkerTest, AFailedSendFailsTheTaskAndCommitsNothing) {
  log_.fail_sends = true;
  script_.records = 1;
  start_task("Source");
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_NE(listener_.task->trace.find("Unrecoverable exception from producer send callback"),
            std::string::npos);
  EXPECT_NE(listener_.task->trace.find("Caused by: org.apache.kafka.common.KafkaException: the log "
                                       "said no"),
            std::string::npos);
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), std::nullopt);
}

TEST_F(NativeWorkerTest, AFailedSendIsPassedOverWhenErrorsAreTolerated) {
  log_.fail_sends = true;
  script_.records = 5;
  start_task("Source", {{"errors.tolerance", "all"}});
  ASSERT_TRUE(control_.run_until(
      [&] { return offsets_.get(R"(["c",{"p":0}])") == R"({"o":4})"; }));
  EXPECT_EQ(listener_.task->state, State::Running);
}

TEST_F(NativeWorkerTest, ARecordTooLargeForTheLogFailsTheTaskOrIsPassedOver) {
  script_.values = {"a", "big", "big", "c", "big"};
  log_.refuse_value = "big";
  script_.records = 5;
  start_task("Source");
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_NE(listener_.task->trace.find("RecordTooLargeException: sending a record to topic topic: "
                                       "too large"),
            std::string::npos);
  stop();
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), R"({"o":0})");
  script_.records = 5;
  start_task("Source", {{"errors.tolerance", "all"}});
  ASSERT_TRUE(control_.run_until(
      [&] { return offsets_.get(R"(["c",{"p":0}])") == R"({"o":4})"; }));
  EXPECT_EQ(log_.written_now(), (std::vector<std::string>{"a", "a", "c"}));
}

TEST_F(NativeWorkerTest, ExceptionsFromAnyMethodFailOnlyTheTask) {
  for (const std::string kind : {"Source", "Sink"}) {
    for (const std::string place : {"make_task", "start", "poll", "put", "start!", "poll!", "put!",
                                    "open"}) {
      const bool of_source = place.starts_with("poll");
      const bool of_sink = place.starts_with("put") || place == "open";
      if ((kind == "Source" && of_sink) || (kind == "Sink" && of_source)) continue;
      SCOPED_TRACE(kind + " " + place);
      listener_.task.reset();
      script_.throw_from = place;
      start_task(kind);
      ASSERT_TRUE(reaches(State::Failed));
      EXPECT_FALSE(listener_.task->trace.empty());
      stop();
    }
  }
}

TEST_F(NativeWorkerTest, ExceptionsFromCommitHooksAreIgnored) {
  for (const std::string place : {"commit_records", "commit"}) {
    script_.throw_from = place;
    script_.records = 5;
    start_task("Source");
    ASSERT_TRUE(control_.run_until([&] { return script_.records == 0 && script_.polls > 100; }));
    EXPECT_EQ(listener_.task->state, State::Running) << place;
    stop();
    script_.polls = 0;
  }
}

TEST_F(NativeWorkerTest, ATaskThatHangsInStopIsAbandoned) {
  WorkerLimits limits;
  limits.graceful_shutdown = 50ms;
  make(limits);
  script_.hang_in_stop = true;
  start_task("Source");
  ASSERT_TRUE(reaches(State::Running));
  stop();
  EXPECT_EQ(worker_->abandoned_tasks(), 1U);
  EXPECT_EQ(listener_.states.back(), State::Running) << "a cancelled task reports nothing";
  // The name is free for a new task at once.
  script_.release = true;
  listener_.task.reset();
  start_task("Source");
  EXPECT_TRUE(reaches(State::Running));
}

TEST_F(NativeWorkerTest, ATaskThatIsGivenUpWritesNothingMore) {
  WorkerLimits limits;
  limits.graceful_shutdown = 50ms;
  limits.offset_flush_interval = 20ms;
  make(limits);
  log_.hold_acks = true;
  script_.records = 5;
  start_task("Source");
  ASSERT_TRUE(control_.run_until([&] { return script_.records == 0 && script_.polls > 10; }));
  script_.hang_in_poll = true;
  stop();
  EXPECT_EQ(worker_->abandoned_tasks(), 1U);
  EXPECT_EQ(log_.abandoned, 1) << "its producer is given up at once, not when its thread comes back";
  {
    const std::lock_guard lock(log_.mutex);
    log_.hold_acks = false;
  }
  script_.records = 5;
  script_.release = true;
  ASSERT_TRUE(control_.run_until([&] { return worker_->running_tasks() == 0; }));
  EXPECT_TRUE(log_.written_now().empty());
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), std::nullopt);
}

TEST_F(NativeWorkerTest, WithoutItsLeaseASourceCommitsNothing) {
  WorkerLimits limits;
  limits.offset_flush_interval = 10min;  // only the final commit
  make(limits);
  script_.records = 5;
  start_task("Source");
  ASSERT_TRUE(control_.run_until([&] { return log_.written_now().size() == 5; }));
  lease_->end();
  stop();
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), std::nullopt) << "the new owner's may be newer";
  lease_->renew(WorkLease::Clock::now() + 1h);
  script_.records = 5;
  start_task("Source");
  ASSERT_TRUE(control_.run_until([&] { return script_.records == 0; }));
  stop();
  EXPECT_EQ(offsets_.get(R"(["c",{"p":0}])"), R"({"o":4})");
}

TEST_F(NativeWorkerTest, WithoutItsLeaseASinkPutsNothing) {
  start_task("Sink");
  ASSERT_TRUE(reaches(State::Running));
  lease_->end();
  {
    const std::lock_guard lock(log_.mutex);
    log_.to_consume = {"a", "b"};
    log_.changed.notify_all();
  }
  ASSERT_TRUE(control_.run_until([&] {
    const std::lock_guard lock(log_.mutex);
    return log_.to_consume.empty();
  }));
  stop();
  EXPECT_TRUE(put().empty());
}

TEST_F(NativeWorkerTest, TellsHowLongATaskHasBeenInItsOwnCode) {
  script_.hang_in_poll = true;
  start_task("Source");
  ASSERT_TRUE(control_.run_until([&] {
    const auto busy = worker_->busy_times();
    return busy.contains(kId) && busy.at(kId) >= 20ms;
  }));
  script_.release = true;
  script_.hang_in_poll = false;
  stop();
  EXPECT_TRUE(worker_->busy_times().empty());
}

TEST_F(NativeWorkerTest, EveryCallOnATaskComesFromItsThread) {
  script_.records = 5;
  start_task("Source");
  ASSERT_TRUE(control_.run_until([&] { return script_.polls > 20; }));
  stop();
  const std::lock_guard lock(script_.mutex);
  EXPECT_EQ(script_.threads.size(), 1U);
  EXPECT_FALSE(script_.threads.contains(std::this_thread::get_id()));
}

TEST_F(NativeWorkerTest, APausedTaskStartsNothingUntilResumed) {
  start_task("Source", {}, TargetState::Paused);
  ASSERT_TRUE(reaches(State::Paused));
  EXPECT_EQ(script_.polls, 0);
  worker_->set_target_state("c", TargetState::Started, [](const Outcome<Done>&) {});
  ASSERT_TRUE(reaches(State::Running));
}

TEST_F(NativeWorkerTest, SinkCommitsWhatItPut) {
  log_.to_consume = {"a", "b", "c"};
  start_task("Sink");
  const TopicPartition partition = FakeConsumer::partition();
  ASSERT_TRUE(control_.run_until([&] {
    const std::lock_guard lock(log_.mutex);
    return log_.committed.contains(partition) && raw(log_.committed.at(partition)) == 3;
  }));
  EXPECT_EQ(put(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(NativeWorkerTest, ARetriablePutGetsTheSameBatchAgain) {
  script_.put_failures = 3;
  log_.to_consume = {"a", "b"};
  start_task("Sink");
  ASSERT_TRUE(control_.run_until([&] { return put().size() == 2; }));
  EXPECT_EQ(put(), (std::vector<std::string>{"a", "b"}));
  const std::lock_guard lock(script_.mutex);
  EXPECT_EQ(script_.put_sizes, std::vector<int>{2});
}

TEST_F(NativeWorkerTest, RowsThatWaitBehindARetriedPutAreDroppedWhenTheTaskRewinds) {
  script_.put_failures = 1;
  script_.rewind = Offset{0};
  log_.max_poll_rows = 1;
  log_.deliver_while_paused = true;
  log_.to_consume = {"a", "b"};
  start_task("Sink");
  ASSERT_TRUE(control_.run_until([&] {
    const std::lock_guard lock(log_.mutex);
    return !log_.seeks.empty();
  }));
  {
    const std::lock_guard lock(log_.mutex);
    log_.to_consume.push_back("c");  // as if from the new place
    log_.changed.notify_all();
  }
  ASSERT_TRUE(control_.run_until([&] { return !put().empty(); }));
  EXPECT_EQ(put(), std::vector<std::string>{"c"});
}

TEST_F(NativeWorkerTest, ARowThatPutRejectsFailsTheTaskAndIsNotCommitted) {
  script_.reject = "b";
  log_.to_consume = {"a", "b", "c"};
  start_task("Sink");
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_NE(listener_.task->trace.find("Tolerance exceeded in error handler"), std::string::npos);
  EXPECT_NE(listener_.task->trace.find("unwanted"), std::string::npos);
  EXPECT_TRUE(log_.commits.empty());
}

TEST_F(NativeWorkerTest, ARowThatPutRejectsIsPassedOverWhenErrorsAreTolerated) {
  script_.reject = "b";
  script_.put_failures = 2;  // rejections of a put that is tried again do not count
  log_.to_consume = {"a", "b", "c"};
  start_task("Sink", {{"errors.tolerance", "all"}});
  const TopicPartition partition = FakeConsumer::partition();
  ASSERT_TRUE(control_.run_until([&] {
    const std::lock_guard lock(log_.mutex);
    return log_.committed.contains(partition) && raw(log_.committed.at(partition)) == 3;
  }));
  EXPECT_EQ(put(), (std::vector<std::string>{"a", "c"}));
}

TEST_F(NativeWorkerTest, OffsetsAheadOfConsumptionAreNotCommitted) {
  script_.pre_commit_ahead = 100;
  log_.to_consume = {"a"};
  start_task("Sink");
  ASSERT_TRUE(control_.run_until([&] { return put().size() == 1; }));
  stop();
  EXPECT_TRUE(log_.commits.empty());
}

TEST_F(NativeWorkerTest, AFailedPreCommitRewindsToTheLastCommit) {
  log_.to_consume = {"a"};
  script_.fail_pre_commit = true;
  start_task("Sink");
  ASSERT_TRUE(control_.run_until([&] {
    const std::lock_guard lock(log_.mutex);
    return !log_.seeks.empty();
  }));
  EXPECT_EQ(log_.seeks.front(), Offset{0});
  EXPECT_EQ(listener_.task->state, State::Running);
}

TEST_F(NativeWorkerTest, ConnectorErrorsReachTheCallerAndTheStatus) {
  const Properties config{{"name", "c"}, {"connector.class", "test.SourceConnector"}};
  script_.throw_from = "connector.start";
  std::string error;
  worker_->start_connector("c", config, TargetState::Started, [&](Outcome<Done> outcome) {
    try {
      outcome.value();
    } catch (const std::exception& e) {
      error = e.what();
    }
  });
  ASSERT_TRUE(control_.run_until([&] { return !error.empty() && listener_.connector; }));
  EXPECT_EQ(error, "thrown from connector.start");
  EXPECT_EQ(listener_.connector->state, State::Failed);
  EXPECT_FALSE(worker_->is_connector_running("c"));
}

}  // namespace
}  // namespace millrace
