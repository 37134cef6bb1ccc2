#include "runtime/storage/broker_topic_log.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/unit/storage/topic_log_support.h"

namespace millrace::testing {
namespace {

using ::testing::HasSubstr;

std::map<std::string, Text> latest(const std::vector<LogUnderTest::Read>& records) {
  std::map<std::string, Text> values;
  for (const auto& record : records) values[record.key.value_or("null")] = record.value;
  return values;
}

TEST_F(TopicLogTest, MakesTheTopicAndReadsBackWhatItWrote) {
  const auto log = open(topic("offsets", 3));
  ASSERT_EQ(log->wait(log->start()), "");
  EXPECT_EQ(admin->topic_config("offsets", Millis{0})->at("cleanup.policy"), "compact");
  const std::string name = "offsets";
  EXPECT_EQ(admin->describe_topics(std::span(&name, 1), Millis{0}).at(name), 3);

  for (int i = 0; i < 100; ++i) log->append("key" + std::to_string(i % 10), std::to_string(i));
  ASSERT_EQ(log->wait(log->append("key3", std::nullopt)), "");
  ASSERT_EQ(log->wait(log->append("empty", "")), "");
  ASSERT_EQ(log->wait(log->read_to_end()), "");

  const auto records = log->read();
  ASSERT_EQ(records.size(), 102U);
  EXPECT_EQ(latest(records).at("key9"), "99");
  EXPECT_EQ(latest(records).at("key3"), std::nullopt);
  EXPECT_EQ(latest(records).at("empty"), "");
  std::map<int32_t, int64_t> next;
  std::map<std::string, std::set<int32_t>> partitions;
  std::map<std::string, int> last;
  for (const auto& record : records) {
    EXPECT_EQ(record.offset, next[record.partition]++);
    partitions[*record.key].insert(record.partition);
    if (!record.value || record.value->empty()) continue;
    EXPECT_GE(std::stoi(*record.value), last[*record.key]);  // appends of a key keep their order
    last[*record.key] = std::stoi(*record.value);
  }
  for (const auto& [key, of] : partitions) EXPECT_EQ(of.size(), 1U) << key;
  EXPECT_EQ(next.size(), 3U);
}

TEST_F(TopicLogTest, SeesWhatAnotherWorkerWrote) {
  const auto first = open(topic("offsets", 5));
  const auto second = open(topic("offsets", 5));
  ASSERT_EQ(first->wait(first->start()), "");
  ASSERT_EQ(second->wait(second->start()), "");
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(first->wait(first->append("k" + std::to_string(i), "v")), "");
    ASSERT_EQ(second->wait(second->read_to_end()), "");
    ASSERT_EQ(second->read().size(), static_cast<size_t>(i + 1));
  }
}

TEST_F(TopicLogTest, ReadsEverythingAfterARestart) {
  constexpr int kRecords = 20'000;
  {
    const auto log = open(topic("offsets", 4));
    ASSERT_EQ(log->wait(log->start()), "");
    for (int i = 0; i + 1 < kRecords; ++i) log->append(std::to_string(i), std::string(50, 'x'));
    LogUnderTest::Answer last = log->append("last", "one");
    ASSERT_EQ(log->wait(std::move(last)), "");
    ASSERT_EQ(log->wait(log->read_to_end()), "");
    EXPECT_EQ(log->read().size(), static_cast<size_t>(kRecords));
  }
  const auto again = open(topic("offsets", 4));
  ASSERT_EQ(again->wait(again->start()), "");
  EXPECT_EQ(latest(again->read()).size(), static_cast<size_t>(kRecords));
}

TEST_F(TopicLogTest, HoldsBackWhileTheControlThreadIsBusy) {
  constexpr int kRecords = 60'000;
  {
    const auto log = open(topic("offsets", 1));
    ASSERT_EQ(log->wait(log->start()), "");
    for (int i = 0; i < kRecords; ++i) log->append(std::to_string(i), "v");
    ASSERT_EQ(log->wait(log->append("last", "v")), "");
  }
  const auto again = open(topic("offsets", 1));
  auto caught_up = again->start();
  // More than all batches that may be on their way hold, so the reader must come to its limit.
  static_assert(kRecords > TopicReader::kMaxBatches * TopicReader::kBatchRows);
  again->control.call([&] {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (again->control.waiting() < TopicReader::kMaxBatches &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    EXPECT_LE(again->control.waiting(), TopicReader::kMaxBatches + 1);  // and a report of progress
  });
  ASSERT_EQ(again->wait(std::move(caught_up)), "");
  EXPECT_EQ(again->read().size(), static_cast<size_t>(kRecords + 1));
}

TEST_F(TopicLogTest, RefusesATopicThatIsNotCompacted) {
  broker->make_admin({})->create_topic({"offsets", 1, 1, {{"cleanup.policy", "delete"}}}, {});
  const auto log = open(topic("offsets", 1));
  const std::string wanted =
      "org.apache.kafka.common.config.ConfigException: Topic 'offsets' supplied via the "
      "'offset.storage.topic' property is required to have 'cleanup.policy=compact' to guarantee "
      "consistency and durability of source connector offsets, but found the topic currently has "
      "'cleanup.policy=delete'. Continuing would likely result in eventually losing source "
      "connector offsets and problems restarting this Connect cluster in the future. Change the "
      "'offset.storage.topic' property in the Connect worker configurations to use a topic with "
      "'cleanup.policy=compact'.";
  EXPECT_EQ(log->wait(log->start()), wanted);
  EXPECT_EQ(log->wait(log->append("k", "v")), wanted);
  EXPECT_EQ(log->wait(log->read_to_end()), wanted);
}

TEST_F(TopicLogTest, RefusesSeveralPartitionsWhereOneIsNeeded) {
  broker->make_admin({})->create_topic({"configs", 2, 1, {{"cleanup.policy", "compact"}}}, {});
  InternalTopic wanted = topic("configs", 1);
  wanted.property = "config.storage.topic";
  wanted.purpose = "connector configurations";
  wanted.needs_single_partition = true;
  const auto log = open(wanted);
  EXPECT_EQ(log->wait(log->start()),
            "org.apache.kafka.common.config.ConfigException: Topic 'configs' supplied via the "
            "'config.storage.topic' property is required to have a single partition in order to "
            "guarantee consistency of connector configurations, but found 2 partitions.");
}

TEST_F(TopicLogTest, TriesAgainWhileBrokersAreMissing) {
  admin->set({.create = {KafkaException("x (INVALID_REPLICATION_FACTOR)"), TimeoutException("y")},
              .describe = {TimeoutException("z")},
              .ends = {TimeoutException("a"), RetriableException("no leader")}});
  const auto log = open(topic("offsets", 1), {.retry_wait = Millis{1}});
  ASSERT_EQ(log->wait(log->start()), "");
  ASSERT_EQ(log->wait(log->append("k", "v")), "");
  admin->set({.ends = {TimeoutException("a"), RetriableException("no leader")}});
  ASSERT_EQ(log->wait(log->read_to_end()), "");
  EXPECT_EQ(log->read().size(), 1U);
}

TEST_F(TopicLogTest, SaysThatBrokersCannotBeReached) {
  admin->set({.create = std::vector<Error>(1000, TimeoutException("no answer within 3000 ms"))});
  const auto log =
      open(topic("offsets", 1), {.create = Millis{20}, .retry_wait = Millis{1}});
  EXPECT_EQ(log->wait(log->start()),
            "org.apache.kafka.connect.errors.ConnectException: Error while attempting to "
            "create/find topic offsets (offset.storage.topic): check bootstrap.servers and the "
            "settings with the same prefix\nCaused by: "
            "org.apache.kafka.common.errors.TimeoutException: no answer within 3000 ms");
}

TEST_F(TopicLogTest, GoesOnWithoutTheRightToMakeOrDescribeTopics) {
  const Error refused(ErrorKind::Authorization, "no");
  broker->make_admin({})->create_topic({"offsets", 1, 1, {{"cleanup.policy", "delete"}}}, {});
  admin->set({.create = {refused}, .config = {refused}});
  const auto log = open(topic("offsets", 1));
  EXPECT_EQ(log->wait(log->start()), "");
}

TEST_F(TopicLogTest, ReportsRefusalsOfWhatIsNeededAndRecovers) {
  const auto log = open(topic("offsets", 1));
  ASSERT_EQ(log->wait(log->start()), "");
  admin->set({.ends = {Error(ErrorKind::Authorization, "reading the ends: refused")}});
  EXPECT_EQ(log->wait(log->read_to_end()),
            "org.apache.kafka.connect.errors.ConnectException: Error while using topic offsets "
            "(offset.storage.topic): check the permissions on it and the worker's connection to the "
            "brokers\nCaused by: org.apache.kafka.common.errors.AuthorizationException: reading the "
            "ends: refused");
  EXPECT_EQ(log->wait(log->read_to_end()), "");
}

TEST_F(TopicLogTest, SaysThatTheTopicWasDeleted) {
  const auto log = open(topic("offsets", 2), {.retry_wait = Millis{10}});
  ASSERT_EQ(log->wait(log->start()), "");
  admin->set({.no_ends = true});
  EXPECT_EQ(log->wait(log->read_to_end()),
            "org.apache.kafka.connect.errors.ConnectException: topic offsets "
            "(offset.storage.topic) does not exist any more, or has fewer partitions than at the "
            "start: somebody deleted it; restart all workers to make it anew, without the source "
            "connector offsets it held");
  admin->set({});
  EXPECT_EQ(log->wait(log->read_to_end()), "");
}

TEST_F(TopicLogTest, AnswersWhatIsOpenWhenItStops) {
  const auto log = open(topic("offsets", 1), {.retry_wait = Millis{1}});
  ASSERT_EQ(log->wait(log->start()), "");
  admin->set({.ends = std::vector<Error>(100'000, TimeoutException("away"))});
  auto open_read = log->read_to_end();
  log->control.call([&] { log->log->stop(); });
  EXPECT_EQ(log->wait(std::move(open_read)),
            "org.apache.kafka.connect.errors.ConnectException: topic offsets "
            "(offset.storage.topic) is stopped");
  EXPECT_THAT(log->wait(log->append("k", "v")), HasSubstr("is stopped"));
  EXPECT_THAT(log->wait(log->read_to_end()), HasSubstr("is stopped"));
}

TEST_F(TopicLogTest, EndsBeforeItsTopicIsMade) {
  admin->set({.create = std::vector<Error>(100'000, TimeoutException("away"))});
  const auto log = open(topic("offsets", 1), {.retry_wait = Millis{1}});
  auto started = log->start();
  auto appended = log->append("k", "v");
  log->control.call([&] { log->log->stop(); });
  EXPECT_THAT(log->wait(std::move(started)), HasSubstr("is stopped"));
  EXPECT_THAT(log->wait(std::move(appended)), HasSubstr("is stopped"));
}

TEST_F(TopicLogTest, WritesOnAfterWritesWereAbandoned) {
  admin->set({.create = std::vector<Error>(100'000, TimeoutException("away"))});
  const auto log = open(topic("offsets", 1), {.retry_wait = Millis{1}});
  auto started = log->start();
  auto waiting = log->append("waiting", "v");
  log->control.call([&] { log->log->abandon_writes(); });
  admin->set({});
  ASSERT_EQ(log->wait(std::move(started)), "");
  EXPECT_EQ(log->wait(std::move(waiting)),
            "org.apache.kafka.connect.errors.ConnectException: writing to topic offsets "
            "(offset.storage.topic): given up, since another worker may write these keys by now");
  for (int round = 0; round < 100; ++round) {
    const std::string number = std::to_string(round);
    auto before = log->append("before", number);
    log->control.call([&] { log->log->abandon_writes(); });
    ASSERT_EQ(log->wait(log->append("after", number)), "");
    const std::string outcome = log->wait(std::move(before));  // a matter of time
    EXPECT_TRUE(outcome.empty() || outcome.ends_with("by now")) << outcome;
  }
  ASSERT_EQ(log->wait(log->read_to_end()), "");
  const auto values = latest(log->read());
  EXPECT_EQ(values.at("after"), "99");
  EXPECT_FALSE(values.contains("waiting"));
}

TEST_F(TopicLogTest, ReportsARecordThatIsTooLarge) {
  const auto log = open(topic("offsets", 1));
  ASSERT_EQ(log->wait(log->start()), "");
  auto large = log->append("k", std::string(2'000'000, 'x'));
  auto small = log->append("k", "v");
  EXPECT_THAT(log->wait(std::move(large)),
              HasSubstr("RecordTooLargeException: writing to topic offsets "
                        "(offset.storage.topic): "));
  EXPECT_EQ(log->wait(std::move(small)), "");
}

}  // namespace
}  // namespace millrace::testing
