// Tables that records name, without a worker.

#include <fstream>

#include "tests/unit/lakehouse/sink/task_fixture.h"

namespace millrace::lakehouse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kP0{"t", 0};
const TopicPartition kP1{"t", 1};

class DynamicTaskTest : public TaskFixture {
 protected:
  /// A life of a task until all is read.
  void live(const Properties& config) {
    FakeWorker worker(cluster_, config);
    worker.open({kP0});
    worker.run_dry();
    worker.close({kP0});
  }
  /// Without our commit: another writer, or an operator, moves what the table says.
  void set_stored(const std::string& name, int64_t next) {
    const SinkOptions options = SinkOptions::parse(dynamic());
    TableSetup setup(catalog(), options.catalog_key(), name, options);
    WrittenBatch batch;
    batch.cluster = "c";
    batch.schema = std::make_shared<TableSchema>(setup.load().metadata.current_schema());
    batch.steps[kP0] = {OffsetStep::kAny, next};
    const auto outcome =
        setup.committer()->submit_and_wait(std::move(batch), std::chrono::seconds{10});
    ASSERT_TRUE(outcome && outcome->fate == BatchFate::Committed);
  }
};

TEST_F(DynamicTaskTest, ARecordGoesToTheTableItNames) {
  produce(0, {"db.a", "DB.B", "db.a", "`db`.a", "db.b"});
  cluster_.produce(0, R"({"n":5})");
  cluster_.produce(0, R"({"kind":null,"n":6})");
  FakeWorker worker(cluster_, dynamic());
  worker.open({kP0});
  worker.run_dry();
  EXPECT_EQ(rows("db.a"), 3);
  EXPECT_EQ(rows("db.b"), 2);
  EXPECT_THAT(worker.rejected, IsEmpty());
  worker.close({kP0});
  EXPECT_EQ(worker.metric("skipped_records_total", "no_name"), 2);
  EXPECT_EQ(worker.metric("open_tables"), 2);
}

TEST_F(DynamicTaskTest, ATableGetsAPathThroughItsRecord) {
  cluster_.produce(0, R"({"to":{"kind":"db.a"},"n":1})");
  live(dynamic({{"iceberg.tables.route-field", "to.kind"}, {"lakehouse.nested.handling", "struct"}}));
  EXPECT_EQ(rows("db.a"), 1);
}

TEST_F(DynamicTaskTest, ANameThatCannotBeOneIsRejected) {
  produce(0, {"db.a", "../../x", "db..a", "", "db.a"});
  cluster_.produce(0, R"({"kind":")" + std::string(300, 'x') + R"("})");
  FakeWorker worker(cluster_, dynamic());
  worker.open({kP0});
  worker.run_dry();
  EXPECT_EQ(rows("db.a"), 2);
  ASSERT_EQ(worker.rejected.size(), 4U);
  EXPECT_THAT(worker.rejected[0], HasSubstr("TABLE_NAME(kind): table name `../../x`"));
  EXPECT_THAT(worker.rejected[0], HasSubstr("(t-0, offset 1)"));
  EXPECT_THAT(worker.rejected[3], HasSubstr("more than 200 bytes"));
}

TEST_F(DynamicTaskTest, AMissingTableIsSkippedWhenItMustNotBeMade) {
  produce(0, {"db.a"});
  live(dynamic());
  produce(0, {"db.a", "db.b", "db.b", "db.a"});
  FakeWorker worker(cluster_, dynamic({{"iceberg.tables.auto-create-enabled", "false"}}));
  worker.open({kP0});
  worker.run_dry();
  worker.close({kP0});
  EXPECT_EQ(rows("db.a"), 3);
  EXPECT_EQ(rows("db.b"), -1);
  EXPECT_EQ(worker.metric("skipped_records_total", "no_table"), 2);
}

TEST_F(DynamicTaskTest, TablesHaveTheirOwnSettings) {
  produce(0, {"db.a", "db.b"});
  live(dynamic({{"iceberg.table.db.b.partition-by", "n"}}));
  EXPECT_TRUE(table("db.a")->metadata.default_spec().is_unpartitioned());
  EXPECT_FALSE(table("db.b")->metadata.default_spec().is_unpartitioned());
}

TEST_F(DynamicTaskTest, TheGroupDoesNotPassRowsThatAreNotCommitted) {
  produce(0, {"db.a", "db.b", "db.a"});
  FakeWorker worker(cluster_, dynamic({{"iceberg.control.commit.interval-ms", "3600000"}}));
  worker.open({kP0});
  EXPECT_EQ(cluster_.group[kP0], Offset{0}) << "before the first record";
  for (int i = 0; i < 3; ++i) {
    worker.turn(1);
    worker.commit();
    EXPECT_EQ(cluster_.group[kP0], Offset{0}) << i;
  }
  EXPECT_EQ(rows("db.a"), 0);
  worker.close({kP0});
  EXPECT_EQ(rows("db.a"), 2);
  EXPECT_EQ(rows("db.b"), 1);
  EXPECT_EQ(cluster_.group[kP0], Offset{0}) << "the worker's last commit was before the end of the files";
  live(dynamic());
  EXPECT_EQ(rows("db.a"), 2) << "what is there is skipped";
  EXPECT_EQ(rows("db.b"), 1);
  EXPECT_EQ(cluster_.group[kP0], Offset{3});
}

TEST_F(DynamicTaskTest, ATableThatGetsNoRowsHoldsNothingBackAndGetsNoSnapshots) {
  produce(0, {"db.idle"});
  live(dynamic());
  const size_t before = snapshots("db.idle");
  for (int i = 0; i < 50; ++i) produce(0, {"db.a"});
  FakeWorker worker(cluster_, dynamic());
  worker.open({kP0});
  worker.run_dry();
  EXPECT_EQ(cluster_.group[kP0], Offset{51});
  EXPECT_EQ(snapshots("db.idle"), before);
  EXPECT_EQ(stored("db.idle", 0), 1);
  produce(0, {"db.idle"});
  worker.run_dry();
  EXPECT_EQ(rows("db.idle"), 2);
  EXPECT_EQ(stored("db.idle", 0), 52) << "its batch began where it was, far behind";
  worker.close({kP0});
}

// One table of two was committed, and the task died.
TEST_F(DynamicTaskTest, ACrashBetweenTwoCommitsDoublesAndLosesNothing) {
  produce(0, {"db.a", "db.b", "db.a", "db.b"});
  {
    FakeWorker worker(cluster_, dynamic());
    worker.open({kP0});
    worker.run_dry();
  }
  cluster_.group[kP0] = Offset{0};  // as it was before the commits of db.a
  std::filesystem::remove_all(folder_.path() / "db" / "b");
  live(dynamic());
  EXPECT_EQ(rows("db.a"), 2);
  EXPECT_EQ(rows("db.b"), 2);
}

TEST_F(DynamicTaskTest, OffsetsThatAreLostBeginByThePolicyAndDoubleNothing) {
  produce(0, {"db.a", "db.b"});
  live(dynamic());
  cluster_.group.clear();
  produce(0, {"db.b"});
  live(dynamic());
  EXPECT_EQ(rows("db.a"), 1);
  EXPECT_EQ(rows("db.b"), 2);
}

TEST_F(DynamicTaskTest, LatestIsCommittedBeforeTheFirstRecord) {
  produce(0, {"db.a", "db.a"});
  const Properties latest = dynamic({{"lakehouse.start.policy", "latest"}});
  {
    FakeWorker worker(cluster_, latest);
    worker.open({kP0});
  }
  EXPECT_EQ(cluster_.group[kP0], Offset{2});
  produce(0, {"db.a"});
  live(latest);
  EXPECT_EQ(rows("db.a"), 1);
}

TEST_F(DynamicTaskTest, TheOwnerOfTheFirstPartitionWaitsForTheOthers) {
  produce(0, {"db.a", "db.a"});
  produce(1, {"db.a"});
  const Properties latest = dynamic({{"lakehouse.start.policy", "latest"}});
  FakeWorker first(cluster_, latest);
  FakeWorker second(cluster_, latest);
  first.open({kP0});
  EXPECT_THROW(first.turn(), RetriableException);
  EXPECT_THAT(cluster_.group, IsEmpty());
  second.open({kP1});
  EXPECT_EQ(cluster_.group[kP1], Offset{1});
  produce(0, {"db.a"});
  first.turn();
  EXPECT_EQ(cluster_.group[kP0], Offset{3});
  produce(0, {"db.a"});
  produce(1, {"db.a"});
  first.run_dry();
  second.run_dry();
  EXPECT_EQ(rows("db.a"), 2);
}

// Another owner of the partition is faster: what this one wrote is dropped and read again.
TEST_F(DynamicTaskTest, AFencedBatchIsReadAgainAndOtherTablesSkipIt) {
  produce(0, {"db.a", "db.b"});
  FakeWorker worker(cluster_, dynamic());
  worker.open({kP0});
  worker.run_dry();
  produce(0, {"db.b", "db.a", "db.a", "db.b"});
  set_stored("db.a", 4);  // as if the other one had written record 3
  worker.run_dry();
  EXPECT_EQ(rows("db.a"), 2) << "records 0 and 4";
  EXPECT_EQ(rows("db.b"), 3);
  EXPECT_EQ(stored("db.a", 0), 6);
  worker.close({kP0});
}

TEST_F(DynamicTaskTest, ATableThatWentBackIsFilledAgainFromThere) {
  produce(0, {"db.a", "db.b", "db.a"});
  FakeWorker worker(cluster_, dynamic());
  worker.open({kP0});
  worker.run_dry();
  set_stored("db.a", 1);  // with the rows of records 0 and 2
  produce(0, {"db.a", "db.b"});
  worker.run_dry();
  EXPECT_EQ(rows("db.a"), 4) << "record 2 is there again";
  EXPECT_EQ(rows("db.b"), 2) << "the other one has it";
  EXPECT_EQ(cluster_.group[kP0], Offset{5});
}

TEST_F(DynamicTaskTest, RowsThatAreReplacedComeFromTheirTableAlone) {
  for (const char* record : {R"({"kind":"db.a","k":1,"v":1})", R"({"kind":"db.b","k":1,"v":2})",
                             R"({"kind":"db.a","k":1,"v":3})", R"({"kind":"db.a","k":2,"v":4})"}) {
    cluster_.produce(0, record);
  }
  live(dynamic({{"iceberg.tables.upsert-mode-enabled", "true"},
                {"iceberg.tables.default-id-columns", "k"}}));
  EXPECT_EQ(rows("db.a"), 2);
  EXPECT_EQ(rows("db.b"), 1);
}

// Not a fault of the record: what the table says of its offsets cannot be understood.
TEST_F(DynamicTaskTest, ATableThatCannotBeReadFailsTheTask) {
  produce(0, {"db.a"});
  live(dynamic());
  const auto loaded = table("db.a");
  const auto metadata = std::filesystem::path(loaded->metadata_location.substr(
      loaded->metadata_location.starts_with("file://") ? 7 : 0));
  std::ofstream(metadata) << "no metadata";
  produce(0, {"db.a"});
  FakeWorker worker(cluster_, dynamic());
  worker.open({kP0});
  EXPECT_THROW(worker.turn(), Error);
  EXPECT_THAT(worker.rejected, IsEmpty());
}

TEST_F(DynamicTaskTest, TwoTasksThatOwnOnePartitionWriteEachRecordOnce) {
  FakeWorker one(cluster_, dynamic());
  FakeWorker two(cluster_, dynamic());
  produce(0, {"db.a"});
  one.open({kP0});
  two.open({kP0});
  for (int i = 0; i < 40; ++i) {
    produce(0, {"db.a", "db.b", "db.c"});
    one.turn(7);
    if (i % 8 == 0) two.turn(5);  // ten times in a row would be too often
  }
  one.run_dry();
  cluster_.group[kP0] = Offset{0};
  two.run_dry();
  EXPECT_EQ(rows("db.a"), 41);
  EXPECT_EQ(rows("db.b"), 40);
  EXPECT_EQ(rows("db.c"), 40);
}

TEST_F(DynamicTaskTest, ATaskThatGetsAPartitionKeepsWhatItHas) {
  produce(0, {"db.a", "db.b"});
  produce(1, {"db.a", "db.c"});
  FakeWorker worker(cluster_, dynamic({{"iceberg.control.commit.interval-ms", "3600000"}}));
  worker.open({kP0});
  worker.turn();
  worker.open({kP1});
  worker.turn();
  worker.close({kP0});
  EXPECT_EQ(rows("db.a"), 2);
  EXPECT_EQ(stored("db.a", 0), 2);
  EXPECT_EQ(stored("db.a", 1), 2);
  produce(1, {"db.c", "db.b"});
  worker.turn();
  worker.close({kP1});
  EXPECT_EQ(rows("db.b"), 2);
  EXPECT_EQ(rows("db.c"), 2);
  EXPECT_EQ(stored("db.b", 0), 2);
  EXPECT_EQ(stored("db.b", 1), 4);
}

TEST_F(DynamicTaskTest, TablesAreClosedBeyondTheLimit) {
  FakeWorker worker(cluster_, dynamic({{"lakehouse.tables.max", "2"}}));
  produce(0, {"db.t0"});
  worker.open({kP0});
  for (int i = 0; i < 40; ++i) {
    const std::string name = "db.t" + std::to_string(i % 8);
    produce(0, {name.c_str()});
  }
  worker.run_dry();
  worker.turn();
  worker.close({kP0});
  EXPECT_LE(worker.metric("open_tables"), 2 + 8);
  EXPECT_EQ(rows("db.t0"), 6);
  for (int i = 1; i < 8; ++i) EXPECT_EQ(rows("db.t" + std::to_string(i)), 5) << i;
}

TEST_F(DynamicTaskTest, ReadingWaitsWhileTooManyTablesHaveRows) {
  produce(0, {"db.a", "db.b", "db.c", "db.d"});
  FakeWorker worker(cluster_, dynamic({{"lakehouse.tables.max", "2"},
                                       {"iceberg.control.commit.interval-ms", "3600000"}}));
  worker.open({kP0});
  worker.turn(2);
  EXPECT_THAT(worker.paused, IsEmpty());
  worker.turn(1);
  EXPECT_THAT(worker.paused, ElementsAre(kP0));
  // Not to the end of the log: the last record may come when there is room, and wait for the interval.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (rows("db.c") != 1 || !worker.paused.empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing is committed before the interval";
    worker.turn();
    worker.commit();
  }
  while (cluster_.group[kP0] < Offset{3}) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    worker.turn();
    worker.commit();
  }
  worker.turn();
  worker.close({kP0});
  EXPECT_EQ(rows("db.d"), 1);
}

TEST_F(DynamicTaskTest, LagIsZeroWhenAllIsCommitted) {
  produce(0, {"db.a", "db.b"});
  FakeWorker worker(cluster_, dynamic());
  worker.open({kP0});
  worker.run_dry();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (worker.metric("lag_records", "db.b") != 0 || worker.metric("lag_seconds", "db.b") != 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    worker.turn();
  }
  EXPECT_EQ(worker.metric("committed_rows_total", "db.b"), 1);
}

}  // namespace
}  // namespace millrace::lakehouse
