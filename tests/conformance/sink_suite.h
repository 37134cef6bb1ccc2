#pragma once
// Rules for sinks: an offset is committed only when what it covers would survive a kill.

#include <gmock/gmock.h>

#include <random>

#include "tests/conformance/harness.h"

namespace millrace::conformance {

class SinkSuite : public testing::TestWithParam<Maker<SinkUnderTest>> {
 protected:
  inline static const TopicPartition kA{"a", 0};
  inline static const TopicPartition kB{"b", 1};

  std::vector<std::string> sorted_durable() {
    auto rows = system_->durable();
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  /// Durable rows, each once.
  std::vector<std::string> distinct_durable() {
    auto rows = sorted_durable();
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  }
  void put_all() {
    driver_.consume();
    ASSERT_TRUE(driver_.put());
  }
  void restart() {
    driver_.kill();
    driver_.forget_assignment();
    driver_.start();
  }

  const std::unique_ptr<SinkUnderTest> system_ = GetParam().make();
  const LoadedConnector loaded_{*system_};
  SinkDriver driver_{loaded_, *system_};
};

template <class T>
auto of_sink() {
  return testing::Values(maker_of<T, SinkUnderTest>());
}

TEST_P(SinkSuite, WhatWasPutIsDurableAfterFlush) {
  driver_.start();
  driver_.open({kA});
  for (int round = 1; round <= 3; ++round) {
    driver_.produce(kA, 50);
    put_all();
    driver_.task().flush({{kA, Offset{50 * round}}});
    EXPECT_EQ(sorted_durable(), driver_.produced());
  }
}

TEST_P(SinkSuite, RowsOfAPartitionKeepTheirOrder) {
  driver_.start();
  driver_.open({kA});
  driver_.produce(kA, 120);
  for (int round = 0; round < 3; ++round) {
    driver_.consume(40);
    ASSERT_TRUE(driver_.put());
  }
  driver_.task().flush({});
  const auto rows = system_->durable();
  ASSERT_EQ(rows.size(), 120U);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], "a-0 row " + std::to_string(i));
}

TEST_P(SinkSuite, ACommitCoversWhatWasPut) {
  driver_.start();
  driver_.open({kA, kB});
  driver_.produce(kA, 10);
  driver_.produce(kB, 20);
  put_all();
  driver_.commit();
  EXPECT_TRUE(driver_.all_committed()) << "nothing stood in the way";
}

TEST_P(SinkSuite, ACommitOfOnePartitionLeavesTheOtherAlone) {
  driver_.start();
  driver_.open({kA, kB});
  driver_.produce(kA, 5);
  driver_.produce(kB, 5);
  put_all();
  driver_.commit({kB});
  EXPECT_EQ(driver_.committed(kA), Offset{0});
  EXPECT_EQ(driver_.committed(kB), Offset{5});
}

TEST_P(SinkSuite, EmptyPutsWriteNothing) {
  driver_.start();
  RecordBatch empty;
  driver_.task().put(empty, {});  // before anything is assigned
  driver_.open({kA});
  driver_.task().put(empty, {});
  EXPECT_TRUE(driver_.task().pre_commit({}).empty());
  driver_.task().flush({});
  EXPECT_THAT(system_->durable(), testing::IsEmpty());
  driver_.produce(kA, 2);
  put_all();
  driver_.task().put(empty, {});
  driver_.commit();
  EXPECT_EQ(sorted_durable(), driver_.produced());
}

TEST_P(SinkSuite, OnlyLiveRowsAreWritten) {
  driver_.start();
  driver_.open({kA});
  driver_.produce(kA, 4);
  driver_.consume();
  driver_.batch().filter(0);
  driver_.batch().reject(2, {});
  ASSERT_TRUE(driver_.put());
  driver_.task().flush({});
  EXPECT_THAT(system_->durable(), testing::ElementsAre("a-0 row 1", "a-0 row 3"));
}

TEST_P(SinkSuite, PartitionsComeAndGo) {
  driver_.start();
  driver_.open({kA, kB});
  driver_.produce(kA, 5);
  driver_.produce(kB, 5);
  put_all();
  driver_.commit({kB});
  driver_.close({kB});
  driver_.produce(kA, 5);
  driver_.produce(kB, 5);
  put_all();
  driver_.commit();
  driver_.open({kB});
  put_all();
  driver_.commit();
  driver_.close({kA, kB});
  EXPECT_TRUE(driver_.all_committed());
  EXPECT_EQ(sorted_durable(), driver_.produced()) << "no kill, no failure: every row once";
  driver_.open({});
  driver_.close({});
}

TEST_P(SinkSuite, UncommittedRowsComeAgainAfterAKill) {
  driver_.start();
  driver_.open({kA});
  driver_.produce(kA, 10);
  put_all();
  driver_.commit();
  driver_.produce(kA, 10);
  put_all();
  restart();  // 10 rows were put but not committed
  driver_.open({kA});
  put_all();
  driver_.commit();
  EXPECT_TRUE(driver_.all_committed());
  EXPECT_EQ(distinct_durable(), driver_.produced());
}

TEST_P(SinkSuite, CommittedRowsSurviveAStop) {
  driver_.start();
  driver_.open({kA});
  driver_.produce(kA, 10);
  put_all();
  driver_.commit();
  driver_.close({kA});
  driver_.task().stop();
  driver_.expect_committed_is_durable();
  EXPECT_EQ(sorted_durable(), driver_.produced());
}

TEST_P(SinkSuite, TasksMayBeStoppedTwiceOrNeverStarted) {
  driver_.start();
  driver_.task().stop();
  driver_.task().stop();
  driver_.kill();
  auto connector = loaded_.make();
  const auto task = dynamic_cast<SinkConnector&>(*connector).make_task();
  task->stop();
}

TEST_P(SinkSuite, AFullSystemLosesNothingAndCommitsNothingTooEarly) {
  driver_.start();
  driver_.open({kA});
  driver_.produce(kA, 3);
  put_all();
  driver_.commit();
  system_->set_full(true);
  driver_.produce(kA, 200);
  driver_.consume(100);
  bool taken = driver_.put();
  driver_.commit();
  if (taken) {
    driver_.consume(100);
    taken = driver_.put();
  }
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_FALSE(driver_.put()) << "a system that stays full must be heard of";
    driver_.commit();
  }
  EXPECT_FALSE(driver_.all_committed());
  system_->set_full(false);
  EXPECT_TRUE(driver_.put());
  driver_.consume();
  EXPECT_TRUE(driver_.put());
  driver_.commit();
  EXPECT_TRUE(driver_.all_committed());
  EXPECT_EQ(sorted_durable(), driver_.produced()) << "no kill: every row once";
}

// Random puts, commits, rebalances, kills and full disks.
TEST_P(SinkSuite, NoCommitIsEverAheadOfWhatIsDurable) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  driver_.start();
  driver_.open({kA, kB});
  bool waiting = false;  // the batch must be put again
  for (int step = 0; step < 400 && !HasFatalFailure(); ++step) {
    driver_.produce(random() % 2 == 0 ? kA : kB, random() % 5);
    system_->set_full(random() % 8 == 0);
    if (!waiting) driver_.consume(random() % 10);
    waiting = !driver_.put();
    if (random() % 3 == 0) driver_.commit();
    if (!waiting && random() % 10 == 0) {
      driver_.commit({kB});
      driver_.close({kB});
      driver_.open({kB});
    }
    if (random() % 25 == 0) {
      restart();
      driver_.open({kA, kB});
      waiting = false;
    }
  }
  system_->set_full(false);
  if (!waiting) driver_.consume();
  EXPECT_TRUE(driver_.put());
  driver_.consume();
  EXPECT_TRUE(driver_.put());
  driver_.commit();
  EXPECT_TRUE(driver_.all_committed());
  const auto kept = distinct_durable();
  const auto wanted = driver_.produced();
  EXPECT_TRUE(std::includes(kept.begin(), kept.end(), wanted.begin(), wanted.end()));
}

TEST_P(SinkSuite, OffsetsMayBeSetAndReset) {
  auto connector = loaded_.make();
  auto& sink = dynamic_cast<SinkConnector&>(*connector);
  const std::map<TopicPartition, std::optional<Offset>> changes{{kA, Offset{1}},
                                                                {kB, std::nullopt}};
  if (system_->alters_offsets()) {
    EXPECT_NO_THROW(sink.alter_offsets(system_->config(), changes));
  } else {
    EXPECT_THROW(sink.alter_offsets(system_->config(), changes), UnsupportedException);
  }
}

}  // namespace millrace::conformance
