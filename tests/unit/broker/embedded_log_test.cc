// Appends and reads at the edges: nulls, sizes, refusals, seeks, pauses, reopening.

#include <thread>

#include "embedded_support.h"

namespace millrace::embedded {
namespace {

class EmbeddedLog : public testing::Test {
 protected:
  std::vector<PlainRecord> read(const std::string& topic) {
    TestConsumer consumer(*log, "reader" + std::to_string(++readers_));
    consumer.consumer->subscribe({topic}, consumer);
    std::vector<PlainRecord> records;
    int64_t offset = 0;
    for (auto& [at, record] : consumer.drain()) {
      EXPECT_EQ(at, offset++);
      record.partition = kNoPartition;
      records.push_back(record);
    }
    return records;
  }
  void reopen() {
    log.reset();
    log.emplace(folder.log());
  }

  TempFolder folder;
  std::optional<TestLog> log{folder.log()};

 private:
  int readers_ = 0;
};

TEST_F(EmbeddedLog, NullsEmptyTextsAndRepeatedHeadersSurviveAReopening) {
  const std::vector<PlainRecord> records = {
      {std::nullopt, std::nullopt, {}, 0},
      {"", "", {{"", ""}, {"", std::nullopt}}, 1},
      {"k", std::nullopt, {{"a", "1"}, {"a", std::nullopt}, {"b", ""}, {"a", "1"}}, 1},
      {std::string("\0\x80", 2),
       std::string("\0", 1),
       {{"é", std::string("\xff\0", 2)}},
       INT64_MAX},
  };
  for (const Report& report : log->send("t", records)) EXPECT_FALSE(report.error);
  EXPECT_EQ(read("t"), records);
  reopen();
  EXPECT_EQ(read("t"), records);
  log->send("t", {{"k", "more", {}, 7}});
  EXPECT_EQ(read("t").size(), records.size() + 1);
  EXPECT_EQ(read("t").back().value, "more");
}

TEST_F(EmbeddedLog, ARecordWithoutTimestampHasTheTimeOfItsAppend) {
  using namespace std::chrono;
  const auto now = [] {
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  };
  const int64_t before = now();
  log->send("t", {{"k", "v"}});
  const int64_t timestamp = read("t").at(0).timestamp;
  EXPECT_LE(before, timestamp);
  EXPECT_LE(timestamp, now());
}

TEST_F(EmbeddedLog, NothingToSendIsNothingDone) {
  RecordBatch batch;
  Reports reports;
  EmbeddedProducer producer(log->store, {}, reports);
  const SendResult result = producer.send(batch, {});
  EXPECT_EQ(result.accepted, 0U);
  EXPECT_FALSE(result.error);
  EXPECT_EQ(producer.in_flight(), 0U);
  EXPECT_EQ(producer.poll(Millis{0}), 0U);
  EXPECT_TRUE(log->store->topics().empty());
}

TEST_F(EmbeddedLog, OnlyTheRowsAskedForAreSent) {
  RecordBatch batch;
  for (int i = 0; i < 5; ++i) add_record(batch, "t", {std::nullopt, std::to_string(i), {}, 1});
  Reports reports;
  EmbeddedProducer producer(log->store, {}, reports);
  const std::vector<uint32_t> rows = {1, 4};
  EXPECT_EQ(producer.send(batch, rows).accepted, 2U);
  EXPECT_EQ(producer.in_flight(), 2U);
  while (producer.in_flight() > 0) producer.poll(kPatience);
  ASSERT_EQ(reports.reports.size(), 2U);
  EXPECT_EQ(reports.reports[0].row, 1U);
  EXPECT_EQ(reports.reports[1].row, 4U);
  EXPECT_EQ(reports.reports[1].offset, 1);
  EXPECT_EQ(read("t"),
            (std::vector<PlainRecord>{{std::nullopt, "1", {}, 1}, {std::nullopt, "4", {}, 1}}));
}

// Names of topics may lie in one text, one a prefix of the other.
TEST_F(EmbeddedLog, TopicNamesThatShareMemoryAreToldApart) {
  RecordBatch batch;
  const std::string_view longest = batch.arena().copy("orders");
  for (const size_t length : {6U, 3U, 6U}) {
    add_record(batch, "unused", {std::nullopt, std::to_string(length), {}, 1});
    batch[batch.size() - 1].topic = longest.substr(0, length);
  }
  Reports reports;
  EmbeddedProducer producer(log->store, {}, reports);
  producer.send(batch, all_rows(batch));
  while (producer.in_flight() > 0) producer.poll(kPatience);
  EXPECT_EQ(read("orders").size(), 2U);
  EXPECT_EQ(read("ord").size(), 1U);
}

TEST_F(EmbeddedLog, LargeRecordsArriveWholeAndThoseAboveTheLimitAreRefused) {
  constexpr size_t kLimit = 3'000'000;
  const std::string largest(kLimit - 88, 'x');  // what Kafka adds to so long a value
  const std::vector<PlainRecord> records = {{std::nullopt, "before", {}, 1},
                                            {std::nullopt, largest + "y", {}, 1},
                                            {std::nullopt, largest, {}, 1},
                                            {std::nullopt, "after", {}, 1}};
  const auto reports = log->send("t", records, {{"max.request.size", std::to_string(kLimit)}});
  ASSERT_EQ(reports.size(), 4U);
  ASSERT_TRUE(reports[1].error);
  EXPECT_EQ(java_class_name(reports[1].error->kind),
            "org.apache.kafka.common.errors.RecordTooLargeException");
  EXPECT_EQ(reports[1].error->message,
            "The message is 3000001 bytes when serialized which is larger than 3000000, which is "
            "the value of the max.request.size configuration.");
  EXPECT_EQ(reports[1].offset, -1);
  for (const size_t row : {0U, 2U, 3U}) EXPECT_FALSE(reports[row].error);
  EXPECT_EQ(read("t"), (std::vector<PlainRecord>{records[0], records[2], records[3]}));
}

TEST_F(EmbeddedLog, TheLimitIsKafkasUnlessSet) {
  const auto reports = log->send("t", {{std::nullopt, std::string(1'048'576 - 87, 'x')},
                                       {std::nullopt, std::string(1'048'576 - 86, 'x')}});
  EXPECT_FALSE(reports.at(0).error);
  ASSERT_TRUE(reports.at(1).error);
  EXPECT_EQ(reports[1].error->kind, ErrorKind::RecordTooLarge);
}

TEST_F(EmbeddedLog, MoreThanOneChunkInOneSendKeepsItsOrder) {
  std::vector<PlainRecord> records;
  for (int i = 0; i < 40; ++i) {
    records.push_back({std::nullopt, std::to_string(i) + std::string(100'000, 'x'), {}, i});
  }
  const auto reports = log->send("t", records);
  for (size_t i = 0; i < reports.size(); ++i) EXPECT_EQ(reports[i].offset, static_cast<int64_t>(i));
  EXPECT_EQ(read("t"), records);
}

TEST_F(EmbeddedLog, IllegalRecordsStopTheSendAtTheirRow) {
  log->store->create_topic({"t", 2});
  for (const PlainRecord& bad : {PlainRecord{"k", "v", {}, 1, 2}, PlainRecord{"k", "v", {}, 1, -2},
                                 PlainRecord{"k", "v", {}, -5}}) {
    RecordBatch batch;
    add_record(batch, "t", {"k", "good"});
    add_record(batch, "t", bad);
    add_record(batch, "t", {"k", "behind"});
    Reports reports;
    EmbeddedProducer producer(log->store, {}, reports);
    const SendResult result = producer.send(batch, all_rows(batch));
    EXPECT_EQ(result.accepted, 1U);
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->kind, ErrorKind::IllegalArgument);
    while (producer.in_flight() > 0) producer.poll(kPatience);
    ASSERT_EQ(reports.reports.size(), 1U);
    EXPECT_FALSE(reports.reports[0].error);
  }
}

TEST_F(EmbeddedLog, ATopicNameThatKafkaRefusesFailsItsRecordsOnly) {
  RecordBatch batch;
  const std::string too_long(250, 'a');
  for (const std::string& name : {std::string("good"), std::string("a b"), std::string(".."),
                                  std::string(), too_long, std::string("also_good")}) {
    add_record(batch, name, {"k", "v"});
  }
  Reports reports;
  EmbeddedProducer producer(log->store, {}, reports);
  EXPECT_EQ(producer.send(batch, all_rows(batch)).accepted, 6U);
  while (producer.in_flight() > 0) producer.poll(kPatience);
  std::map<uint32_t, bool> failed;
  for (const Report& report : reports.reports) {
    failed[report.row] = report.error.has_value();
    const std::string message = report.error ? report.error->message : "";
    EXPECT_EQ(message.find("INVALID_TOPIC") != std::string::npos, failed[report.row]) << message;
  }
  EXPECT_EQ(failed, (std::map<uint32_t, bool>{
                        {0, false}, {1, true}, {2, true}, {3, true}, {4, true}, {5, false}}));
  EXPECT_EQ(log->store->topics(), (std::vector<std::string>{"also_good", "good"}));
}

TEST_F(EmbeddedLog, TopicsAreCreatedOnceAndBadOnesRefused) {
  EXPECT_TRUE(log->store->create_topic({"t", 3}));
  EXPECT_FALSE(log->store->create_topic({"t", 5}));
  EXPECT_TRUE(log->store->create_topic({"default"}));
  EXPECT_EQ(log->store->topic("t")->partitions, 3);
  EXPECT_EQ(log->store->topic("default")->partitions, 1);
  EXPECT_NE(thrown_by([&] {
              log->store->create_topic({"z", 0});
            }).find("INVALID_PARTITIONS"),
            std::string::npos);
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"retention.ms", "soon"}, {"retention.ms", "-2"}, {"cleanup.policy", "shred"}}) {
    const std::string text = thrown_by([&] {
      log->store->create_topic({"z", 1, 1, {{key, value}}});
    });
    EXPECT_NE(text.find("INVALID_CONFIG"), std::string::npos) << text;
    EXPECT_NE(text.find(key), std::string::npos) << text;
  }
  EXPECT_FALSE(log->store->topic("z"));
  reopen();
  EXPECT_EQ(log->store->topic("t")->partitions, 3);
  EXPECT_TRUE(log->store->create_topic({"new"}));
  EXPECT_NE(log->store->topic("new")->id, log->store->topic("t")->id);
}

TEST_F(EmbeddedLog, AFullQueueStopsSendsUntilItIsWritten) {
  log.reset();
  EmbeddedOptions options = TestLog::options(folder.log());
  options.queue_bytes = 1024 * 1024;
  log.emplace(options);
  constexpr uint32_t kRows = 64;
  RecordBatch batch(kRows);
  const std::string value(500'000, 'x');
  for (uint32_t i = 0; i < kRows; ++i) add_record(batch, "t", {std::nullopt, value, {}, 1});
  Reports reports;
  EmbeddedProducer producer(log->store, {}, reports);
  const auto rows = all_rows(batch);
  std::span<const uint32_t> rest(rows);
  size_t most = 0;
  while (!rest.empty()) {
    const SendResult result = producer.send(batch, rest);
    ASSERT_FALSE(result.error);
    rest = rest.subspan(result.accepted);
    most = std::max(most, producer.in_flight());
    producer.poll(Millis{100});
  }
  while (producer.in_flight() > 0) producer.poll(kPatience);
  EXPECT_LE(most, 8U);  // the queue, what is being written, and a chunk
  ASSERT_EQ(reports.reports.size(), kRows);
  for (size_t i = 0; i < kRows; ++i) EXPECT_EQ(reports.reports[i].offset, static_cast<int64_t>(i));
}

TEST_F(EmbeddedLog, ProducersInManyThreadsGetOffsetsWithoutGaps) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 50;
  std::vector<std::vector<int64_t>> offsets(kThreads);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        for (const Report& one : log->send("t", {{std::nullopt, std::to_string(t), {}, 1},
                                                 {std::nullopt, std::to_string(t), {}, 1}})) {
          offsets[t].push_back(one.offset);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<int64_t, size_t> owners;
  for (size_t t = 0; t < kThreads; ++t) {
    EXPECT_TRUE(std::is_sorted(offsets[t].begin(), offsets[t].end()));
    for (const int64_t offset : offsets[t]) EXPECT_TRUE(owners.emplace(offset, t).second);
  }
  const auto records = read("t");
  ASSERT_EQ(records.size(), size_t{kThreads} * kRounds * 2);
  ASSERT_EQ(owners.size(), records.size());
  for (const auto& [offset, t] : owners) {
    EXPECT_EQ(records.at(static_cast<size_t>(offset)).value, std::to_string(t));
  }
}

TEST_F(EmbeddedLog, AProducerCanBeWokenAndClosed) {
  Reports reports;
  EmbeddedProducer producer(log->store, {}, reports);
  producer.wakeup();
  EXPECT_EQ(producer.poll(Millis{3'600'000}), 0U);
  std::thread waker([&] { producer.wakeup(); });
  EXPECT_EQ(producer.poll(Millis{3'600'000}), 0U);
  waker.join();
  RecordBatch batch;
  add_record(batch, "t", {"k", "v", {}, 1});
  producer.send(batch, all_rows(batch));
  producer.close(Millis{3'600'000});
  EXPECT_EQ(producer.in_flight(), 0U);
  EXPECT_TRUE(reports.reports.empty());
  EXPECT_EQ(read("t").size(), 1U);
}

TEST_F(EmbeddedLog, ClientSettingsThatMeanNothingArePassedOverAndBadOnesRefused) {
  Reports reports;
  EmbeddedProducer fine(log->store, {{"acks", "all"}, {"linger.ms", "x"}}, reports);
  EXPECT_NE(thrown_by([&] {
              EmbeddedProducer(log->store, {{"max.request.size", "big"}}, reports);
            }).find("ConfigException: Invalid value big for configuration max.request.size"),
            std::string::npos);
  const auto consumer = [&](const Properties& config) {
    return thrown_by([&] { EmbeddedConsumer(log->store, log->groups, config); });
  };
  EXPECT_NE(consumer({}).find("group.id"), std::string::npos);
  EXPECT_NE(consumer({{"group.id", ""}}).find("group.id"), std::string::npos);
  EXPECT_NE(consumer({{"group.id", "g"}, {"auto.offset.reset", "first"}}).find("ConfigException"),
            std::string::npos);
}

TEST_F(EmbeddedLog, APolledBatchIsLimitedAndTheNextGoesOn) {
  std::vector<PlainRecord> records;
  for (int i = 0; i < 100; ++i) records.push_back({std::nullopt, std::to_string(i), {}, i});
  log->send("t", records);
  TestConsumer consumer(*log, "g");
  consumer.consumer->subscribe({"t"}, consumer);
  size_t seen = 0;
  for (const uint32_t limit : {1U, 7U, 2U, 50U, 500U}) {
    for (const auto& [offset, record] : consumer.poll(limit)) {
      EXPECT_EQ(offset, static_cast<int64_t>(seen));
      EXPECT_EQ(record.value, std::to_string(seen));
      ++seen;
    }
  }
  EXPECT_EQ(seen, 100U);
  EXPECT_TRUE(consumer.poll().empty());
}

TEST_F(EmbeddedLog, RowsOutliveTheirConsumerAndTheirChunks) {
  log->send("t", {{"key", std::string(10'000, 'v'), {{"h", "1"}}, 3}});
  RecordBatch batch;
  {
    TestConsumer consumer(*log, "g");
    consumer.consumer->subscribe({"t"}, consumer);
    consumer.consumer->poll(batch, Millis{0});
  }
  log.reset();
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(plain(batch[0]), (PlainRecord{"key", std::string(10'000, 'v'), {{"h", "1"}}, 3, 0}));
}

TEST_F(EmbeddedLog, SeeksGoAnywhereInTheLog) {
  for (int i = 0; i < 5; ++i) {  // chunks of four
    std::vector<PlainRecord> four;
    for (int j = 0; j < 4; ++j) four.push_back({std::nullopt, std::to_string(4 * i + j), {}, 1});
    log->send("t", four);
  }
  TestConsumer consumer(*log, "g");
  consumer.consumer->subscribe({"t"}, consumer);
  consumer.poll(2);
  for (const int64_t to : {1, 2, 19, 0, 3, 4, 17, 16, 20, 5}) {
    consumer.consumer->seek({"t", 0}, Offset{to});
    const auto records = consumer.poll(1);
    if (to == 20) {
      EXPECT_TRUE(records.empty());
      continue;
    }
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].first, to);
    EXPECT_EQ(records[0].second.value, std::to_string(to));
  }
  EXPECT_NE(thrown_by([&] {
              consumer.consumer->seek({"t", 1}, Offset{0});
            }).find("not assigned"),
            std::string::npos);
  EXPECT_NE(thrown_by([&] {
              consumer.consumer->seek({"t", 0}, Offset{-1});
            }).find("IllegalArgumentException"),
            std::string::npos);
}

TEST_F(EmbeddedLog, PausedPartitionsAreSkipped) {
  log->store->create_topic({"t", 2});
  log->send("t", {{"k", "0", {}, 1, 0}, {"k", "1", {}, 1, 1}});
  TestConsumer consumer(*log, "g");
  consumer.consumer->subscribe({"t"}, consumer);
  const TopicPartition zero[] = {{"t", 0}};
  consumer.poll(0);
  consumer.consumer->pause(zero);
  const auto records = consumer.drain();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].second.value, "1");
  consumer.consumer->resume(zero);
  ASSERT_EQ(consumer.drain().size(), 1U);
}

TEST_F(EmbeddedLog, PartitionsTakeTurns) {
  log->store->create_topic({"t", 3});
  std::vector<PlainRecord> records;
  for (int i = 0; i < 300; ++i) records.push_back({"k", "v", {}, 1, i % 3});
  log->send("t", records);
  TestConsumer consumer(*log, "g");
  consumer.consumer->subscribe({"t"}, consumer);
  std::set<int32_t> first_of_batch;
  for (int i = 0; i < 3; ++i) first_of_batch.insert(consumer.poll(10).at(0).second.partition);
  EXPECT_EQ(first_of_batch.size(), 3U);
}

TEST_F(EmbeddedLog, AWaitingPollSeesAnAppendAndAWakeup) {
  TestConsumer consumer(*log, "g");
  log->store->create_topic({"t"});
  consumer.consumer->subscribe({"t"}, consumer);
  consumer.poll();
  std::thread producer([&] { log->send("t", {{"k", "v"}}); });
  EXPECT_EQ(consumer.poll(10, Millis{3'600'000}).size(), 1U);
  producer.join();
  std::thread waker([&] { consumer.consumer->wakeup(); });
  EXPECT_TRUE(consumer.poll(10, Millis{3'600'000}).empty());
  waker.join();
  consumer.consumer->wakeup();
  EXPECT_TRUE(consumer.poll(10, Millis{3'600'000}).empty());
}

TEST_F(EmbeddedLog, PartitionsAreAddedToThoseThatAreRead) {
  log->store->create_topic({"first", 1});
  log->store->create_topic({"second", 1});
  log->send("first", {{"k", "a", {}, 0, 0}});
  log->send("second", {{"k", "b", {}, 0, 0}});
  TestConsumer consumer(*log, "g");
  const TopicPartition first[] = {{"first", 0}};
  const TopicPartition second[] = {{"second", 0}};
  consumer.consumer->assign(first);
  EXPECT_EQ(consumer.drain().size(), 1U);
  consumer.consumer->assign(second);
  EXPECT_EQ(consumer.drain().size(), 1U);  // of the second
  EXPECT_EQ(consumer.consumer->position({"first", 0}), Offset{1});
  EXPECT_EQ(consumer.consumer->position({"second", 0}), Offset{1});
}

TEST_F(EmbeddedLog, AssignedPartitionsAreReadFromTheirBeginningWithoutAGroup) {
  log->store->create_topic({"t", 2});
  log->send("t", {{"k", "a", {}, 0, 1}, {"k", "b", {}, 0, 1}});
  TestConsumer consumer(*log, "g");
  const TopicPartition partitions[] = {{"t", 0}, {"t", 1}};
  consumer.consumer->assign(partitions);
  EXPECT_NE(thrown_by([&] { consumer.consumer->assign(partitions); }).find("in use"),
            std::string::npos);
  EXPECT_EQ(consumer.drain().size(), 2U);
  EXPECT_EQ(consumer.consumer->position({"t", 0}), Offset{0});
  EXPECT_EQ(consumer.consumer->position({"t", 1}), Offset{2});
  EXPECT_EQ(consumer.consumer->position({"t", 2}), std::nullopt);
  log->send("t", {{"k", "c", {}, 0, 0}});
  EXPECT_EQ(consumer.poll().size(), 1U);
  EXPECT_EQ(consumer.consumer->position({"t", 0}), Offset{1});
  EXPECT_FALSE(log->groups->has_members("g"));
  EXPECT_TRUE(consumer.events.empty());
}

TEST_F(EmbeddedLog, APollWithoutSubscriptionIsRefused) {
  TestConsumer consumer(*log, "g");
  EXPECT_NE(thrown_by([&] { consumer.poll(); }).find("not subscribed"), std::string::npos);
  EXPECT_FALSE(log->groups->has_members("g"));
}

}  // namespace
}  // namespace millrace::embedded
