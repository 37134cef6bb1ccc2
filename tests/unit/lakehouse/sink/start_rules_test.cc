#include "connectors/lakehouse/sink/start_rules.h"

#include <gtest/gtest.h>

#include "connectors/lakehouse/commit/written_batch.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

/// A log of topics with some partitions, each from 100 to 200.
class FakeLog : public RecordLog {
 public:
  explicit FakeLog(std::map<std::string, int32_t> topics) : topics_(std::move(topics)) {}
  std::string cluster_id() override { return "c"; }
  std::map<TopicPartition, LogRange> ranges(std::span<const TopicPartition> partitions) override {
    std::map<TopicPartition, LogRange> found;
    for (const TopicPartition& one : partitions) {
      const auto topic = topics_.find(one.topic);
      if (topic == topics_.end() || one.partition >= topic->second) continue;
      found[one] = {Offset{100}, Offset{200}};
    }
    return found;
  }

 private:
  std::map<std::string, int32_t> topics_;
};

class StartRulesTest : public ::testing::Test {
 protected:
  std::map<TopicPartition, Start> resolve(std::vector<TopicPartition> partitions) {
    return resolve_starts(positions_, "c", partitions, rules_, log_);
  }
  Start one() { return resolve({{"t", 0}}).at({"t", 0}); }

  Positions positions_;
  StartRules rules_;
  FakeLog log_{{{"t", 3}, {"u", 1}, {"wide", 1'500}}};
};

TEST_F(StartRulesTest, TheTableComesFirst) {
  positions_.set("c", {"t", 0}, 150);
  rules_.policy = StartPolicy::Latest;
  rules_.partition_offsets[{"t", 0}] = 120;
  const Start start = one();
  EXPECT_EQ(start.offset, 150);
  EXPECT_FALSE(start.must_pin);
}

TEST_F(StartRulesTest, APartitionAddedLaterBeginsAtItsBeginning) {
  positions_.set("c", {"t", 1}, 150);
  rules_.policy = StartPolicy::Latest;
  rules_.topic_offsets["t"] = 120;
  const auto starts = resolve({{"t", 0}});
  EXPECT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts.at({"t", 0}).offset, 100);
  EXPECT_TRUE(starts.at({"t", 0}).must_pin);
  EXPECT_EQ(starts.at({"t", 0}).stored, OffsetStep::kUnknown);
}

TEST_F(StartRulesTest, ThenTheConfiguredOffset) {
  rules_.policy = StartPolicy::Latest;
  rules_.topic_offsets["t"] = 120;
  EXPECT_EQ(one().offset, 120);
  rules_.partition_offsets[{"t", 0}] = 130;
  EXPECT_EQ(one().offset, 130);
  rules_.partition_offsets[{"t", 0}] = 7;
  EXPECT_EQ(one().offset, 100) << "the nearest that the log has";
  rules_.partition_offsets[{"t", 0}] = 7'000;
  EXPECT_EQ(one().offset, 200);
}

TEST_F(StartRulesTest, ThenThePolicy) {
  EXPECT_EQ(one().offset, 100);
  rules_.policy = StartPolicy::Latest;
  EXPECT_EQ(one().offset, 200);
  rules_.of_topic["t"] = StartPolicy::Earliest;
  EXPECT_EQ(one().offset, 100);
  positions_.set("other cluster", {"t", 0}, 150);
  EXPECT_EQ(one().offset, 100);
}

// Else the partitions of the other tasks would count as added later.
TEST_F(StartRulesTest, AllPartitionsOfANewTopicArePinnedTogether) {
  rules_.policy = StartPolicy::Latest;
  const auto starts = resolve({{"t", 1}, {"u", 0}});
  EXPECT_EQ(starts.size(), 4U);
  for (const auto& [partition, start] : starts) {
    EXPECT_EQ(start.offset, 200);
    EXPECT_TRUE(start.must_pin);
  }
  EXPECT_EQ(resolve({{"wide", 0}}).size(), 1'500U);
}

TEST_F(StartRulesTest, WhatTheLogDoesNotHaveIsOutOfRange) {
  positions_.set("c", {"t", 0}, 200);
  EXPECT_EQ(one().offset, 200) << "the end is in the range";
  for (const int64_t stored : {99, 201}) {
    positions_.set("c", {"t", 0}, stored);
    rules_.out_of_range = OutOfRange::Fail;
    EXPECT_THROW(one(), ConnectException);
    rules_.out_of_range = OutOfRange::Earliest;
    EXPECT_EQ(one().offset, 100);
    rules_.out_of_range = OutOfRange::Latest;
    const Start start = one();
    EXPECT_EQ(start.offset, 200);
    EXPECT_TRUE(start.must_pin);
    EXPECT_EQ(start.stored, stored) << "the pin replaces exactly that";
  }
}

TEST_F(StartRulesTest, APartitionThatIsNotThereMayCome) {
  EXPECT_THROW(resolve({{"t", 3}}), RetriableException);
}

TEST(StartRulesText, EntriesAreReadFromTheirEnd) {
  EXPECT_EQ(parse_start_policies({"a:latest", "b:c:earliest"}),
            (std::map<std::string, StartPolicy>{{"a", StartPolicy::Latest}, {"b:c", StartPolicy::Earliest}}));
  for (const char* wrong : {"a", ":latest", "a:newest", ""}) {
    EXPECT_THROW(parse_start_policies({wrong}), ConfigException) << wrong;
  }
  StartRules rules;
  parse_start_offsets({"a:5", "b:2:9"}, rules);
  EXPECT_EQ(rules.topic_offsets.at("a"), 5);
  EXPECT_EQ(rules.partition_offsets.at({"b", 2}), 9);
  for (const char* wrong : {"a", "a:", "a:-1", "a:x:1", ":1", ":1:1", "a:1:9223372036854775808"}) {
    EXPECT_THROW(parse_start_offsets({wrong}, rules), ConfigException) << wrong;
  }
}

}  // namespace
}  // namespace millrace::lakehouse
