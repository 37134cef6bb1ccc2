// What a sink may ask of its worker beyond Java's interface: settings under other names, headers of dead
// letters, waiting for them, and records of its own.

#include <gmock/gmock.h>

#include <algorithm>

#include "runtime/worker/outbox.h"
#include "tests/unit/worker/worker_fixture.h"

namespace millrace {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class SinkHooksTest : public NativeWorkerTest {
 protected:
  void start_sink(Properties extra = {}) {
    extra.insert({{"errors.tolerance", "all"}, {"errors.deadletterqueue.topic.name", "dlq"}});
    start_task("Sink", std::move(extra));
  }
  bool commits_up_to(int64_t offset) {
    return control_.run_until([&] {
      const std::lock_guard lock(log_.mutex);
      const auto at = log_.committed.find(FakeConsumer::partition());
      return at != log_.committed.end() && raw(at->second) == offset;
    });
  }
  size_t commit_count() {
    const std::lock_guard lock(log_.mutex);
    return log_.commits.size();
  }
  Properties client(const std::string& id) {
    const std::lock_guard lock(log_.mutex);
    const auto at = log_.clients.find(id);
    return at == log_.clients.end() ? Properties{} : at->second;
  }
  void let_go(bool FakeLog::*held) {
    const std::lock_guard lock(log_.mutex);
    log_.*held = false;
    log_.changed.notify_all();
  }
};

TEST_F(SinkHooksTest, TopicsAndClientsAreThoseThatTheConnectorResolvesItsSettingsTo) {
  script_.resolved = {{"topics", "from,settings"},
                      {"consumer.override.group.id", "own"},
                      {"admin.override.retries", "9"}};
  start_sink();
  ASSERT_TRUE(reaches(State::Running));
  const std::lock_guard lock(log_.mutex);
  EXPECT_THAT(log_.subscribed, ElementsAre("from", "settings"));
  EXPECT_EQ(log_.clients.at("connector-consumer-c-0").at("group.id"), "own");
  EXPECT_EQ(log_.clients.at("connector-dlq-adminclient-c-0").at("retries"), "9");
}

TEST_F(SinkHooksTest, WithoutTopicsOfItsOwnThoseOfTheTaskCount) {
  start_sink();
  ASSERT_TRUE(reaches(State::Running));
  const std::lock_guard lock(log_.mutex);
  EXPECT_THAT(log_.subscribed, ElementsAre("topic"));
}

TEST_F(SinkHooksTest, ConvertersOfTheResolvedSettingsTakeThePlaceOfTheWorkers) {
  settings_["value.converter"] = "test.Nobody";
  script_.resolved = {{"value.converter", "org.apache.kafka.connect.storage.StringConverter"}};
  log_.to_consume = {"a"};
  start_sink();
  ASSERT_TRUE(commits_up_to(1));
  EXPECT_THAT(put(), ElementsAre("a"));
}

TEST_F(SinkHooksTest, TheConnectorLimitsABatchUnlessItsConfigurationDoes) {
  settings_["consumer.max.poll.records"] = "9";
  script_.batch_rows = 3;
  log_.to_consume.assign(20, "a");
  const auto largest = [this] {
    const std::lock_guard lock(script_.mutex);
    return script_.put_sizes.empty()
               ? 0
               : *std::max_element(script_.put_sizes.begin(), script_.put_sizes.end());
  };
  start_sink();
  ASSERT_TRUE(commits_up_to(20));
  EXPECT_EQ(largest(), 3);
  stop();
  {
    const std::lock_guard lock(log_.mutex);
    log_.to_consume.assign(20, "a");
  }
  start_sink({{"consumer.override.max.poll.records", "5"}});
  ASSERT_TRUE(commits_up_to(40));
  EXPECT_EQ(largest(), 5);
}

TEST_F(SinkHooksTest, SettingsThatCannotBeResolvedFailTheTask) {
  script_.throw_from = "resolved";
  start_sink();
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace, HasSubstr("thrown from resolved"));
}

TEST_F(SinkHooksTest, OffsetsOverRestAreThoseOfTheResolvedGroup) {
  script_.resolved = {{"admin.override.retries", "9"}};
  std::optional<Outcome<std::vector<JsonPartitionOffset>>> answer;
  worker_->connector_offsets("c", {{"name", "c"}, {"connector.class", "test.SinkConnector"}},
                             [&](auto outcome) { answer = std::move(outcome); });
  ASSERT_TRUE(control_.run_until([&] { return answer.has_value(); }));
  EXPECT_TRUE(answer->ok());
  EXPECT_EQ(client("connector-worker-adminclient-c").at("retries"), "9");
}

TEST_F(SinkHooksTest, HeadersOfAReportComeBehindTheWorkersAndWithoutThemToo) {
  script_.report = "b";
  script_.report_headers = {{"fs.failure.type", "USER_DATA"}, {"fs.failure.type", "again"}};
  for (const bool with_context : {true, false}) {
    SCOPED_TRACE(with_context);
    {
      const std::lock_guard lock(log_.mutex);
      log_.to_consume = {"b"};
      log_.letters.clear();
    }
    start_sink({{"errors.deadletterqueue.context.headers.enable", with_context ? "true" : "false"}});
    ASSERT_TRUE(control_.run_until([&] {
      const std::lock_guard lock(log_.mutex);
      return log_.letters.size() == 1;
    }));
    stop();
    const std::lock_guard lock(log_.mutex);
    const auto& headers = log_.letters[0].headers;
    ASSERT_EQ(headers.size(), with_context ? 12U : 2U);
    EXPECT_THAT(headers[headers.size() - 2], Pair("fs.failure.type", "USER_DATA"));
    EXPECT_THAT(headers.back(), Pair("fs.failure.type", "again"));
  }
}

TEST_F(SinkHooksTest, ATaskWaitsForWhatItReported) {
  script_.report = "b";
  script_.await_reported = 2000;
  log_.to_consume = {"a", "b"};
  start_sink();
  ASSERT_TRUE(commits_up_to(2));
  EXPECT_GT(script_.awaited, 0);
  EXPECT_EQ(script_.not_awaited, 0);
}

TEST_F(SinkHooksTest, AWaitForReportsEndsAfterItsTime) {
  script_.report = "b";
  script_.await_reported = 1;
  log_.hold_letters = true;
  log_.to_consume = {"b"};
  start_sink();
  ASSERT_TRUE(control_.run_until([&] { return script_.not_awaited > 0; }));
  let_go(&FakeLog::hold_letters);
  ASSERT_TRUE(commits_up_to(1));
}

TEST_F(SinkHooksTest, AWaitForALetterThatFailedFailsTheTask) {
  script_.report = "b";
  script_.await_reported = 2000;
  log_.fail_letters = true;
  log_.to_consume = {"b"};
  start_sink();
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace, HasSubstr("Could not produce message to dead letter queue"));
  EXPECT_EQ(commit_count(), 0U);
}

TEST_F(SinkHooksTest, WithoutAQueueThereIsNothingToWaitFor) {
  script_.await_reported = 2000;
  log_.to_consume = {"b"};
  start_task("Sink", {});
  ASSERT_TRUE(commits_up_to(1));
  EXPECT_GT(script_.awaited, 0);
}

TEST_F(SinkHooksTest, LiveRowsOfATasksOwnBatchAreWrittenByItsProducer) {
  script_.send = "b";
  log_.to_consume = {"a", "b", "bb"};
  start_sink({{"producer.override.linger.ms", "8"}});
  ASSERT_TRUE(commits_up_to(3));
  EXPECT_THAT(log_.written_now(), ElementsAre("about b", "about bb"));
  EXPECT_EQ(client("connector-producer-c-0").at("linger.ms"), "8");
  EXPECT_THAT(put(), ElementsAre("a", "b", "bb"));
}

TEST_F(SinkHooksTest, ATaskThatSendsNothingHasNoProducer) {
  log_.to_consume = {"a"};
  start_sink();
  ASSERT_TRUE(commits_up_to(1));
  EXPECT_THAT(client("connector-producer-c-0"), IsEmpty());
}

TEST_F(SinkHooksTest, OffsetsWaitForWhatTheTaskHasSent) {
  WorkerLimits limits;
  limits.offset_flush_interval = 1ms;
  limits.offset_flush_timeout = 5ms;
  limits.graceful_shutdown = 3000ms;
  make(limits);
  script_.send = "b";
  log_.hold_acks = true;
  log_.to_consume = {"b"};
  start_sink();
  ASSERT_TRUE(control_.run_until([&] { return put().size() == 1; }));
  stop();
  EXPECT_EQ(commit_count(), 0U);
}

TEST_F(SinkHooksTest, ARecordThatCannotBeSentFailsTheTaskAndCommitsNothing) {
  script_.send = "b";
  log_.fail_sends = true;
  log_.to_consume = {"b"};
  start_sink();
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_THAT(listener_.task->trace,
              HasSubstr("Could not produce a record of the task. topic=told\n"
                        "Caused by: org.apache.kafka.common.KafkaException: the log said no"));
  EXPECT_EQ(commit_count(), 0U);
}

TEST_F(SinkHooksTest, MoreThanMayWaitIsSentAllTheSame) {
  script_.send = "b";
  constexpr size_t kCount = 2 * Outbox::kMaxRecords + 100;
  log_.to_consume.assign(kCount, "b");
  start_sink();
  ASSERT_TRUE(commits_up_to(kCount));
  EXPECT_EQ(log_.written_now().size(), kCount);
}

}  // namespace
}  // namespace millrace
