#include <gmock/gmock.h>

#include <memory>

#include "millrace/errors.h"
#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/cli/replayer.h"
#include "tests/support/temporary_folder.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kLetters = "dlq";
constexpr Millis kWait{10'000};

struct Plain {
  std::string value;
  Headers headers = {};
  int32_t partition = 0;
  int64_t timestamp = 1'000;
  bool operator==(const Plain&) const = default;
};

/// A letter as the worker makes it, of a record at `offset` of `topic`-1.
Plain letter(const std::string& value, const std::string& topic, int64_t offset, Headers own = {},
             const std::string& connector = "sink") {
  Headers headers = std::move(own);
  headers.insert(headers.end(), {{"__connect.errors.topic", topic},
                                 {"__connect.errors.partition", "1"},
                                 {"__connect.errors.offset", std::to_string(offset)},
                                 {"__connect.errors.connector.name", connector},
                                 {"__connect.errors.exception.message", "bad"}});
  headers.emplace_back("fs.failure.type", "USER_DATA");
  return {value, headers, 0, 5'000 + offset};
}

class ReplayTest : public testing::Test, private DeliveryListener {
 protected:
  ReplayTest()
      : worker_{{"embedded.log.dir", (folder_ / "log").string()}},
        broker_(embedded::open_embedded_broker(worker_)),
        admin_(broker_->make_admin({})) {
    admin_->create_topic({kLetters, 1, 1}, kWait);
    admin_->create_topic({"orders", 2, 1}, kWait);
    options_.letter_topic = kLetters;
    options_.group = "again";
  }

  void write(const std::string& topic, const std::vector<Plain>& records) {
    const auto producer = broker_->make_producer({}, *this);
    RecordBatch batch;
    for (const Plain& plain : records) {
      Record& record = batch.add();
      record.topic = topic;
      record.partition = plain.partition;
      record.timestamp = plain.timestamp;
      record.key_wire = WireBytes::of(std::string_view("k"));
      record.value_wire = WireBytes::of(plain.value);
      const auto headers = batch.arena().make_array<Header>(plain.headers.size());
      for (size_t i = 0; i < headers.size(); ++i) {
        headers[i] = Header{plain.headers[i].first, {}, WireBytes::of(plain.headers[i].second)};
      }
      record.headers = headers.data();
      record.header_count = static_cast<uint32_t>(headers.size());
    }
    std::vector<uint32_t> rows(records.size());
    for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
    ASSERT_EQ(producer->send(batch, rows).accepted, rows.size());
    producer->close(kWait);
  }
  std::vector<Plain> read(const std::string& topic) {
    const auto consumer = broker_->make_consumer({{"group.id", "reader"}});
    const OffsetMap ends = admin_->end_offsets(topic, kWait);
    std::vector<TopicPartition> partitions;
    for (const auto& [partition, end] : ends) partitions.push_back(partition);
    consumer->assign(partitions);
    std::vector<Plain> records;
    RecordBatch batch;
    const auto unread = [&] {
      return std::any_of(ends.begin(), ends.end(), [&](const auto& end) {
        const auto position = consumer->position(end.first);
        return !position || *position < end.second;
      });
    };
    while (unread()) {
      batch.reset();
      consumer->poll(batch, Millis{100});
      for (const Record& record : batch.records()) {
        EXPECT_EQ(record.key_wire.text(), "k");
        Plain plain{std::string(record.value_wire.text()), {}, record.partition, record.timestamp};
        for (const Header& header : record.header_span()) {
          plain.headers.emplace_back(header.key, header.wire.text());
        }
        records.push_back(std::move(plain));
      }
    }
    batch.reset();
    consumer->close(kWait);
    return records;
  }
  ReplayCounts run(Replayer::Events events = {}) {
    Replayer replayer(*broker_, worker_, options_, std::move(events));
    ended_ = replayer.run();
    return replayer.counts();
  }
  std::string error_of_run() {
    try {
      run();
    } catch (const Error& error) {
      return describe(error);
    }
    return "no error";
  }
  OffsetMap group() { return admin_->group_offsets("again", kWait); }
  void on_delivery(std::span<const Delivery> deliveries) override {
    for (const Delivery& delivery : deliveries) EXPECT_EQ(delivery.error, nullptr);
  }

  testing_support::TemporaryFolder folder_;
  const Properties worker_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<BrokerAdmin> admin_;
  ReplayOptions options_;
  bool ended_ = false;
};

TEST_F(ReplayTest, ALetterBecomesTheRecordItWas) {
  write(kLetters, {letter("a", "orders", 7, {{"featureGroupId", "42"}})});
  const ReplayCounts counts = run();
  EXPECT_TRUE(ended_);
  EXPECT_EQ(counts.read, 1);
  EXPECT_EQ(counts.replayed, 1);
  EXPECT_EQ(counts.total, 1);
  EXPECT_THAT(counts.by_topic, ElementsAre(Pair("orders", 1)));
  EXPECT_THAT(read("orders"), ElementsAre(Plain{"a", {{"featureGroupId", "42"}}, 1, 5'007}));
}

TEST_F(ReplayTest, TheGroupGoesOnWhereItHasComeTo) {
  write(kLetters, {letter("a", "orders", 0)});
  run();
  EXPECT_THAT(group(), ElementsAre(Pair(TopicPartition{kLetters, 0}, Offset{1})));
  EXPECT_EQ(run().read, 0);
  write(kLetters, {letter("b", "orders", 1)});
  EXPECT_EQ(run().read, 1);
  EXPECT_THAT(read("orders"), SizeIs(2));
  options_.from_beginning = true;
  EXPECT_EQ(run().read, 2);
  EXPECT_THAT(read("orders"), SizeIs(4));
}

TEST_F(ReplayTest, ADryRunWritesAndCommitsNothing) {
  write(kLetters, {letter("a", "orders", 3), letter("b", "orders", 4)});
  options_.dry_run = true;
  std::vector<int64_t> seen;
  Replayer::Events events;
  events.chosen = [&](const Record&, const LetterOrigin& origin) { seen.push_back(origin.offset); };
  EXPECT_EQ(run(std::move(events)).replayed, 2);
  EXPECT_THAT(seen, ElementsAre(3, 4));
  EXPECT_THAT(read("orders"), IsEmpty());
  EXPECT_THAT(group(), IsEmpty());
}

TEST_F(ReplayTest, OptionsChooseLetters) {
  admin_->create_topic({"others", 2, 1}, kWait);
  const std::vector<Plain> letters = {letter("a", "orders", 0, {{"kind", "x"}}, "one"),
                                      letter("b", "orders", 1, {{"kind", "y"}}, "two"),
                                      letter("c", "others", 2, {{"kind", "x"}}, "two")};
  write(kLetters, letters);
  options_.dry_run = true;
  const auto chosen = [this] {
    std::string values;
    Replayer::Events events;
    events.chosen = [&](const Record& record, const LetterOrigin&) { values += record.value_wire.text(); };
    const ReplayCounts counts = run(std::move(events));
    EXPECT_EQ(counts.left_out + counts.replayed, 3);
    return values;
  };
  options_.topics = {"orders"};
  EXPECT_EQ(chosen(), "ab");
  options_.topics = {"orders", "others"};
  options_.connectors = {"two"};
  EXPECT_EQ(chosen(), "bc");
  options_.headers = {{"kind", "x"}, {"fs.failure.type", "USER_DATA"}};
  EXPECT_EQ(chosen(), "c");
  options_.headers = {{"kind", "z"}};
  EXPECT_EQ(chosen(), "");
}

TEST_F(ReplayTest, IfNewerTakesThePlaceOfSuchAHeader) {
  options_.if_newer = true;
  write(kLetters, {letter("a", "orders", 0, {{"upsertIfNewer", "0"}, {"projectId", "1"}})});
  run();
  ASSERT_THAT(read("orders"), SizeIs(1));
  EXPECT_EQ(read("orders")[0].headers, (Headers{{"projectId", "1"}, {"upsertIfNewer", "1"}}));
}

TEST_F(ReplayTest, APartitionThatIsGoneIsChosenByTheKey) {
  admin_->create_topic({"small", 1, 1}, kWait);
  write(kLetters, {letter("a", "small", 0)});
  run();
  EXPECT_THAT(read("small"), SizeIs(1));
}

TEST_F(ReplayTest, LettersThatDoNotSayWhereTheyCameFromArePassedOver) {
  Plain of_source = letter("b", "orders", 0);
  of_source.headers.emplace_back("__millrace.errors.source.offset", "{}");
  write(kLetters, {{"a"}, of_source, letter("c", "orders", 1)});
  int told = 0;
  Replayer::Events events;
  events.without_origin = [&told](const Record&) { ++told; };
  const ReplayCounts counts = run(std::move(events));
  EXPECT_EQ(counts.without_origin, 2);
  EXPECT_EQ(told, 2);
  EXPECT_EQ(counts.replayed, 1);
  EXPECT_THAT(read("orders"), SizeIs(1));
}

TEST_F(ReplayTest, WhatCannotBeWrittenEndsTheRunAndStaysToBeRead) {
  write(kLetters, {letter("a", "gone", 0)});
  EXPECT_THAT(error_of_run(), HasSubstr("topic gone of a letter does not exist"));
  EXPECT_THAT(group(), IsEmpty());
  options_.letter_topic = "no-such";
  EXPECT_THAT(error_of_run(), HasSubstr("there is no topic no-such"));
}

TEST_F(ReplayTest, ALetterOfTheQueueItselfIsNotWrittenBackForEver) {
  write(kLetters, {letter("a", kLetters, 0)});
  EXPECT_THAT(error_of_run(), HasSubstr("came from that topic itself"));
  EXPECT_THAT(read(kLetters), SizeIs(1));
}

TEST_F(ReplayTest, AGroupThatIsAheadOfTheTopicIsAnError) {
  write(kLetters, {letter("a", "orders", 0)});
  admin_->alter_group_offsets("again", {{{kLetters, 0}, Offset{9}}}, kWait);
  EXPECT_THAT(error_of_run(), HasSubstr("the topic was made anew; use --from-beginning"));
}

TEST_F(ReplayTest, ManyLettersArriveOnceAndInOrder) {
  constexpr int64_t kCount = 3 * Replayer::kBatchRows + 7;
  std::vector<Plain> letters;
  for (int64_t i = 0; i < kCount; ++i) letters.push_back(letter(std::to_string(i), "orders", i));
  write(kLetters, letters);
  EXPECT_EQ(run().replayed, kCount);
  const auto records = read("orders");
  ASSERT_EQ(records.size(), static_cast<size_t>(kCount));
  for (int64_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(records[static_cast<size_t>(i)].value, std::to_string(i));
  }
}

TEST_F(ReplayTest, AStopLeavesTheRestToTheNextRun) {
  constexpr int64_t kCount = 2 * Replayer::kBatchRows;
  std::vector<Plain> letters;
  for (int64_t i = 0; i < kCount; ++i) letters.push_back(letter(std::to_string(i), "orders", i));
  write(kLetters, letters);
  Replayer::Events events;
  bool stop = false;
  events.progress = [&stop](const ReplayCounts&) { stop = true; };
  events.stop = [&stop] { return stop; };
  const ReplayCounts first = run(std::move(events));
  EXPECT_FALSE(ended_);
  EXPECT_LT(first.replayed, kCount);
  EXPECT_EQ(first.replayed + run().replayed, kCount);
  EXPECT_TRUE(ended_);
  EXPECT_THAT(read("orders"), SizeIs(kCount));
}

TEST(ReplayOptionsTest, TheCommandLineIsRead) {
  const ReplayOptions options = parse_replay_options(
      {"w.properties", "--topic", "a", "dlq", "--topic", "b", "--connector", "c", "--header", "h=x=y",
       "--if-newer", "--dry-run", "--json", "--from-beginning"});
  EXPECT_EQ(options.worker_file, "w.properties");
  EXPECT_EQ(options.letter_topic, "dlq");
  EXPECT_EQ(options.group, "dlq-replay");
  EXPECT_THAT(options.topics, ElementsAre("a", "b"));
  EXPECT_THAT(options.connectors, ElementsAre("c"));
  EXPECT_THAT(options.headers, ElementsAre(Pair("h", "x=y")));
  EXPECT_TRUE(options.if_newer && options.dry_run && options.json && options.from_beginning);
  EXPECT_EQ(parse_replay_options({"w", "d", "--group", "g"}).group, "g");
}

TEST(ReplayOptionsTest, WhatIsWrongIsSaid) {
  const auto error = [](const std::vector<std::string>& arguments) {
    try {
      parse_replay_options(arguments);
    } catch (const ConfigException& wrong) {
      return std::string(wrong.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(error({}), HasSubstr("worker"));
  EXPECT_THAT(error({"w"}), HasSubstr("which dead letter topic"));
  EXPECT_THAT(error({"w", "d", "e"}), HasSubstr("not also e"));
  EXPECT_THAT(error({"w", "d", "--nope"}), HasSubstr("no option --nope"));
  EXPECT_THAT(error({"w", "d", "--group"}), HasSubstr("--group needs a value"));
  EXPECT_THAT(error({"w", "d", "--header", "=x"}), HasSubstr("NAME=VALUE"));
}

}  // namespace
}  // namespace millrace
