#include "runtime/worker/dead_letter_queue.h"

#include <gmock/gmock.h>

#include "tests/unit/worker/worker_fixture.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class DeadLetterQueueTest : public NativeWorkerTest {
 protected:
  void start_sink(Properties extra = {}) {
    Properties config{{"errors.tolerance", "all"},
                      {"errors.deadletterqueue.topic.name", "dlq"},
                      {"errors.deadletterqueue.context.headers.enable", "true"}};
    for (const auto& [key, value] : extra) config[key] = value;
    start_task("Sink", config);
  }
  std::vector<FakeLetter> letters() {
    const std::lock_guard lock(log_.mutex);
    return log_.letters;
  }
  std::vector<OffsetMap> commits() {
    const std::lock_guard lock(log_.mutex);
    return log_.commits;
  }
  bool commits_up_to(int64_t offset) {
    return control_.run_until([&] {
      const std::lock_guard lock(log_.mutex);
      const auto at = log_.committed.find(FakeConsumer::partition());
      return at != log_.committed.end() && raw(at->second) == offset;
    });
  }
};

TEST_F(DeadLetterQueueTest, ARejectedRowGoesToTheQueueWithItsContext) {
  script_.reject = "b";
  log_.to_consume = {"a", "b", "c"};
  start_sink();
  ASSERT_TRUE(commits_up_to(3));
  ASSERT_EQ(letters().size(), 1U);
  const FakeLetter letter = letters().front();
  EXPECT_EQ(letter.topic, "dlq");
  EXPECT_EQ(letter.value, "b");
  EXPECT_EQ(letter.timestamp, 1001);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"__connect.errors.topic", "topic"},
      {"__connect.errors.partition", "0"},
      {"__connect.errors.offset", "1"},
      {"__connect.errors.connector.name", "c"},
      {"__connect.errors.task.id", "0"},
      {"__connect.errors.stage", "TASK_PUT"},
      {"__connect.errors.class.name", "org.apache.kafka.connect.sink.SinkTask"},
      {"__connect.errors.exception.class.name", "org.apache.kafka.connect.errors.DataException"},
      {"__connect.errors.exception.message", "unwanted"},
      {"__connect.errors.exception.stacktrace",
       "org.apache.kafka.connect.errors.DataException: unwanted"}};
  EXPECT_EQ(letter.headers, expected);
}

TEST_F(DeadLetterQueueTest, TheTopicIsMadeWithOnePartitionThroughItsOwnClients) {
  settings_["producer.linger.ms"] = "7";
  start_sink({{"errors.deadletterqueue.topic.replication.factor", "2"},
              {"producer.override.linger.ms", "8"},
              {"admin.override.retries", "9"}});
  ASSERT_TRUE(reaches(State::Running));
  const std::lock_guard lock(log_.mutex);
  ASSERT_EQ(log_.created.size(), 1U);
  EXPECT_EQ(log_.created[0].name, "dlq");
  EXPECT_EQ(log_.created[0].partitions, 1);
  EXPECT_EQ(log_.created[0].replication_factor, 2);
  EXPECT_EQ(log_.clients.at("connector-dlq-producer-c-0").at("linger.ms"), "8");
  EXPECT_EQ(log_.clients.at("connector-dlq-producer-c-0").at("acks"), "all");
  EXPECT_EQ(log_.clients.at("connector-dlq-adminclient-c-0").at("retries"), "9");
}

TEST_F(DeadLetterQueueTest, ATopicThatExistsIsLeftAlone) {
  log_.topics["dlq"] = {"dlq", 4, 1};
  start_sink();
  ASSERT_TRUE(reaches(State::Running));
  const std::lock_guard lock(log_.mutex);
  EXPECT_TRUE(log_.created.empty());
}

TEST_F(DeadLetterQueueTest, ATopicThatCannotBeMadeFailsTheTaskBeforeItStarts) {
  log_.create_error = ErrorKind::Kafka;
  script_.throw_from = "start";  // must not come so far
  start_sink();
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace,
              HasSubstr("ConnectException: Could not initialize dead letter queue with topic=dlq\n"
                        "Caused by: org.apache.kafka.common.KafkaException: the log said no"));
}

TEST_F(DeadLetterQueueTest, OffsetsWaitForTheLettersTheyCover) {
  script_.reject = "b";
  log_.hold_letters = true;
  log_.to_consume = {"a", "b", "c"};
  start_sink();
  ASSERT_TRUE(control_.run_until([&] { return log_.waits_for_letters > 0; }));
  EXPECT_THAT(commits(), IsEmpty());
  {
    const std::lock_guard lock(log_.mutex);
    log_.hold_letters = false;
    log_.changed.notify_all();
  }
  ASSERT_TRUE(commits_up_to(3));
  EXPECT_EQ(letters().size(), 1U);
}

TEST_F(DeadLetterQueueTest, TheWaitForLettersEndsAndNothingIsCommitted) {
  WorkerLimits limits;
  limits.offset_flush_interval = 5ms;
  limits.offset_flush_timeout = 5ms;
  limits.graceful_shutdown = 3000ms;
  make(limits);
  script_.reject = "b";
  log_.hold_letters = true;
  log_.to_consume = {"a", "b", "c"};
  start_sink();
  ASSERT_TRUE(control_.run_until([&] { return log_.waits_for_letters > 3; }));
  EXPECT_EQ(listener_.task->state, State::Running);
  stop();
  EXPECT_THAT(commits(), IsEmpty());
}

TEST_F(DeadLetterQueueTest, ALetterThatCannotBeWrittenFailsTheTaskAndCommitsNothing) {
  script_.reject = "b";
  log_.fail_letters = true;
  log_.to_consume = {"a", "b", "c"};
  start_sink();
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace,
              HasSubstr("Could not produce message to dead letter queue. topic=dlq\n"
                        "Caused by: org.apache.kafka.common.KafkaException: the log said no"));
  EXPECT_THAT(commits(), IsEmpty());
}

TEST_F(DeadLetterQueueTest, WithoutToleranceTheLetterIsWrittenAndTheTaskFails) {
  script_.reject = "b";
  log_.to_consume = {"a", "b", "c"};
  start_sink({{"errors.tolerance", "none"}});
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace, HasSubstr("Tolerance exceeded in error handler"));
  EXPECT_THAT(commits(), IsEmpty());
}

TEST_F(DeadLetterQueueTest, MoreLettersThanFitWaitForRoom) {
  script_.reject = "bad";
  constexpr size_t kCount = 2 * Outbox::kMaxRecords + 100;
  log_.to_consume.assign(kCount, "bad");
  start_sink({{"errors.deadletterqueue.context.headers.enable", "false"}});
  ASSERT_TRUE(commits_up_to(kCount));
  EXPECT_EQ(letters().size(), kCount);
  EXPECT_THAT(letters().front().headers, IsEmpty());
  EXPECT_EQ(letters().back().timestamp, 1000 + static_cast<int64_t>(kCount) - 1);
}

TEST_F(DeadLetterQueueTest, AStopEndsTheWaitForRoomAndNothingIsCommitted) {
  WorkerLimits limits;
  limits.offset_flush_interval = 60s;  // so that only the missing room makes it wait
  limits.offset_flush_timeout = 5ms;
  limits.graceful_shutdown = 3000ms;
  make(limits);
  script_.reject = "bad";
  log_.hold_letters = true;
  log_.to_consume.assign(Outbox::kMaxRecords + 1, "bad");
  start_sink();
  ASSERT_TRUE(control_.run_until([&] { return log_.waits_for_letters > 0; }));
  stop();
  EXPECT_EQ(worker_->abandoned_tasks(), 0U);
  EXPECT_THAT(commits(), IsEmpty());
}

// WorkerErrantRecordReporter exists with a queue or with errors.log.enable.
TEST_F(DeadLetterQueueTest, TheReporterIsThereWhenSomethingListens) {
  const std::vector<std::pair<Properties, bool>> cases = {
      {{}, false},
      {{{"errors.tolerance", "all"}}, false},
      {{{"errors.deadletterqueue.topic.name", ""}}, false},
      {{{"errors.log.enable", "true"}}, true},
      {{{"errors.deadletterqueue.topic.name", "dlq"}}, true}};
  for (const auto& [config, expected] : cases) {
    listener_.task.reset();
    start_task("Sink", config);
    ASSERT_TRUE(reaches(State::Running));
    stop();
    EXPECT_EQ(script_.has_reporter, expected) << testing::PrintToString(config);
  }
}

TEST_F(DeadLetterQueueTest, AReportedRowGoesToTheQueueAndIsCommitted) {
  script_.report = "b";
  log_.to_consume = {"a", "b"};
  start_sink();
  ASSERT_TRUE(commits_up_to(2));
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].value, "b");
  EXPECT_EQ(letters()[0].headers[5].second, "TASK_PUT");
  EXPECT_EQ(letters()[0].headers[8].second, "errant");
}

TEST_F(DeadLetterQueueTest, ARowTheTaskMadeItselfIsConvertedForTheQueue) {
  script_.report = "b";
  script_.report_copy = true;
  log_.to_consume = {"b"};
  start_sink();
  ASSERT_TRUE(commits_up_to(1));
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].value, "made by the task");
  EXPECT_EQ(letters()[0].headers[0].second, "elsewhere");
}

TEST_F(DeadLetterQueueTest, AReportWithoutToleranceFailsTheTaskEvenIfTheTaskCatchesIt) {
  for (const bool caught : {false, true}) {
    SCOPED_TRACE(caught);
    listener_.task.reset();
    script_.report = "b";
    script_.catch_report = caught;
    {
      const std::lock_guard lock(log_.mutex);
      log_.to_consume = {"b"};
    }
    start_sink({{"errors.tolerance", "none"}});
    ASSERT_TRUE(reaches(State::Failed));
    EXPECT_THAT(listener_.task->trace, HasSubstr("Tolerance exceeded in error handler\n"
                                                 "\tat TASK_PUT(org.apache.kafka.connect.sink."
                                                 "SinkTask) of topic topic partition 0 offset "
                                                 + std::to_string(caught ? 1 : 0) + "\nCaused by: org.apache.kafka.connect.errors."
                                                 "DataException: errant"));
    EXPECT_THAT(commits(), IsEmpty());
    stop();
  }
}

class SourceLettersTest : public DeadLetterQueueTest {
 protected:
  void start_source(Properties extra = {}) {
    script_.records = 3;
    Properties config{{"errors.tolerance", "all"},
                      {"millrace.errors.deadletterqueue.topic.name", "dlq"},
                      {"transforms", "t"},
                      {"transforms.t.type", "test.PickyTransformation"}};
    for (const auto& [key, value] : extra) config[key] = value;
    start_task("Source", config);
  }
  bool offset_is(const char* offset) {
    return control_.run_until([&] { return offsets_.get(kKey) == offset; });
  }
  void let_letters_go() {
    const std::lock_guard lock(log_.mutex);
    log_.hold_letters = false;
    log_.changed.notify_all();
  }

  static constexpr const char* kKey = R"(["c",{"p":0}])";
};

TEST_F(SourceLettersTest, ALetterIsTheRecordBeforeTransformationsWithItsPlace) {
  script_.values = {"a", "T!", "c"};
  start_source();
  ASSERT_TRUE(offset_is(R"({"o":2})"));
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].value, R"({"schema":null,"payload":"T!"})");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"__connect.errors.topic", "topic"},
      {"__millrace.errors.source.partition", R"({"p":0})"},
      {"__millrace.errors.source.offset", R"({"o":1})"},
      {"__connect.errors.connector.name", "c"},
      {"__connect.errors.task.id", "0"},
      {"__connect.errors.stage", "TRANSFORMATION"},
      {"__connect.errors.class.name", "test.PickyTransformation"},
      {"__connect.errors.exception.class.name", "org.apache.kafka.connect.errors.DataException"},
      {"__connect.errors.exception.message", "unfit"},
      {"__connect.errors.exception.stacktrace",
       "org.apache.kafka.connect.errors.DataException: unfit"}};
  EXPECT_EQ(letters()[0].headers, expected);
  EXPECT_EQ(log_.written_now(), (std::vector<std::string>{"a", "c"}));
}

TEST_F(SourceLettersTest, RowsTheTaskCannotReadAreLettersToo) {
  script_.values = {"E!", "P!", "c"};
  script_.report = "E!";
  script_.reject = "P!";
  start_source();
  ASSERT_TRUE(offset_is(R"({"o":2})"));
  ASSERT_EQ(letters().size(), 2U);
  for (const FakeLetter& letter : letters()) {
    EXPECT_EQ(letter.headers[5].second, "TASK_POLL");
    EXPECT_EQ(letter.headers[6].second, "org.apache.kafka.connect.source.SourceTask");
  }
  EXPECT_EQ(letters()[0].headers[8].second, "errant");
  EXPECT_EQ(letters()[1].headers[8].second, "unwanted");
}

TEST_F(SourceLettersTest, WhatTheLogRefusedIsALetterWithItsBytes) {
  script_.values = {"a", "K!", "c"};
  log_.fail_value = "K!";
  start_source();
  ASSERT_TRUE(offset_is(R"({"o":2})"));
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].value, "K!");
  EXPECT_EQ(letters()[0].headers[0].second, "renamed");
  EXPECT_EQ(letters()[0].headers[5].second, "KAFKA_PRODUCE");
  EXPECT_EQ(letters()[0].headers[6].second,
            "org.apache.kafka.connect.runtime.WorkerSourceTask");
}

TEST_F(SourceLettersTest, OffsetsAndTheTaskWaitForTheLetter) {
  script_.values = {"a", "T!", "c"};
  log_.hold_letters = true;
  start_source();
  ASSERT_TRUE(control_.run_until([&] { return log_.waits_for_letters > 0; }));
  EXPECT_EQ(offsets_.get(kKey), std::nullopt);
  EXPECT_EQ(script_.batches_done, 0);
  let_letters_go();
  ASSERT_TRUE(offset_is(R"({"o":2})"));
  stop();
  EXPECT_EQ(script_.batches_done, 1);
  EXPECT_EQ(log_.written_now(), (std::vector<std::string>{"a", "c"}));
}

TEST_F(SourceLettersTest, ATailOfLettersIsNotReadAgain) {
  script_.values = {"a", "b", "T!"};
  start_source();
  EXPECT_TRUE(offset_is(R"({"o":2})"));
}

TEST_F(SourceLettersTest, AStopWithoutTheLetterCommitsNothing) {
  WorkerLimits limits;
  limits.offset_flush_interval = 60s;
  limits.offset_flush_timeout = 5ms;
  limits.graceful_shutdown = 3000ms;
  make(limits);
  script_.values = {"T!", "b", "c"};
  log_.hold_letters = true;
  start_source();
  ASSERT_TRUE(control_.run_until([&] { return log_.written_now().size() == 2; }));
  stop();
  EXPECT_EQ(offsets_.get(kKey), std::nullopt);
}

TEST_F(SourceLettersTest, ALetterThatCannotBeWrittenFailsTheTask) {
  script_.values = {"a", "T!", "c"};
  log_.fail_letters = true;
  start_source();
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace, HasSubstr("Could not produce message to dead letter queue"));
  stop();
  EXPECT_EQ(offsets_.get(kKey), std::nullopt);
}

TEST_F(SourceLettersTest, AWrongSettingFailsTheTaskAndNamesItsKey) {
  start_source({{"millrace.errors.deadletterqueue.topic.replication.factor", "many"}});
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace, HasSubstr("in the keys that begin with millrace.: Invalid "
                                               "value many for configuration errors."
                                               "deadletterqueue.topic.replication.factor"));
}

TEST_F(SourceLettersTest, TheReporterIsThereWhenSomethingListens) {
  const std::vector<std::pair<Properties, bool>> cases = {
      {{}, false},
      {{{"errors.deadletterqueue.topic.name", "dlq"}}, false},
      {{{"errors.log.enable", "true"}}, true},
      {{{"millrace.errors.deadletterqueue.topic.name", "dlq"}}, true}};
  for (const auto& [config, expected] : cases) {
    listener_.task.reset();
    start_task("Source", config);
    ASSERT_TRUE(reaches(State::Running));
    stop();
    EXPECT_EQ(script_.has_reporter, expected) << testing::PrintToString(config);
  }
}

}  // namespace
}  // namespace millrace
