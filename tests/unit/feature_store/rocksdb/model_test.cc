// Random batches, restarts, compactions and a clock that moves, against a model.

#include <gmock/gmock.h>

#include <array>
#include <thread>

#include "connectors/feature_store/rocksdb/engine.h"
#include "store_model.h"

namespace millrace::feature_store {
namespace {

using namespace testing_rocks;

constexpr int64_t kIds = 60;

class ModelTest : public RocksTest {
 protected:
  /// Whole files are written anew, so that nothing that may go stays.
  void compact() {
    close();
    Engine engine(options());
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(engine.db().CompactRange(all, engine.data(), nullptr, nullptr).ok());
  }
  size_t keys() {
    Engine engine(options());
    const std::unique_ptr<rocksdb::Iterator> at(engine.db().NewIterator({}, engine.data()));
    size_t count = 0;
    for (at->SeekToFirst(); at->Valid(); at->Next()) ++count;
    return count;
  }
};

TEST_F(ModelTest, HoldsWhatAModelHolds) {
  std::mt19937_64 random = seeded();
  StoreModel model;
  std::map<TopicPartition, int64_t> ends;
  std::array<int64_t, kRowStatuses> rows{};
  OffsetMap positions;
  open();
  const int64_t ingestion = store->begin_ingestion(42, 5).id;
  for (int round = 0; round < 400; ++round) {
    now += static_cast<int64_t>(random() % 5) * kSecond;
    const std::vector<Step> steps = random_batch(random, 1 + random() % 30, kIds, now, ends);
    Rows batch(plan);
    std::vector<RowStatus> expected;
    for (const Step& step : steps) {
      batch.add(step);
      batch.counted.push_back({.group_id = 42,
                               .ingestion_id = ingestion,
                               .winner = static_cast<int32_t>(batch.counted.size())});
      expected.push_back(model.apply(step, now));
      ++rows[static_cast<size_t>(expected.back())];
    }
    ASSERT_TRUE(batch.apply(*store));
    ASSERT_EQ(batch.statuses(), expected) << "round " << round;
    if (random() % 20 == 0) {
      if (random() % 2 == 0) compact();
      reopen();
    }
    ASSERT_EQ(differences(*database, model, kIds, now), "") << "round " << round;
    ASSERT_EQ(store->ingestion(42, ingestion)->rows, rows);
    for (const auto& [partition, offset] : batch.next) positions[partition] = offset;
    ASSERT_EQ(database->applied(), positions);
  }
  size_t scanned = 0;
  EXPECT_FALSE(database->scan(*database->table(42), "", "", SIZE_MAX, [&](std::string_view, const Lookup&) {
    ++scanned;
    return true;
  }));
  EXPECT_EQ(scanned, model.live(now));
}

TEST_F(ModelTest, CompactionsDropWhatHasExpiredAndNothingOlderComesBack) {
  open();
  apply({.id = 1, .at = 1, .text = "old", .if_newer = false});
  compact();  // the first version is in a file of its own
  open();
  apply({.id = 1, .at = 2, .text = "new", .if_newer = false, .expiry_us = kStart + 10});
  apply({.id = 2, .at = 2, .text = "stays", .expiry_us = kStart + 1000});
  apply({.id = 3, .at = 2, .text = "gone"});
  apply({.id = 3, .is_delete = true, .offset = 1});
  close();
  EXPECT_EQ(keys(), 3U);
  now = kStart + 10;
  compact();
  EXPECT_EQ(keys(), 2U);  // the row that stays, and the marker
  now = kStart + 100 * kSecond;
  open();
  EXPECT_EQ(look_up(1), kAbsent);
  EXPECT_EQ(look_up(2), kExpired);
  close();
  compact();
  EXPECT_EQ(keys(), 0U);
}

TEST_F(ModelTest, ExpiredRowsStayWhenTheirTimeIsNotEnforced) {
  RocksOptions lenient = options();
  lenient.enforce_ttl = false;
  database = RocksDatabase::open(lenient);
  store = database->make_store("cluster");
  EXPECT_EQ(apply({.id = 1, .at = 1, .text = "a", .expiry_us = kStart}), RowStatus::Upserted);
  now = kStart + 200 * kSecond;
  EXPECT_EQ(look_up(1), shown("a"));
  EXPECT_EQ(apply({.id = 1, .at = 0, .text = "b"}), RowStatus::Ignored);
  EXPECT_EQ(apply({.id = 1, .is_delete = true, .offset = 1}), RowStatus::Deleted);
  now += kRetention;  // markers go all the same
  EXPECT_EQ(apply({.id = 1, .at = 0, .text = "b"}), RowStatus::Upserted);
  EXPECT_EQ(database->ttl_filtered(), 0U);
}

TEST_F(ModelTest, TasksOfOneDatabaseEndInTheNewestRows) {
  std::mt19937_64 random = seeded();
  open();
  constexpr int kTasks = 4;
  constexpr int kBatches = 60;
  std::vector<std::vector<std::vector<Step>>> work(kTasks);
  StoreModel model;
  for (int task = 0; task < kTasks; ++task) {
    std::map<TopicPartition, int64_t> ends;
    for (int i = 0; i < kBatches; ++i) {
      std::vector<Step> steps = random_batch(random, 20, kIds, now, ends);
      for (Step& step : steps) {  // with deletes that come when they come there would be no one end
        step.partition = {"t", task};
        step.if_newer = true;
        step.is_delete = false;
        step.expiry_us = 0;
        model.apply(step, now);
      }
      work[static_cast<size_t>(task)].push_back(std::move(steps));
    }
  }
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      for (int64_t id = 0; id < kIds; ++id) {
        const Seen seen = look_up(id);
        EXPECT_TRUE(seen == kAbsent || seen.text.starts_with("v"));
      }
    }
  });
  std::vector<std::thread> tasks;
  for (int task = 0; task < kTasks; ++task) {
    tasks.emplace_back([&, task] {
      const auto mine = database->make_store("cluster");
      for (const std::vector<Step>& steps : work[static_cast<size_t>(task)]) {
        Rows batch(plan);
        for (const Step& step : steps) {
          batch.add(step);
          batch.counted.push_back({.group_id = 42, .ingestion_id = 9});
        }
        batch.apply(*mine);
      }
    });
  }
  for (std::thread& task : tasks) task.join();
  done = true;
  reader.join();
  EXPECT_EQ(differences(*database, model, kIds, now), "");
  EXPECT_EQ(store->ingestion(42, 9)->rows[static_cast<size_t>(RowStatus::Ignored)], kTasks * kBatches * 20);
}

}  // namespace
}  // namespace millrace::feature_store
