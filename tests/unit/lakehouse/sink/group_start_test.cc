#include "connectors/lakehouse/sink/group_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Topic t of three partitions, each from 100 to 200.
class FakeLog : public RecordLog {
 public:
  std::string cluster_id() override { return "c"; }
  std::map<TopicPartition, LogRange> ranges(std::span<const TopicPartition> partitions) override {
    std::map<TopicPartition, LogRange> found;
    for (const TopicPartition& one : partitions) {
      if (one.topic == "t" && one.partition < 3) found[one] = {Offset{100}, Offset{200}};
    }
    return found;
  }
};

OffsetMap at(int32_t partition, int64_t offset) { return {{{"t", partition}, Offset{offset}}}; }

class GroupStartTest : public ::testing::Test {
 protected:
  GroupStart start(std::vector<TopicPartition> partitions) {
    return find_group_start(committed_, partitions, rules_, log_);
  }

  OffsetMap committed_;
  StartRules rules_;
  FakeLog log_;
};

TEST_F(GroupStartTest, TheGroupsOffsetComesFirst) {
  committed_ = at(1, 150);
  rules_.policy = StartPolicy::Latest;
  rules_.topic_offsets["t"] = 120;
  const GroupStart one = start({{"t", 1}});
  EXPECT_EQ(one.begin, at(1, 150));
  EXPECT_THAT(one.to_commit, IsEmpty());
  EXPECT_THAT(one.waits_for, IsEmpty());
}

TEST_F(GroupStartTest, APartitionAddedLaterBeginsAtItsBeginning) {
  committed_ = at(0, 150);
  rules_.policy = StartPolicy::Latest;
  EXPECT_EQ(start({{"t", 2}}).begin, at(2, 100));
}

TEST_F(GroupStartTest, WhoeverIsFirstOthersOfANewTopicBeginByThePolicy) {
  rules_.policy = StartPolicy::Latest;
  committed_ = at(1, 200);
  const GroupStart one = start({{"t", 2}});
  EXPECT_EQ(one.begin, at(2, 200));
  EXPECT_EQ(one.to_commit, at(2, 200));
}

TEST_F(GroupStartTest, TheOwnerOfTheFirstPartitionIsTheLastToBegin) {
  rules_.policy = StartPolicy::Latest;
  const GroupStart waiting = start({{"t", 0}, {"t", 1}});
  EXPECT_EQ(waiting.begin, at(1, 200)) << "else two tasks could wait for each other";
  EXPECT_EQ(waiting.to_commit, at(1, 200));
  EXPECT_THAT(waiting.waits_for, ElementsAre(TopicPartition{"t", 2}));
  committed_ = {{{"t", 1}, Offset{200}}, {{"t", 2}, Offset{180}}};
  const GroupStart last = start({{"t", 0}});
  EXPECT_EQ(last.begin, at(0, 200));
  EXPECT_EQ(last.to_commit, at(0, 200));
  EXPECT_THAT(last.waits_for, IsEmpty());
}

TEST_F(GroupStartTest, NobodyWaitsForTheBeginning) {
  EXPECT_THAT(start({{"t", 0}}).waits_for, IsEmpty());
  EXPECT_EQ(start({{"t", 0}}).begin, at(0, 100));
  rules_.partition_offsets[{"t", 2}] = 130;
  EXPECT_FALSE(start({{"t", 0}}).waits_for.empty());
}

TEST_F(GroupStartTest, AnOffsetTheLogDoesNotHaveGoesByItsRule) {
  committed_ = at(0, 50);
  EXPECT_THROW(start({{"t", 0}}), ConnectException);
  rules_.out_of_range = OutOfRange::Latest;
  EXPECT_EQ(start({{"t", 0}}).begin, at(0, 200));
  EXPECT_EQ(start({{"t", 0}}).to_commit, at(0, 200)) << "latest would be another place later";
}

}  // namespace
}  // namespace millrace::lakehouse
