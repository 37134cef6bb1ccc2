// Tables of the configuration, without a worker.

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/file_size_limit.h"
#include "tests/unit/lakehouse/sink/task_fixture.h"

namespace millrace::lakehouse {
namespace {

using ::testing::HasSubstr;

const TopicPartition kP0{"t", 0};

class StaticTaskTest : public TaskFixture {
 protected:
  Properties tables(Properties more = {}) const {
    more.insert({"iceberg.tables", "db.a,db.b"});
    return config(std::move(more));
  }
  void live(const Properties& config) {
    FakeWorker worker(cluster_, config);
    worker.open({kP0});
    worker.run_dry();
    worker.close({kP0});
  }
};

TEST_F(StaticTaskTest, WithoutARouteEachTableGetsEverything) {
  produce(0, {"x", "y"});
  live(tables());
  EXPECT_EQ(rows("db.a"), 2);
  EXPECT_EQ(rows("db.b"), 2);
}

TEST_F(StaticTaskTest, WithARouteFieldATableWithoutAnExpressionGetsNothing) {
  produce(0, {"x", "y", "xx"});
  cluster_.produce(0, R"({"n":3})");
  live(tables({{"iceberg.tables.route-field", "kind"}, {"iceberg.table.db.a.route-regex", "x"}}));
  EXPECT_EQ(rows("db.a"), 1) << "the whole value has to match";
  EXPECT_EQ(rows("db.b"), 0);
  EXPECT_EQ(stored("db.a", 0), 4);
  EXPECT_EQ(stored("db.b", 0), 4) << "they move on together";
}

TEST_F(StaticTaskTest, AnExpressionWithoutARouteFieldMeansNothing) {
  produce(0, {"x", "y"});
  live(tables({{"iceberg.table.db.a.route-regex", "x"}}));
  EXPECT_EQ(rows("db.a"), 2);
}

TEST_F(StaticTaskTest, ReadingBeginsAtTheTableThatIsFurthestBehind) {
  produce(0, {"x", "y"});
  live(config({{"iceberg.tables", "db.a"}}));
  produce(0, {"z"});
  live(tables());
  EXPECT_EQ(rows("db.a"), 3);
  EXPECT_EQ(rows("db.b"), 3);
}

TEST_F(StaticTaskTest, TheGroupsOffsetIsNeverRead) {
  produce(0, {"x", "y"});
  cluster_.group[kP0] = Offset{1};
  live(tables());
  EXPECT_EQ(rows("db.a"), 2);
}

TEST_F(StaticTaskTest, TwoTasksThatOwnOnePartitionWriteEachRecordOnce) {
  FakeWorker one(cluster_, tables());
  FakeWorker two(cluster_, tables());
  produce(0, {"x"});
  one.open({kP0});
  two.open({kP0});
  for (int i = 0; i < 30; ++i) {
    produce(0, {"x", "y"});
    one.turn(7);
    if (i % 8 == 0) two.turn(5);  // ten times in a row would be too often
  }
  one.run_dry();
  EXPECT_EQ(rows("db.a"), 61);
  EXPECT_EQ(rows("db.b"), 61);
}

// The folder of a table's data is a file: nothing can be written until it is one again.
TEST_F(StaticTaskTest, AfterAFailedWriteAllIsReadAgain) {
  produce(0, {"x"});
  live(config({{"iceberg.tables", "db.a"}}));
  const auto data = folder_.path() / "db" / "a" / "data";
  const auto aside = folder_.path() / "aside";
  std::filesystem::rename(data, aside);
  std::ofstream(data) << "in the way";
  produce(0, {"y", "z"});
  FakeWorker worker(cluster_, config({{"iceberg.tables", "db.a"}}));
  worker.open({kP0});
  std::string error;
  try {
    for (int i = 0; i < 3; ++i) {
      worker.turn();
      worker.commit();
    }
  } catch (const Error& thrown) {
    error = thrown.what();
  }
  EXPECT_EQ(cluster_.group[kP0], Offset{1});
  std::filesystem::remove(data);
  std::filesystem::rename(aside, data);
  worker.run_dry();
  EXPECT_EQ(rows("db.a"), 3) << error;
  worker.close({kP0});
}

TEST_F(StaticTaskTest, WhatDoesNotPassFailsTheTaskInTheEnd) {
  produce(0, {"x"});
  // Longer than a turn: rows that reach their buffer again do not end the trouble.
  const Properties given = config({{"iceberg.tables", "db.a"}, {"lakehouse.retry.timeout.ms", "300"}});
  live(given);
  produce(0, {"y"});
  FakeWorker worker(cluster_, given);
  worker.open({kP0});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  const testing_support::FileSizeLimit full(10);
  try {
    while (std::chrono::steady_clock::now() < deadline) {
      worker.turn();
      worker.commit();
    }
    FAIL() << "the task goes on";
  } catch (const Error& error) {
    EXPECT_FALSE(error.retriable());
    EXPECT_THAT(error.what(), HasSubstr("lakehouse.retry.timeout.ms=300"));
  }
  EXPECT_EQ(cluster_.group[kP0], Offset{1});
}

TEST_F(StaticTaskTest, LagCountsWhatTheTableDoesNotHave) {
  produce(0, {"x", "y"});
  FakeWorker worker(cluster_, config({{"iceberg.tables", "db.a"},
                                      {"iceberg.control.commit.interval-ms", "3600000"}}));
  worker.open({kP0});
  worker.turn(1);
  EXPECT_EQ(worker.metric("lag_records"), 2);
  EXPECT_EQ(worker.metric("lag_seconds"), -1) << "nothing of this task is committed";
  worker.close({kP0});
}

}  // namespace
}  // namespace millrace::lakehouse
