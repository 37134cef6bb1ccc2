#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/broker/kafka_clients.h"
#include "tests/unit/broker/kafka_mock.h"

namespace millrace::kafka::testing {
namespace {

class KafkaProducerTest : public ::testing::Test {
 protected:
  void SetUp() override { mock.create("t", 2); }

  std::vector<TestRecord> numbered(int count, const std::string& topic = "t") {
    std::vector<TestRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({.topic = topic, .value = std::to_string(i), .partition = 0});
    }
    return records;
  }
  std::vector<std::string> read_values(const std::string& topic, size_t count) {
    TestConsumer consumer(mock.consumer("reader"));
    consumer.client.subscribe({topic}, consumer);
    EXPECT_TRUE(consumer.await(count));
    std::vector<std::string> values;
    for (const TestRecord& record : consumer.records) values.push_back(record.value.value_or("-"));
    return values;
  }

  MockCluster mock;
};

TEST_F(KafkaProducerTest, ReportsEveryRowOnceInOrder) {
  TestProducer producer(mock.producer());
  producer.send_all(numbered(1000));
  ASSERT_EQ(producer.reports.size(), 1000U);
  for (uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(producer.reports[i].row, i);
    EXPECT_EQ(producer.reports[i].offset, i);
    EXPECT_EQ(producer.reports[i].partition, 0);
  }
  EXPECT_EQ(producer.client.in_flight(), 0U);
}

TEST_F(KafkaProducerTest, StopsEarlyAtAFullBufferAndGoesOn) {
  TestProducer producer(mock.producer({{"buffer.memory", "2048"}}));
  std::vector<TestRecord> records;
  for (int i = 0; i < 100; ++i) {
    records.push_back({.topic = "t", .value = std::string(100, 'x'), .partition = 0});
  }
  const SendResult first = producer.send(records);
  EXPECT_LT(first.accepted, 100U);
  EXPECT_GT(first.accepted, 0U);
  EXPECT_FALSE(first.error.has_value());
  EXPECT_EQ(producer.client.in_flight(), first.accepted);
  std::span<const uint32_t> rest = std::span<const uint32_t>(producer.rows).subspan(first.accepted);
  EXPECT_TRUE(eventually([&] {
    producer.client.poll(Millis{50});
    rest = rest.subspan(producer.client.send(producer.batch, rest).accepted);
    return rest.empty();
  }));
  EXPECT_TRUE(producer.await(100));
}

TEST_F(KafkaProducerTest, ARowThatIsTooLargeStopsTheSetWithItsError) {
  TestProducer producer(mock.producer({{"max.request.size", "1000"}}));
  auto records = numbered(2);
  records.push_back({.topic = "t", .value = std::string(2000, 'x')});
  records.push_back({.topic = "t", .value = "after"});
  const SendResult result = producer.send(records);
  EXPECT_EQ(result.accepted, 2U);
  ASSERT_TRUE(result.error.has_value());
  EXPECT_EQ(result.error->kind, ErrorKind::RecordTooLarge);
  EXPECT_EQ(result.error->stage, Stage::KafkaProduce);
  EXPECT_THAT(result.error->message, ::testing::HasSubstr("max.request.size"));
  EXPECT_TRUE(producer.await(2));
}

TEST_F(KafkaProducerTest, AMissingPartitionIsAnErrorOfItsRow) {
  TestProducer producer(mock.producer());
  producer.send_all(numbered(1));  // the client knows the topic now
  const SendResult result = producer.send(
      {{.topic = "t", .value = "v", .partition = 7, .headers = {{"h", "1"}}}});
  EXPECT_EQ(result.accepted, 0U);
  ASSERT_TRUE(result.error.has_value());
  EXPECT_THAT(result.error->message, ::testing::HasSubstr("Partition 7 of topic t"));
}

TEST_F(KafkaProducerTest, AMissingPartitionOfATopicNotYetKnownIsReported) {
  TestProducer producer(mock.producer());
  const SendResult result = producer.send({{.topic = "t", .value = "v", .partition = 7}});
  ASSERT_EQ(result.accepted, 1U);
  ASSERT_TRUE(producer.await(1));
  ASSERT_TRUE(producer.reports[0].error.has_value());
  EXPECT_EQ(producer.reports[0].offset, -1);
}

TEST_F(KafkaProducerTest, ANegativeTimestampIsRefusedAsInJava) {
  TestProducer producer(mock.producer());
  const SendResult result = producer.send({{.topic = "t", .value = "v", .timestamp = -2}});
  ASSERT_TRUE(result.error.has_value());
  EXPECT_EQ(result.error->kind, ErrorKind::IllegalArgument);
  EXPECT_EQ(result.error->message,
            "Invalid timestamp: -2. Timestamp should always be non-negative or null.");
}

TEST_F(KafkaProducerTest, WaitsForAMissingTopicAndKeepsTheOrder) {
  rd_kafka_mock_topic_create(mock.get(), "late", 1, 1);
  rd_kafka_mock_topic_set_error(mock.get(), "late", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  // The library gives such a topic up at once here, so that the rows come back and are sent again.
  TestProducer producer(mock.producer({{"librdkafka.topic.metadata.propagation.max.ms", "0"}}));
  EXPECT_EQ(producer.send(numbered(20, "late")).accepted, 20U);
  for (int i = 0; i < 10; ++i) producer.client.poll(Millis{50});
  EXPECT_TRUE(producer.reports.empty());
  EXPECT_EQ(producer.client.in_flight(), 20U);
  // Later rows queue up behind those that wait.
  EXPECT_EQ(producer.client.send(producer.batch, producer.rows).accepted, 0U);
  rd_kafka_mock_topic_set_error(mock.get(), "late", RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(producer.await(20));
  for (uint32_t i = 0; i < 20; ++i) EXPECT_EQ(producer.reports[i].row, i);
  EXPECT_EQ(producer.client.in_flight(), 0U);
}

TEST_F(KafkaProducerTest, AMissingTopicDoesNotHoldUpTheOthers) {
  rd_kafka_mock_topic_create(mock.get(), "late", 1, 1);
  rd_kafka_mock_topic_set_error(mock.get(), "late", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  TestProducer producer(mock.producer({{"librdkafka.topic.metadata.propagation.max.ms", "0"}}));
  EXPECT_EQ(producer.send(numbered(20, "late")).accepted, 20U);
  for (int i = 0; i < 10; ++i) producer.client.poll(Millis{50});
  EXPECT_EQ(producer.send(numbered(10)).accepted, 10U);
  ASSERT_TRUE(producer.await(10));
  for (const auto& report : producer.reports) EXPECT_FALSE(report.error.has_value());
  EXPECT_EQ(producer.client.in_flight(), 20U);
  rd_kafka_mock_topic_set_error(mock.get(), "late", RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(producer.await(30));
}

TEST_F(KafkaProducerTest, ATopicMayHaveADeliveryTimeoutOfItsOwn) {
  mock.create("limited", 1);
  TestProducer producer(mock.producer());
  producer.client.limit_delivery("limited", Millis{300});
  mock.set_down(true);
  EXPECT_EQ(producer.send(numbered(5, "limited")).accepted, 5U);
  EXPECT_EQ(producer.send(numbered(5)).accepted, 5U);
  ASSERT_TRUE(producer.await(5));
  for (uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(producer.reports[i].row, i);
    ASSERT_TRUE(producer.reports[i].error.has_value());
    EXPECT_EQ(producer.reports[i].error->kind, ErrorKind::Timeout);
  }
  mock.set_down(false);
  ASSERT_TRUE(producer.await(10));
  for (uint32_t i = 5; i < 10; ++i) EXPECT_FALSE(producer.reports[i].error.has_value());
}

TEST_F(KafkaProducerTest, LosesNothingWhenTheBrokerGoesAndComesBack) {
  TestProducer producer(mock.producer());
  producer.send_all(numbered(10));
  mock.set_down(true);
  EXPECT_EQ(producer.send(numbered(500)).accepted, 500U);
  producer.client.poll(Millis{200});
  EXPECT_EQ(producer.reports.size(), 10U);
  mock.set_down(false);
  ASSERT_TRUE(producer.await(510));
  for (const auto& report : producer.reports) EXPECT_FALSE(report.error.has_value());
  const auto values = read_values("t", 510);
  std::vector<std::string> unique;
  std::unique_copy(values.begin() + 10, values.end(), std::back_inserter(unique));
  EXPECT_EQ(unique.size(), 500U) << "in order, repeated at most in a row";
}

TEST_F(KafkaProducerTest, BrokerErrorsHaveTheirKind) {
  const std::pair<rd_kafka_resp_err_t, ErrorKind> cases[] = {
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ErrorKind::Authorization},
      {RD_KAFKA_RESP_ERR_INVALID_RECORD, ErrorKind::InvalidRecord},
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ErrorKind::RecordTooLarge},
  };
  for (const auto& [code, kind] : cases) {
    TestProducer producer(mock.producer());
    constexpr int16_t kProduce = 0;
    rd_kafka_mock_push_request_errors(mock.get(), kProduce, 1, code);
    producer.send(numbered(1));
    ASSERT_TRUE(producer.await(1));
    ASSERT_TRUE(producer.reports[0].error.has_value()) << rd_kafka_err2name(code);
    EXPECT_EQ(producer.reports[0].error->kind, kind) << rd_kafka_err2name(code);
  }
}

TEST_F(KafkaProducerTest, WakeupEndsAPoll) {
  TestProducer producer(mock.producer());
  std::jthread waker([&] { producer.client.wakeup(); });
  const auto start = std::chrono::steady_clock::now();
  producer.client.poll(kPatience);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience / 2);
}

TEST_F(KafkaProducerTest, CloseSendsWhatLingersAndReportsIt) {
  TestProducer producer(mock.producer({{"linger.ms", "600000"}}));
  producer.send(numbered(5));
  producer.client.close(kPatience);
  EXPECT_EQ(producer.reports.size(), 5U);
  EXPECT_EQ(producer.client.in_flight(), 0U);
}

TEST_F(KafkaProducerTest, CloseWithoutTimeDropsTheRestInSilence) {
  TestProducer producer(mock.producer({{"linger.ms", "600000"}}));
  producer.send(numbered(5));
  const auto start = std::chrono::steady_clock::now();
  producer.client.close(Millis{0});
  EXPECT_TRUE(producer.reports.empty());
  EXPECT_EQ(producer.client.poll(Millis{0}), 0U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, Millis{5'000});
}

TEST_F(KafkaProducerTest, AbandonedItSendsNothingMore) {
  TestProducer producer(mock.producer({{"linger.ms", "600000"}}));
  producer.send(numbered(5));
  std::jthread other([&] { producer.client.abandon(); });
  EXPECT_TRUE(eventually([&] {
    producer.client.poll(Millis{50});
    return producer.client.in_flight() == 0;
  }));
  ASSERT_EQ(producer.reports.size(), 5U);
  for (const auto& report : producer.reports) EXPECT_TRUE(report.error.has_value());
  EXPECT_EQ(producer.send(numbered(5)).accepted, 0U);
  producer.client.close(kPatience);
  TestProducer next(mock.producer());
  next.send_all({{.topic = "t", .value = "next", .partition = 0}});
  EXPECT_EQ(read_values("t", 1).at(0), "next");
}

TEST_F(KafkaProducerTest, AbandonEndsAClose) {
  TestProducer producer(mock.producer());
  mock.set_down(true);
  producer.send(numbered(5));
  std::jthread other([&] { producer.client.abandon(); });
  const auto start = std::chrono::steady_clock::now();
  producer.client.close(std::chrono::minutes(10));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(1));
  producer.client.abandon();  // nothing is left of it
  producer.client.wakeup();
}

TEST_F(KafkaProducerTest, LargeValuesAreReadFromTheBatch) {
  TestProducer producer(mock.producer());
  const std::string large(500'000, 'y');
  producer.send_all({{.topic = "t", .value = large, .partition = 0}});
  EXPECT_EQ(read_values("t", 1).at(0), large);
}

}  // namespace
}  // namespace millrace::kafka::testing
