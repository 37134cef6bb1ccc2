#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/broker/kafka_clients.h"
#include "tests/unit/broker/kafka_mock.h"

namespace millrace::kafka::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class KafkaConsumerTest : public ::testing::Test {
 protected:
  void SetUp() override { mock.create("t", 1); }

  void produce(int count, const std::string& topic = "t") {
    TestProducer producer(mock.producer());
    std::vector<TestRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({.topic = topic, .value = std::to_string(i), .partition = 0});
    }
    producer.send_all(records);
  }

  const TopicPartition t0{"t", 0};
  MockCluster mock;
};

TEST_F(KafkaConsumerTest, RoundTripKeepsEveryField) {
  const std::vector<TestRecord> sent = {
      {.topic = "t", .key = "k", .value = "v", .partition = 0, .timestamp = 1234567890123},
      {.topic = "t", .value = {}, .partition = 0, .timestamp = 5},
      {.topic = "t", .key = "", .value = "", .partition = 0, .timestamp = 6,
       .headers = {{"a", "1"}, {"a", "2"}, {"null", {}}, {"empty", ""}, {"", "x"}}},
  };
  TestProducer producer(mock.producer());
  producer.send_all(sent);
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  ASSERT_TRUE(consumer.await(3));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(consumer.records[i].key, sent[i].key);
    EXPECT_EQ(consumer.records[i].value, sent[i].value);
    EXPECT_EQ(consumer.records[i].timestamp, sent[i].timestamp);
    EXPECT_EQ(consumer.records[i].headers, sent[i].headers);
    EXPECT_EQ(consumer.records[i].offset, static_cast<int64_t>(i));
  }
}

TEST_F(KafkaConsumerTest, PollReturnsWithWhatThereIs) {
  produce(3);
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  RecordBatch batch(500);
  const auto start = Clock::now();
  consumer.client.poll(batch, kPatience);
  EXPECT_GE(batch.size(), 1U);
  EXPECT_LT(Clock::now() - start, kPatience / 2) << "it must not wait for a full batch";
}

TEST_F(KafkaConsumerTest, PollAddsAtMostTheLimitAndLosesNothing) {
  produce(50);
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  int64_t next = 0;
  EXPECT_TRUE(eventually([&] {
    RecordBatch batch(7);
    consumer.client.poll(batch, Millis{100});
    EXPECT_LE(batch.size(), 7U);
    for (const Record& row : batch.records()) EXPECT_EQ(row.offset, next++);
    return next == 50;
  }));
}

TEST_F(KafkaConsumerTest, ATimeoutAndAWakeupEndAPoll) {
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  ASSERT_TRUE(consumer.await_owned(1));
  consumer.poll(Millis{20});
  consumer.client.wakeup();
  auto start = Clock::now();
  consumer.poll(kPatience);
  EXPECT_LT(Clock::now() - start, kPatience / 2);
  std::jthread waker([&] { consumer.client.wakeup(); });
  start = Clock::now();
  consumer.poll(kPatience);
  EXPECT_LT(Clock::now() - start, kPatience / 2);
}

TEST_F(KafkaConsumerTest, PositionsAreResolvedBeforeTheListenerHears) {
  produce(9);
  {
    TestConsumer consumer(mock.consumer("earliest"));
    consumer.client.subscribe({"t"}, consumer);
    ASSERT_TRUE(consumer.await_owned(1));
    EXPECT_EQ(consumer.owned.at(t0), Offset{0});
    consumer.client.commit_sync({{t0, Offset{4}}}, kPatience);
  }
  TestConsumer again(mock.consumer("earliest"));
  again.client.subscribe({"t"}, again);
  ASSERT_TRUE(again.await(1));
  EXPECT_EQ(again.owned.at(t0), Offset{4});
  EXPECT_EQ(again.records[0].offset, 4);
  TestConsumer latest(mock.consumer("latest", {{"auto.offset.reset", "latest"}}));
  latest.client.subscribe({"t"}, latest);
  ASSERT_TRUE(latest.await_owned(1));
  EXPECT_EQ(latest.owned.at(t0), Offset{9});
}

TEST_F(KafkaConsumerTest, WithoutAResetPolicyAMissingOffsetFails) {
  TestConsumer consumer(mock.consumer("none", {{"auto.offset.reset", "none"}}));
  consumer.client.subscribe({"t"}, consumer);
  EXPECT_THROW(
      {
        try {
          consumer.await_owned(1);
        } catch (const KafkaException& error) {
          EXPECT_THAT(error.what(), HasSubstr("t-0"));
          throw;
        }
      },
      KafkaException);
  EXPECT_TRUE(consumer.events.empty());
}

TEST_F(KafkaConsumerTest, SeekAndPauseInTheListenerArePartOfTheAssignment) {
  produce(10);
  TestConsumer consumer(mock.consumer("g"));
  consumer.assigned_hook = [&](const OffsetMap&) {
    consumer.client.seek(t0, Offset{6});
    consumer.client.pause(std::span(&t0, 1));
  };
  consumer.client.subscribe({"t"}, consumer);
  ASSERT_TRUE(consumer.await_owned(1));
  for (int i = 0; i < 5; ++i) consumer.poll(Millis{50});
  EXPECT_TRUE(consumer.records.empty());
  consumer.client.resume(std::span(&t0, 1));
  ASSERT_TRUE(consumer.await(4));
  EXPECT_EQ(consumer.records[0].offset, 6);
}

TEST_F(KafkaConsumerTest, SeekRewindsAndPauseHolds) {
  produce(10);
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  ASSERT_TRUE(consumer.await(10));
  consumer.records.clear();
  consumer.client.pause(std::span(&t0, 1));
  consumer.client.seek(t0, Offset{3});
  for (int i = 0; i < 5; ++i) consumer.poll(Millis{30});
  EXPECT_TRUE(consumer.records.empty());
  consumer.client.resume(std::span(&t0, 1));
  ASSERT_TRUE(consumer.await(7));
  EXPECT_EQ(consumer.records[0].offset, 3);
  EXPECT_EQ(consumer.records.size(), 7U);
}

TEST_F(KafkaConsumerTest, AsynchronousCommitsCallBackInPoll) {
  produce(5);
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  ASSERT_TRUE(consumer.await(5));
  std::vector<bool> failed;
  consumer.client.commit_async({{t0, Offset{2}}}, [&](const auto& error) {
    failed.push_back(error.has_value());
  });
  EXPECT_TRUE(eventually([&] {
    consumer.poll(Millis{20});
    return !failed.empty();
  }));
  EXPECT_THAT(failed, ElementsAre(false));
}

TEST_F(KafkaConsumerTest, CloseRevokesAndCommitsMadeThereHold) {
  produce(5);
  {
    TestConsumer consumer(mock.consumer("g"));
    consumer.revoked_hook = [&](std::span<const TopicPartition>) {
      consumer.client.commit_sync({{t0, Offset{5}}}, kPatience);
    };
    consumer.client.subscribe({"t"}, consumer);
    ASSERT_TRUE(consumer.await(5));
    consumer.client.close(kPatience);
    EXPECT_THAT(consumer.events, ElementsAre("assigned 1", "revoked 1"));
  }
  TestConsumer again(mock.consumer("g"));
  again.client.subscribe({"t"}, again);
  ASSERT_TRUE(again.await_owned(1));
  EXPECT_EQ(again.owned.at(t0), Offset{5});
}

TEST_F(KafkaConsumerTest, RowsOutliveTheConsumer) {
  produce(3);
  RecordBatch batch(500);
  {
    TestConsumer consumer(mock.consumer("g"));
    consumer.client.subscribe({"t"}, consumer);
    ASSERT_TRUE(eventually([&] {
      consumer.client.poll(batch, Millis{100});
      return batch.size() == 3;
    }));
  }
  EXPECT_EQ(batch[2].topic, "t");
  EXPECT_EQ(batch[2].value_wire.text(), "2");
}

TEST_F(KafkaConsumerTest, WhatTheListenerThrowsComesOutOfPollAndCloseStillEnds) {
  TestConsumer consumer(mock.consumer("g"));
  consumer.assigned_hook = [](const OffsetMap&) { throw ConnectException("open failed"); };
  consumer.client.subscribe({"t"}, consumer);
  EXPECT_THROW(consumer.await(1), ConnectException);
  const auto start = Clock::now();
  consumer.client.close(kPatience);
  EXPECT_LT(Clock::now() - start, kPatience / 2);
}

TEST_F(KafkaConsumerTest, CommitAndCloseAreBoundedWithoutABroker) {
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  ASSERT_TRUE(consumer.await_owned(1));
  mock.set_down(true);
  const auto start = Clock::now();
  EXPECT_THROW(consumer.client.commit_sync({{t0, Offset{1}}}, Millis{300}), Error);
  consumer.client.close(Millis{500});
  EXPECT_LT(Clock::now() - start, Millis{10'000});
}

TEST_F(KafkaConsumerTest, PatternsMatchWholeNamesAndFollowNewTopics) {
  mock.create("orders-1", 1);
  mock.create("my-orders-1", 1);
  mock.create("orders-1-x", 1);
  TestConsumer consumer(mock.consumer("g", {{"metadata.max.age.ms", "1000"}}));
  consumer.client.subscribe_pattern("orders-\\d+", consumer);
  ASSERT_TRUE(consumer.await_owned(1));
  EXPECT_EQ(consumer.owned.begin()->first.topic, "orders-1");
  mock.create("orders-22", 2);
  ASSERT_TRUE(consumer.await_owned(3));
}

TEST_F(KafkaConsumerTest, APatternThatMatchesNothingYetWaits) {
  TestConsumer consumer(mock.consumer("g", {{"metadata.max.age.ms", "1000"}}));
  consumer.client.subscribe_pattern("soon.*", consumer);
  consumer.poll(Millis{50});
  EXPECT_TRUE(consumer.owned.empty());
  mock.create("soon-1", 1);
  EXPECT_TRUE(consumer.await_owned(1));
}

TEST_F(KafkaConsumerTest, ABadPatternNamesTheSetting) {
  TestConsumer consumer(mock.consumer("g"));
  try {
    consumer.client.subscribe_pattern("orders-(", consumer);
    FAIL();
  } catch (const ConfigException& error) {
    EXPECT_THAT(error.what(), HasSubstr("topics.regex orders-("));
  }
}

TEST_F(KafkaConsumerTest, AnUnauthorizedGroupFails) {
  constexpr int16_t kFindCoordinator = 10;
  // A broker refuses every time; the client ignores an answer that came too late to matter.
  std::vector<rd_kafka_resp_err_t> refusals(100, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  rd_kafka_mock_push_request_errors_array(mock.get(), kFindCoordinator, refusals.size(),
                                          refusals.data());
  TestConsumer consumer(mock.consumer("g"));
  consumer.client.subscribe({"t"}, consumer);
  try {
    consumer.await_owned(1);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Authorization);
  }
}

TEST_F(KafkaConsumerTest, ReadsAssignedPartitionsFromTheirBeginningWithoutAGroup) {
  mock.create("log", 2);
  const TopicPartition partitions[] = {{"log", 0}, {"log", 1}};
  KafkaConsumer consumer(translate(mock.consumer("g"), ClientKind::Consumer));
  consumer.assign(partitions);
  EXPECT_THROW(consumer.assign(partitions), KafkaException);
  EXPECT_EQ(consumer.position({"log", 7}), std::nullopt);
  produce(5, "log");  // to partition 0
  RecordBatch batch(500);
  const auto at = [&](int32_t partition) { return consumer.position({"log", partition}); };
  ASSERT_TRUE(eventually([&] {
    consumer.poll(batch, Millis{50});
    return at(0) == Offset{5} && at(1) == Offset{0};  // also where there is no record
  }));
  ASSERT_EQ(batch.size(), 5U);
  EXPECT_EQ(batch[4].offset, 4);
  batch.reset();
  produce(1, "log");
  ASSERT_TRUE(eventually([&] {
    consumer.poll(batch, Millis{50});
    return at(0) == Offset{6};
  }));
  EXPECT_EQ(batch.size(), 1U);
  std::thread waker([&] { consumer.wakeup(); });
  batch.reset();
  consumer.poll(batch, kPatience);
  waker.join();
  EXPECT_TRUE(batch.empty());
  consumer.close(Millis{0});
}

TEST_F(KafkaConsumerTest, PartitionsAreAddedToThoseThatAreRead) {
  mock.create("first", 1);
  mock.create("second", 2);
  produce(5, "first");
  produce(3, "second");
  const TopicPartition first[] = {{"first", 0}};
  const TopicPartition second[] = {{"second", 0}, {"second", 1}};
  KafkaConsumer consumer(translate(mock.consumer("g"), ClientKind::Consumer));
  std::map<std::string, std::vector<int64_t>> read;
  const auto read_until = [&](const std::string& topic, int64_t end) {
    return eventually([&] {
      RecordBatch batch(500);
      consumer.poll(batch, Millis{50});
      for (const Record& row : batch.records()) {
        read[std::string(row.topic)].push_back(row.offset);
      }
      return consumer.position({topic, 0}) == Offset{end};
    });
  };
  consumer.assign(first);
  ASSERT_TRUE(read_until("first", 5));
  consumer.assign(second);
  ASSERT_TRUE(read_until("second", 3));
  produce(2, "first");
  ASSERT_TRUE(read_until("first", 7));
  EXPECT_THAT(read.at("first"), ElementsAre(0, 1, 2, 3, 4, 5, 6));  // none again
  EXPECT_THAT(read.at("second"), ElementsAre(0, 1, 2));
  EXPECT_THROW(consumer.assign(second), KafkaException);
}

TEST_F(KafkaConsumerTest, ATopicThatMayNotBeReadIsNamedAndTheOthersAreRead) {
  mock.create("closed", 1);
  produce(2);
  constexpr int16_t kFetch = 1;
  for (int i = 0; i < 10; ++i) {  // the client ignores an answer that came too early to matter
    rd_kafka_mock_partition_push_request_errors(mock.get(), "closed", 0, kFetch, 1,
                                                RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  }
  const TopicPartition partitions[] = {{"closed", 0}, t0};
  KafkaConsumer consumer(translate(mock.consumer("g"), ClientKind::Consumer));
  consumer.assign(partitions);
  std::vector<std::string> failed;
  RecordBatch batch(500);
  ASSERT_TRUE(eventually([&] {
    try {
      consumer.poll(batch, Millis{50});
    } catch (const TopicErrors& errors) {
      EXPECT_EQ(errors.kind(), ErrorKind::Authorization);
      for (const auto& [topic, error] : errors.all()) failed.push_back(topic);
    }
    return !failed.empty() && consumer.position(t0) == Offset{2};
  }));
  EXPECT_THAT(failed, ElementsAre("closed"));
}

}  // namespace
}  // namespace millrace::kafka::testing
