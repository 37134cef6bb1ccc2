// Topic logs that share a consumer and a producer.

#include <gmock/gmock.h>

#include <random>

#include "tests/unit/storage/client_spy.h"
#include "tests/unit/storage/topic_log_support.h"

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SharedTopicLogTest : public TopicLogTest {
 protected:
  using Log = std::unique_ptr<LogUnderTest>;

  /// A log of one partition with the clients of the others.
  Log share(const std::string& name, std::shared_ptr<BrokerAdmin> with = nullptr,
            InternalTopicLimits limits = {.retry_wait = Millis{1}}) {
    if (!with) with = broker->make_admin({});
    return std::make_unique<LogUnderTest>(
        control, std::make_unique<BrokerTopicLog>(*control, std::move(with), topic(name, 1),
                                                  clients, limits));
  }
  static void expect_works(LogUnderTest& log, const std::string& value) {
    ASSERT_EQ(log.wait(log.append("k", value)), "");
    ASSERT_EQ(log.wait(log.read_to_end()), "");
    ASSERT_FALSE(log.read().empty());
    EXPECT_EQ(log.read().back().value, value);
  }

  ClientSpy spy{*broker};
  std::shared_ptr<ThreadExecutor> control = std::make_shared<ThreadExecutor>();
  BrokerTopicLog::Shared clients{
      std::make_shared<TopicPoller>(*control, spy, Properties{{"group.id", "workers"}}),
      std::make_shared<TopicWriter>(spy, Properties{})};
};

TEST_F(SharedTopicLogTest, EachReadsItsOwnTopicThroughOneConsumerAndOneProducer) {
  const Log one = share("one");
  const Log two = share("two");
  const Log three = share("three");
  auto first = one->start();
  auto second = two->start();
  auto third = three->start();
  for (auto* started : {&first, &second, &third}) ASSERT_EQ(one->wait(std::move(*started)), "");
  EXPECT_TRUE(spy.producers().empty());  // not before a record
  for (int i = 0; i < 100; ++i) {
    for (LogUnderTest* log : {one.get(), two.get(), three.get()}) {
      log->append(std::to_string(i), log->log->topic().name);
    }
  }
  for (LogUnderTest* log : {one.get(), two.get(), three.get()}) {
    ASSERT_EQ(log->wait(log->append("last", log->log->topic().name)), "");
    ASSERT_EQ(log->wait(log->read_to_end()), "");
    const auto records = log->read();
    ASSERT_EQ(records.size(), 101U);
    for (size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(records[i].offset, static_cast<int64_t>(i));
      EXPECT_EQ(records[i].value, log->log->topic().name);
    }
  }
  EXPECT_EQ(spy.consumers().size(), 1U);
  EXPECT_EQ(spy.producers().size(), 1U);
}

TEST_F(SharedTopicLogTest, ATopicThatComesLaterIsReadFromItsFirstRecord) {
  constexpr int kRecords = 10'000;
  {
    const auto alone = open(topic("late", 1));
    ASSERT_EQ(alone->wait(alone->start()), "");
    for (int i = 0; i < kRecords; ++i) alone->append(std::to_string(i), "v");
    ASSERT_EQ(alone->wait(alone->append("last", "v")), "");
  }
  const Log early = share("early");
  const Log late = share("late");
  ASSERT_EQ(early->wait(early->start()), "");
  expect_works(*early, "1");
  ASSERT_EQ(late->wait(late->start()), "");
  EXPECT_EQ(late->read().size(), static_cast<size_t>(kRecords + 1));
  expect_works(*early, "2");
  EXPECT_EQ(early->read().size(), 2U);
}

TEST_F(SharedTopicLogTest, ATopicThatIsRefusedDoesNotStopTheOthers) {
  broker->make_admin({})->create_topic({"refused", 1, 1, {{"cleanup.policy", "delete"}}}, {});
  const Log refused = share("refused");
  const Log good = share("good");
  EXPECT_THAT(refused->wait(refused->start()), HasSubstr("cleanup.policy=delete"));
  ASSERT_EQ(good->wait(good->start()), "");
  expect_works(*good, "1");
  EXPECT_THAT(refused->wait(refused->append("k", "v")), HasSubstr("cleanup.policy=delete"));
  EXPECT_THAT(refused->wait(refused->read_to_end()), HasSubstr("cleanup.policy=delete"));
}

TEST_F(SharedTopicLogTest, ATopicThatCannotBeLookedUpHoldsUpNoOther) {
  const Log away = share("away", admin);
  const Log good = share("good");
  ASSERT_EQ(away->wait(away->start()), "");
  admin->set({.ends = std::vector<Error>(10'000, TimeoutException("x"))});
  auto waiting = away->read_to_end();
  ASSERT_EQ(good->wait(good->start()), "");
  expect_works(*good, "1");
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
  admin->set({});
  EXPECT_EQ(away->wait(std::move(waiting)), "");
}

TEST_F(SharedTopicLogTest, ATopicThatMayNotBeReadFailsItsOwnCallsAlone) {
  const Log closed = share("closed", admin);
  const Log good = share("good");
  ASSERT_EQ(closed->wait(closed->start()), "");
  ASSERT_EQ(good->wait(good->start()), "");
  admin->set({.ends = std::vector<Error>(10'000, TimeoutException("x"))});
  auto waiting = closed->read_to_end();
  const Error refused(ErrorKind::Authorization, "consuming: refused");
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (waiting.wait_for(std::chrono::seconds{0}) != std::future_status::ready &&
         std::chrono::steady_clock::now() < deadline) {
    spy.fail_poll({refused, {{"closed", refused}, {"nobody's", refused}}});
    expect_works(*good, "1");  // its records wake the reader
  }
  EXPECT_THAT(closed->wait(std::move(waiting)),
              HasSubstr("Error while using topic closed (offset.storage.topic): check the "
                        "permissions on it and the worker's connection to the brokers\nCaused by: "
                        "org.apache.kafka.common.errors.AuthorizationException: consuming"));
  admin->set({});
  expect_works(*closed, "1");
}

TEST_F(SharedTopicLogTest, ATopicIsReadByOneLogOfAConsumer) {
  const Log first = share("one");
  const Log second = share("one");
  ASSERT_EQ(first->wait(first->start()), "");
  EXPECT_THAT(second->wait(second->start()), HasSubstr("one-0 is in use already"));
  expect_works(*first, "1");
}

TEST_F(SharedTopicLogTest, AStoppedLogHearsNothingAndTheOthersGoOn) {
  Log stopped = share("stopped");
  const Log good = share("good");
  const auto other = open(topic("stopped", 1));
  for (LogUnderTest* log : {stopped.get(), good.get(), other.get()}) {
    ASSERT_EQ(log->wait(log->start()), "");
  }
  expect_works(*stopped, "1");
  auto last = stopped->append("last", "2");
  control->call([&] { stopped->log->stop(); });
  expect_works(*good, "1");
  EXPECT_THAT(stopped->wait(stopped->read_to_end()), HasSubstr("is stopped"));
  // What it was given before is written all the same.
  stopped->wait(std::move(last));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (other->read().size() < 2 && std::chrono::steady_clock::now() < deadline) {
    ASSERT_EQ(other->wait(other->read_to_end()), "");
  }
  EXPECT_EQ(other->read().size(), 2U);
  expect_works(*good, "2");
  EXPECT_EQ(stopped->read().size(), 1U);
  stopped.reset();
  expect_works(*good, "3");
}

TEST_F(SharedTopicLogTest, AbandoningTheWritesOfOneLeavesThoseOfTheOthers) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Log kept = share("kept");
  const Log dropped = share("dropped");
  ASSERT_EQ(kept->wait(kept->start()), "");
  ASSERT_EQ(dropped->wait(dropped->start()), "");
  int written = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<LogUnderTest::Answer> of_kept;
    std::vector<LogUnderTest::Answer> of_dropped;
    for (auto count = random() % 3'000; count > 0; --count) {
      if (random() % 2 == 0) {
        of_kept.push_back(kept->append("k", std::to_string(written++)));
      } else {
        of_dropped.push_back(dropped->append("k", std::to_string(round)));
      }
    }
    control->call([&] { dropped->log->abandon_writes(); });
    of_kept.push_back(kept->append("k", std::to_string(written++)));
    for (auto& answer : of_kept) ASSERT_EQ(kept->wait(std::move(answer)), "");
    for (auto& answer : of_dropped) {
      const std::string outcome = dropped->wait(std::move(answer));
      ASSERT_TRUE(outcome.empty() || outcome.ends_with("by now")) << outcome;
    }
  }
  expect_works(*dropped, "after");
  ASSERT_EQ(kept->wait(kept->read_to_end()), "");
  // In order, without a gap: some may be there twice.
  int next = 0;
  for (const auto& record : kept->read()) {
    const int value = std::stoi(*record.value);
    ASSERT_LE(value, next);
    next = std::max(next, value + 1);
  }
  EXPECT_EQ(next, written);
}

/// The three logs of a worker.
class InternalLogsTest : public TopicLogTest {
 protected:
  /// Starts all, writes to each, and checks what they read.
  void expect_logs_work(const Properties& more) {
    Properties worker = more;
    worker.merge(Properties{{"group.id", "g"},
                            {"config.storage.topic", "c"},
                            {"offset.storage.topic", "o"},
                            {"offset.storage.partitions", "3"},
                            {"status.storage.topic", "s"}});
    const auto control = std::make_shared<ThreadExecutor>();
    InternalLogs made = make_internal_logs(*control, spy, broker->make_admin({}), worker);
    std::vector<std::unique_ptr<LogUnderTest>> logs;
    for (auto* log : {&made.config, &made.status, &made.offset}) {
      logs.push_back(std::make_unique<LogUnderTest>(control, std::move(*log)));
    }
    for (const auto& log : logs) ASSERT_EQ(log->wait(log->start()), "");
    for (const auto& log : logs) {
      ASSERT_EQ(log->wait(log->append("key", "value")), "");
      ASSERT_EQ(log->wait(log->read_to_end()), "");
      EXPECT_FALSE(log->read().empty());
    }
  }

  ClientSpy spy{*broker};
};

TEST_F(InternalLogsTest, ShareOneConsumerAndAProducerBesideThatOfTheOffsets) {
  expect_logs_work({});
  EXPECT_THAT(spy.consumers(), ElementsAre("g-shared-reader"));
  EXPECT_THAT(spy.producers(), ElementsAre("g-offsets", "g-shared-writer"));
}

TEST_F(InternalLogsTest, StatusesAreReadApartWhereTheOthersAreReadCommitted) {
  expect_logs_work({{"exactly.once.source.support", "enabled"}});
  EXPECT_THAT(spy.consumers(), ElementsAre("g-shared-reader", "g-shared-reader"));
}

TEST_F(InternalLogsTest, ADeliveryTimeoutOfTheWorkerIsAProducersOfItsOwn) {
  expect_logs_work({{"delivery.timeout.ms", "130000"}});
  EXPECT_THAT(spy.producers(), ElementsAre("g-offsets", "g-shared-writer", "g-statuses"));
}

TEST_F(InternalLogsTest, OneTopicForTwoPurposesIsReadTwice) {
  expect_logs_work({{"status.storage.topic", "o"}, {"status.storage.partitions", "3"}});
  EXPECT_EQ(spy.consumers().size(), 2U);
}

}  // namespace
}  // namespace millrace::testing
