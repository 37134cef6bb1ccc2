// Servers that die, writers that meet, records that come in any order.

#include <gmock/gmock.h>

#include <thread>

#include "tests/unit/feature_store/feeder.h"
#include "tests/unit/feature_store/mysql/mysql_fixture.h"

namespace millrace::feature_store::testing_support {
namespace {

constexpr int64_t kStart = 1'767'323'045'000'000;
constexpr int64_t kSecond = 1'000'000;

class MysqlFaults : public MysqlStoreTest {};

TEST_F(MysqlFaults, AServerThatIsKilledLosesAndDoublesNothing) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  constexpr int64_t kRecords = 8'000;
  open()->prepare(*sample_plan());
  Feeder feeder([] { return open(); }, {.records = kRecords}, seed);
  std::thread task([&feeder] { feeder.run(); });
  for (int kill = 1; kill <= 3; ++kill) {
    feeder.await(kill * kRecords / 4);  // and whatever it is at then
    mariadb().kill();
    mariadb().start();
  }
  task.join();
  EXPECT_GT(feeder.retries(), 0);
  connect();
  EXPECT_EQ(one("SELECT COUNT(*), COUNT(DISTINCT amount), SUM(amount) FROM bank.txn_1"),
            std::to_string(kRecords) + "|" + std::to_string(kRecords) + "|" +
                std::to_string(kRecords * (kRecords - 1) / 2));
  EXPECT_EQ(all_rows(open()->ingestion(42, 1)), kRecords);
}

TEST_F(MysqlFaults, WritersOfTheSameRowsEndWithTheNewestOfEach) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  constexpr int64_t kRecords = 2'000;
  constexpr int64_t kKeys = 40;
  open()->prepare(*sample_plan());
  const auto log = [](int32_t partition) {
    return Feeder::Log{
        .partition = {"t", partition},
        .records = kRecords,
        .key_of = [partition](int64_t offset) { return (offset * 7 + partition) % kKeys; },
        .time_of =
            [partition](int64_t offset) {
              return kStart + ((offset * 7'919) % kRecords * 2 + partition) * kSecond;
            }};
  };
  Feeder first([] { return open(); }, log(0), seed);
  Feeder second([] { return open(); }, log(1), seed + 1);
  std::thread other([&second] { second.run(); });
  first.run();
  other.join();
  std::map<int64_t, int64_t> newest;
  for (const int32_t partition : {0, 1}) {
    for (int64_t offset = 0; offset < kRecords; ++offset) {
      int64_t& time = newest[log(partition).key_of(offset)];
      time = std::max(time, log(partition).time_of(offset));
    }
  }
  std::vector<std::string> expected;
  for (const auto& [key, time] : newest)
    expected.push_back(std::to_string(key) + "|" + std::to_string(time / kSecond));
  EXPECT_EQ(rows("SELECT id, CAST(UNIX_TIMESTAMP(ts) AS SIGNED) FROM bank.txn_1 ORDER BY id"),
            expected);
  EXPECT_EQ(all_rows(open()->ingestion(42, 1)), 2 * kRecords);
}

TEST_F(MysqlFaults, TwoOwnersOfAPartitionCountEachRecordOnce) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  constexpr int64_t kRecords = 1'000;
  open()->prepare(*sample_plan());
  Feeder first([] { return open(); }, {.records = kRecords, .max_batch = 10}, seed);
  Feeder second([] { return open(); }, {.records = kRecords, .max_batch = 10}, seed + 1);
  std::thread other([&second] { second.run(); });
  first.run();
  other.join();
  EXPECT_GT(first.fences() + second.fences(), 0);
  EXPECT_EQ(one("SELECT COUNT(*), SUM(amount) FROM bank.txn_1"), "1000|499500");
  EXPECT_EQ(all_rows(open()->ingestion(42, 1)), kRecords);
}

/// A writer that is made to lose: it waits for a lock whose owner then waits for it.
TEST_F(MysqlFaults, ADeadlockIsTriedAgain) {
  const auto store = open();
  const RowPlanPtr plan = sample_plan();
  Batch first;
  first.add(plan, sample_row(1, kStart, 1));
  first.add(plan, sample_row(2, kStart, 1));
  ASSERT_TRUE(first.apply(*store, -1, 2));
  connection_->run("CREATE TABLE bank.weight (id INT PRIMARY KEY)");
  connection_->run("START TRANSACTION");
  // Heavier than the store's transaction, which is then the one to be rolled back.
  for (int i = 0; i < 200; ++i)
    connection_->run("INSERT INTO bank.weight VALUES (" + std::to_string(i) + ")");
  connection_->run("UPDATE bank.txn_1 SET amount = 5 WHERE id = 2");
  std::thread writer([&] {
    Batch second;
    second.add(plan, sample_row(1, kStart, 2));
    second.add(plan, sample_row(2, kStart, 2));
    EXPECT_TRUE(second.apply(*store, 2, 4));
  });
  MysqlConnection watcher(options());
  // The server looks anew only when nobody has asked for a tenth of a second.
  while (watcher.query("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
             .empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
  }
  connection_->run("UPDATE bank.txn_1 SET amount = 5 WHERE id = 1");
  connection_->run("COMMIT");
  writer.join();
  EXPECT_THAT(rows("SELECT id, amount FROM bank.txn_1 ORDER BY id"),
              ::testing::ElementsAre("1|2", "2|2"));
  const std::string status = rows("SHOW ENGINE INNODB STATUS")[0];
  EXPECT_NE(status.find("LATEST DETECTED DEADLOCK"), std::string::npos);
}

TEST_F(MysqlFaults, EveryInterleavingOfTwoPartitionsEndsInOneState) {
  const std::vector<std::vector<int64_t>> times = {{3, 1, 6}, {2, 5, 4}};
  const RowPlanPtr plan = sample_plan();
  const auto store = open();
  store->prepare(*plan);
  int64_t orders = 0;
  for_each_interleaving(3, 3, [&](const std::vector<int>& order) {
    std::array<size_t, 2> next{};
    for (const int side : order) {
      const auto which = static_cast<size_t>(side);
      const size_t offset = next[which]++;
      Batch batch;
      const TopicPartition partition{"t" + std::to_string(orders), side};
      batch.at(partition, static_cast<int64_t>(offset));
      const int64_t time = times[which][offset];
      batch.add(plan, sample_row(orders, kStart + time * kSecond, static_cast<double>(time)),
                {.if_newer = true});
      ASSERT_TRUE(batch.apply(*store, offset == 0 ? -1 : static_cast<int64_t>(offset),
                              static_cast<int64_t>(offset) + 1));
    }
    ++orders;
  });
  EXPECT_EQ(orders, 20);
  EXPECT_EQ(one("SELECT COUNT(*), MIN(amount), MAX(amount) FROM bank.txn_1"), "20|6|6");
}

TEST_F(MysqlFaults, RandomChangesEndAsAModelSays) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const RowPlanPtr plan = sample_plan();
  std::map<int64_t, std::string> model;
  auto store = open();
  int64_t position = -1;
  for (int turn = 0; turn < 60; ++turn) {
    if (turn % 20 == 19) store = open();
    Batch batch;
    const int64_t first = std::max<int64_t>(position, 0);
    batch.at(kPartition, first);
    std::set<int64_t> touched;
    for (auto i = random() % 30; i > 0; --i) {
      const auto id = static_cast<int64_t>(random() % 25) - 12;
      if (!touched.insert(id).second) continue;
      if (random() % 3 == 0) {
        batch.add(plan, sample_delete(id), {.is_delete = true});
        model.erase(id);
      } else {
        const std::string note = std::to_string(random());
        batch.add(plan, sample_row(id, kStart, 1, note));
        model[id] = note;
      }
    }
    ASSERT_TRUE(batch.apply(*store, position, first + 30));
    position = first + 30;
  }
  std::vector<std::string> expected;
  for (const auto& [id, note] : model) expected.push_back(std::to_string(id) + "|" + note);
  EXPECT_EQ(rows("SELECT id, note FROM bank.txn_1 ORDER BY id"), expected);
}

}  // namespace
}  // namespace millrace::feature_store::testing_support
