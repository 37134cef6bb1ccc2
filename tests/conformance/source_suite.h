#pragma once
// Rules for sources: every record once and in order, whatever restarts; polls that end.

#include <gmock/gmock.h>

#include <future>
#include <random>

#include "tests/conformance/harness.h"

namespace millrace::conformance {

class SourceSuite : public testing::TestWithParam<Maker<SourceUnderTest>> {
 protected:
  static constexpr std::chrono::seconds kStopLimit{2};

  /// Feeds `count` new texts.
  void feed(size_t count) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < count; ++i) {
      texts.push_back("text " + std::to_string(fed_.size() + i));
    }
    system_->feed(texts);
    fed_.insert(fed_.end(), texts.begin(), texts.end());
  }
  static std::vector<std::string> texts(const std::vector<Row>& rows) {
    std::vector<std::string> result;
    for (const Row& row : rows) result.push_back(row.text);
    return result;
  }
  std::vector<std::string> fed_from(size_t first) const {
    return {fed_.begin() + static_cast<std::ptrdiff_t>(first), fed_.end()};
  }

  const std::unique_ptr<SourceUnderTest> system_ = GetParam().make();
  const LoadedConnector loaded_{*system_};
  SourceDriver driver_{loaded_, *system_};
  std::vector<std::string> fed_;
};

template <class T>
auto of_source() {
  return testing::Values(maker_of<T, SourceUnderTest>());
}

TEST_P(SourceSuite, DeliversEverythingOnceAndInOrder) {
  feed(500);
  driver_.start();
  EXPECT_EQ(texts(driver_.collect(500)), fed_);
  EXPECT_THAT(driver_.poll(false), testing::IsEmpty());
  feed(3);
  EXPECT_EQ(texts(driver_.collect(3)), fed_from(500));
}

TEST_P(SourceSuite, RecordsAreWhole) {
  feed(3);
  driver_.start();
  ASSERT_EQ(driver_.collect(3).size(), 3U);
  for (const Record& record : driver_.batch().records()) {
    EXPECT_FALSE(record.topic.empty());
    for (const Value& map : {record.source_partition, record.source_offset}) {
      ASSERT_EQ(map.type(), Type::Map);
      EXPECT_FALSE(map.as_map().empty());
      for (const MapEntry& entry : map.as_map()) {
        EXPECT_EQ(entry.key.type(), Type::String);
        EXPECT_LE(entry.value.type(), Type::Bytes) << "offsets hold primitives only";
      }
    }
  }
}

TEST_P(SourceSuite, ResumesBehindEveryRow) {
  constexpr size_t kRows = 12;
  feed(kRows);
  driver_.start();
  const std::vector<Row> rows = driver_.collect(kRows);
  ASSERT_EQ(rows.size(), kRows);
  for (size_t next = 1; next < kRows; ++next) {
    driver_.kill();
    driver_.commit(rows[next - 1]);
    driver_.start();
    EXPECT_EQ(texts(driver_.collect(kRows - next)), fed_from(next));
    EXPECT_THAT(driver_.poll(false), testing::IsEmpty());
  }
}

TEST_P(SourceSuite, ARestartWithoutACommitStartsOver) {
  feed(5);
  driver_.start();
  EXPECT_EQ(driver_.collect(5).size(), 5U);
  driver_.task().stop();
  driver_.start();
  EXPECT_EQ(texts(driver_.collect(5)), fed_);
}

// Rows come, the log acknowledges some of them, the task ends at any moment: after the commits
// that were made, what follows continues exactly there.
TEST_P(SourceSuite, RandomCommitsAndRestartsLeaveNoGap) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  driver_.start();
  size_t next = 0;       // the row that must come next
  size_t committed = 0;  // rows below it are
  std::vector<Row> since_commit;
  for (int step = 0; step < 300; ++step) {
    if (random() % 3 == 0) feed(random() % 20);
    for (Row& row : driver_.poll(false)) {
      ASSERT_LT(next, fed_.size());
      ASSERT_EQ(row.text, fed_[next]);
      ++next;
      since_commit.push_back(std::move(row));
    }
    if (!since_commit.empty() && random() % 4 == 0) {
      const size_t acknowledged = 1 + random() % since_commit.size();
      driver_.commit(since_commit[acknowledged - 1]);
      since_commit.erase(since_commit.begin(),
                         since_commit.begin() + static_cast<std::ptrdiff_t>(acknowledged));
      committed += acknowledged;
    }
    if (random() % 8 != 0) continue;
    if (random() % 2 == 0) driver_.task().stop();
    driver_.kill();
    driver_.start();
    next = committed;
    since_commit.clear();
  }
  EXPECT_EQ(texts(driver_.collect(fed_.size() - next)), fed_from(next));
}

TEST_P(SourceSuite, AnOffsetStoreThatCannotBeReadIsNotTakenForEmpty) {
  feed(3);
  driver_.context().store_is_broken = true;
  EXPECT_THROW(
      {
        driver_.start();
        driver_.poll(false);
      },
      Error);
}

TEST_P(SourceSuite, AnIdlePollEndsWhenAStopIsAsked) {
  feed(1);
  driver_.start();
  ASSERT_EQ(driver_.collect(1).size(), 1U);
  std::stop_source stop;
  RecordBatch batch;
  auto idle = std::async(std::launch::async, [&] { driver_.task().poll(batch, stop.get_token()); });
  stop.request_stop();
  ASSERT_EQ(idle.wait_for(kStopLimit), std::future_status::ready);
  idle.get();
  EXPECT_TRUE(batch.empty());
}

TEST_P(SourceSuite, PollAfterStopGivesNothing) {
  feed(3);
  driver_.start();
  driver_.task().stop();
  EXPECT_THAT(driver_.poll(false), testing::IsEmpty());
  driver_.start();
  EXPECT_EQ(driver_.collect(3).size(), 3U);
  feed(3);
  driver_.task().stop();
  EXPECT_THAT(driver_.poll(false), testing::IsEmpty());
}

TEST_P(SourceSuite, TasksMayBeStoppedTwiceOrNeverStarted) {
  feed(1);
  driver_.start();
  EXPECT_EQ(driver_.collect(1).size(), 1U);
  driver_.task().stop();
  driver_.task().stop();
  driver_.kill();
  auto connector = loaded_.make();
  const auto task = dynamic_cast<SourceConnector&>(*connector).make_task();
  task->stop();
}

TEST_P(SourceSuite, CommitHooksTakeRowsOfEveryState) {
  feed(3);
  driver_.start();
  ASSERT_EQ(driver_.collect(3).size(), 3U);
  ASSERT_EQ(driver_.batch().size(), 3U);
  driver_.batch().filter(1);
  driver_.batch().reject(2, {});
  driver_.task().commit_records(driver_.batch());
  driver_.task().commit();
  feed(1);
  EXPECT_EQ(texts(driver_.collect(1)), fed_from(3));
}

TEST_P(SourceSuite, ItsOwnOffsetsMayBeSetAndReset) {
  feed(2);
  driver_.start();
  ASSERT_EQ(driver_.collect(2).size(), 2U);
  const Record& record = driver_.batch()[0];
  const PartitionOffset changes[] = {{record.source_partition, record.source_offset},
                                     {record.source_partition, Value()}};
  auto connector = loaded_.make();
  auto& source = dynamic_cast<SourceConnector&>(*connector);
  if (system_->alters_offsets()) {
    for (const PartitionOffset& change : changes) {
      EXPECT_NO_THROW(source.alter_offsets(system_->config(), std::span(&change, 1)));
    }
  } else {
    EXPECT_THROW(source.alter_offsets(system_->config(), changes), UnsupportedException);
  }
}

}  // namespace millrace::conformance
