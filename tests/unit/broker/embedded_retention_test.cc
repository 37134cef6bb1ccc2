// Retention by age and size, and what readers below the start get.

#include "embedded_support.h"

namespace millrace::embedded {
namespace {

constexpr int64_t kNow = 1'000'000;
const TopicPartition kPartition{"t", 0};

class EmbeddedRetention : public testing::Test {
 protected:
  void topic(const Properties& config) { log->store->create_topic({"t", 1, 1, config}); }
  void open(const EmbeddedOptions& options) {
    log.reset();
    log.emplace(options);
  }
  /// One chunk of `count` records of one byte, as old as `timestamp`.
  void append(int64_t timestamp, int count = 1) {
    std::vector<PlainRecord> records(static_cast<size_t>(count),
                                     PlainRecord{std::nullopt, "v", {}, timestamp});
    log->send("t", records);
  }
  std::pair<int64_t, int64_t> bounds() { return log->store->bounds(kPartition); }
  using Bounds = std::pair<int64_t, int64_t>;

  TempFolder folder;
  std::optional<TestLog> log{folder.log()};
};

TEST_F(EmbeddedRetention, WithoutSettingsEverythingStays) {
  append(0);
  log->store->apply_retention(INT64_MAX);
  EXPECT_EQ(bounds(), Bounds(0, 1));
}

TEST_F(EmbeddedRetention, ChunksGoWhenTheirNewestRecordIsTooOld) {
  topic({{"retention.ms", "1000"}});
  log->send("t", {{std::nullopt, "a", {}, kNow - 5000}, {std::nullopt, "b", {}, kNow - 1000}});
  append(kNow - 3000);
  append(kNow);
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(0, 4));  // exactly as old as allowed, and it holds back the next
  log->store->apply_retention(kNow + 1);
  EXPECT_EQ(bounds(), Bounds(3, 4));
  log->store->apply_retention(kNow + 1001);
  EXPECT_EQ(bounds(), Bounds(4, 4));
}

TEST_F(EmbeddedRetention, OffsetsGoOnAfterEverythingWasRemovedAlsoWhenReopened) {
  topic({{"retention.ms", "0"}});
  append(0, 5);
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(5, 5));
  open(TestLog::options(folder.log()));
  EXPECT_EQ(bounds(), Bounds(5, 5));
  append(kNow + 1);
  EXPECT_EQ(bounds(), Bounds(5, 6));
  TestConsumer consumer(*log, "g");
  consumer.consumer->subscribe({"t"}, consumer);
  EXPECT_EQ(consumer.drain().at(0).first, 5);
}

TEST_F(EmbeddedRetention, BySizeTheOldestGoWhileEnoughStays) {
  topic({{"retention.bytes", "147"}});
  for (int i = 0; i < 5; ++i) append(kNow);  // 24 + 25 bytes each
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(2, 5));
  open(TestLog::options(folder.log()));
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(2, 5));
  append(kNow);
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(3, 6));
}

TEST_F(EmbeddedRetention, ChunksLargerThanTheLimitStayUntilOthersCame) {
  topic({{"retention.bytes", "10"}});
  append(kNow);
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(0, 1));
  append(kNow);
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(1, 2));
}

TEST_F(EmbeddedRetention, OtherPartitionsAndTopicsAreLeftAlone) {
  log->store->create_topic({"t", 3, 1, {{"retention.ms", "0"}}});
  log->send("t", {{"k", "v", {}, 0, 1}, {"k", "v", {}, kNow, 0}, {"k", "v", {}, kNow, 2}});
  log->send("other", {{"k", "v", {}, 0}});
  log->store->apply_retention(kNow);
  EXPECT_EQ(log->store->bounds({"t", 0}), Bounds(0, 1));
  EXPECT_EQ(log->store->bounds({"t", 1}), Bounds(1, 1));
  EXPECT_EQ(log->store->bounds({"t", 2}), Bounds(0, 1));
  EXPECT_EQ(log->store->bounds({"other", 0}), Bounds(0, 1));
}

TEST_F(EmbeddedRetention, TheWorkersSettingHoldsForTopicsWithoutTheirOwn) {
  log->store->create_topic({"kept", 1, 1, {{"retention.ms", "-1"}}});
  log->store->create_topic({"compacted", 1, 1, {{"cleanup.policy", "compact"}}});
  append(0);
  log->send("kept", {{"k", "v", {}, 0}});
  log->send("compacted", {{"k", "v", {}, 0}});
  // Set after the topic was created.
  EmbeddedOptions options = TestLog::options(folder.log());
  options.retention_ms = 10;
  open(options);
  log->store->apply_retention(kNow);
  EXPECT_EQ(bounds(), Bounds(1, 1));
  EXPECT_EQ(log->store->bounds({"kept", 0}), Bounds(0, 1));
  EXPECT_EQ(log->store->bounds({"compacted", 0}), Bounds(0, 1));
}

TEST_F(EmbeddedRetention, ItRunsByItself) {
  EmbeddedOptions options = TestLog::options(folder.log());
  options.retention_ms = 10;
  options.retention_check_interval_ms = 1;
  open(options);
  append(0);
  EXPECT_TRUE(eventually([&] { return bounds() == Bounds(1, 1); }));
}

TEST_F(EmbeddedRetention, RemovedFilesGiveTheirSpaceBack) {
  EmbeddedOptions options = TestLog::options(folder.log());
  options.memory_bytes = 4 * 1024 * 1024;
  options.retention_bytes = 0;
  open(options);
  std::mt19937_64 random = seeded();
  std::string noise(500'000, ' ');  // does not compress
  for (char& c : noise) c = static_cast<char>(random());
  const auto size_on_disk = [&] {
    uintmax_t bytes = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(folder.log())) {
      const uintmax_t size = entry.file_size(gone);
      if (!gone) bytes += size;
    }
    return bytes;
  };
  uintmax_t most = 0;
  for (int i = 0; i < 160; ++i) {
    log->send("t", {{std::nullopt, noise, {}, 1}});
    if (i % 10 == 9) log->store->apply_retention(kNow);
    most = std::max(most, size_on_disk());
  }
  EXPECT_EQ(bounds(), Bounds(160, 160));
  EXPECT_LT(most, uintmax_t{40} * 1024 * 1024) << "of 80 MB written";
}

class EmbeddedReset : public EmbeddedRetention {
 protected:
  EmbeddedReset() {
    set_up_log();
    log->store->apply_retention(kNow);
  }
  void set_up_log() {
    topic({{"retention.ms", "0"}});
    append(0, 5);
    append(kNow, 2);
    append(kNow, 3);
  }
  std::unique_ptr<TestConsumer> reader(const std::string& policy) {
    auto consumer =
        std::make_unique<TestConsumer>(*log, "g", Properties{{"auto.offset.reset", policy}});
    consumer->consumer->subscribe({"t"}, *consumer);
    return consumer;
  }
};

TEST_F(EmbeddedReset, EarliestGoesToTheFirstRecordKept) {
  log->store->put_group_offsets("g", {{kPartition, Offset{3}}});
  const auto consumer = reader("earliest");
  const auto records = consumer->drain();
  ASSERT_EQ(records.size(), 5U);
  EXPECT_EQ(records[0].first, 5);
  consumer->consumer->seek(kPartition, Offset{0});
  EXPECT_EQ(consumer->poll(1).at(0).first, 5);
  consumer->consumer->seek(kPartition, Offset{11});  // behind the end
  EXPECT_EQ(consumer->poll(1).at(0).first, 5);
}

TEST_F(EmbeddedReset, LatestGoesToTheEnd) {
  log->store->put_group_offsets("g", {{kPartition, Offset{3}}});
  const auto consumer = reader("latest");
  EXPECT_TRUE(consumer->drain().empty());
  append(kNow);
  EXPECT_EQ(consumer->drain().at(0).first, 10);
  consumer->consumer->seek(kPartition, Offset{12});
  EXPECT_TRUE(consumer->drain().empty());
  append(kNow);
  EXPECT_EQ(consumer->drain().at(0).first, 11);
}

TEST_F(EmbeddedReset, NoneFailsEveryPollUntilTheOffsetIsSet) {
  log->store->put_group_offsets("g", {{kPartition, Offset{3}}});
  const auto consumer = reader("none");
  for (int i = 0; i < 2; ++i) {
    const std::string text = thrown_by([&] { consumer->poll(); });
    EXPECT_NE(text.find("Offset 3 is out of range"), std::string::npos) << text;
    EXPECT_NE(text.find("t-0"), std::string::npos) << text;
    EXPECT_NE(text.find("5 to 10"), std::string::npos) << text;
  }
  consumer->consumer->seek(kPartition, Offset{6});
  EXPECT_EQ(consumer->poll(1).at(0).first, 6);
}

TEST_F(EmbeddedReset, NoneWithoutCommitFailsEveryPollUntilThereIsOne) {
  const auto consumer = reader("none");
  for (int i = 0; i < 2; ++i) {
    const std::string text = thrown_by([&] { consumer->poll(); });
    EXPECT_NE(text.find("Undefined offset"), std::string::npos) << text;
    EXPECT_NE(text.find("auto.offset.reset"), std::string::npos) << text;
  }
  EXPECT_TRUE(consumer->events.empty());
  log->store->put_group_offsets("g", {{kPartition, Offset{7}}});
  EXPECT_EQ(consumer->poll(1).at(0).first, 7);
  EXPECT_EQ(consumer->events, std::vector<std::string>{"assigned t-0@7"});
}

TEST_F(EmbeddedReset, WithoutCommitThePolicyDecides) {
  EXPECT_EQ(reader("earliest")->drain().size(), 5U);
  EXPECT_TRUE(reader("latest")->drain().empty());
}

TEST_F(EmbeddedReset, AChunkInHandIsNotReadOnWhenItWasRemoved) {
  const auto consumer = reader("earliest");
  EXPECT_EQ(consumer->poll(1).at(0).first, 5);  // two records in this chunk
  append(kNow + 10);
  log->store->apply_retention(kNow + 5);
  EXPECT_EQ(consumer->poll(1).at(0).first, 10);
}

}  // namespace
}  // namespace millrace::embedded
