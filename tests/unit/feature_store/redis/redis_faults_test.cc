// Servers that die, writers that meet, records that come in any order.

#include <gmock/gmock.h>

#include <thread>

#include "tests/unit/feature_store/feeder.h"
#include "tests/unit/feature_store/redis/redis_fixture.h"

namespace millrace::feature_store::testing_support {
namespace {

constexpr int64_t kStart = 1'767'323'045'000'000;

class RedisFaults : public RedisStoreTest {
 protected:
  Feeder::Open opener(const std::string& layout = "hash") {
    return [this, layout] { return open(layout); };
  }
  std::string amount(int64_t id) { return hash("bank:txn_1:" + std::to_string(id))["amount"]; }
};

std::string text(int64_t amount) {
  return std::to_string(amount) + ".0";
}

TEST_F(RedisFaults, AServerThatIsKilledLosesAndDoublesNothing) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  constexpr int64_t kRecords = 20'000;
  Feeder feeder(opener(), {.records = kRecords}, seed);
  std::thread task([&feeder] { feeder.run(); });
  for (int kill = 1; kill <= 5; ++kill) {
    feeder.await(kill * kRecords / 6);  // and whatever it is at then
    server_->kill();
    server_->start();
  }
  task.join();
  EXPECT_GT(feeder.retries(), 0);
  client_ = std::make_unique<RedisClient>(options());
  for (int64_t id = 0; id < kRecords; id += 97) EXPECT_EQ(amount(id), text(id));
  const auto store = open("hash");
  EXPECT_EQ(all_rows(store->ingestion(42, 1)), kRecords);
  EXPECT_EQ(position(*store), kRecords);
}

TEST_F(RedisFaults, TwoOwnersOfAPartitionCountEachRecordOnce) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  constexpr int64_t kRecords = 2'000;
  Feeder first(opener(), {.records = kRecords, .max_batch = 10}, seed);
  Feeder second(opener(), {.records = kRecords, .max_batch = 10}, seed + 1);
  std::thread other([&second] { second.run(); });
  first.run();
  other.join();
  EXPECT_GT(first.fences() + second.fences(), 0);
  EXPECT_EQ(all_rows(open()->ingestion(42, 1)), kRecords);
  EXPECT_EQ(amount(kRecords - 1), text(kRecords - 1));
}

TEST_F(RedisFaults, EveryInterleavingOfTwoPartitionsEndsInOneState) {
  const std::vector<std::vector<int64_t>> times = {{3, 1, 6}, {2, 5, 4}};
  const RowPlanPtr plan = sample_plan();
  const auto store = open("hash");
  int64_t orders = 0;
  for_each_interleaving(3, 3, [&](const std::vector<int>& order) {
    std::array<size_t, 2> next{};
    for (const int side : order) {
      const auto which = static_cast<size_t>(side);
      const size_t offset = next[which]++;
      Batch batch;
      batch.at({"t" + std::to_string(orders), side}, static_cast<int64_t>(offset));
      const int64_t time = times[which][offset];
      batch.add(plan, sample_row(orders, kStart + time, static_cast<double>(time)),
                {.if_newer = true});
      ASSERT_TRUE(batch.apply(*store, offset == 0 ? -1 : static_cast<int64_t>(offset),
                              static_cast<int64_t>(offset) + 1));
    }
    EXPECT_EQ(amount(orders), "6.0");
    ++orders;
  });
  EXPECT_EQ(orders, 20);
}

TEST_F(RedisFaults, RandomChangesEndAsAModelSays) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const RowPlanPtr plan = sample_plan();
  std::map<int64_t, std::string> model;
  auto store = open("hash");
  int64_t position = -1;
  for (int turn = 0; turn < 60; ++turn) {
    if (turn % 20 == 19) store = open("hash");
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
  std::map<int64_t, std::string> found;
  for (int64_t id = -12; id < 13; ++id) {
    const auto row = hash("bank:txn_1:" + std::to_string(id));
    if (!row.empty()) found[id] = row.at("note");
  }
  EXPECT_EQ(found, model);
}

/// Times as Feast keeps them, compared by the script, against C++.
TEST_F(RedisFaults, RandomTimesAreComparedAsNumbers) {
  const uint32_t seed = random_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const RowPlanPtr plan = sample_plan();
  for (const std::string layout : {"feast", "hash"}) {
    call(RedisArguments("FLUSHALL"));
    const auto store = open(layout);
    int64_t position = -1;
    for (int64_t id = 0; id < 300; ++id) {
      const auto any = [&random] {
        const auto bits = static_cast<int64_t>(random()) >> (random() % 63);
        return random() % 4 == 0 ? bits / 1'000'000 * 1'000'000 : bits;
      };
      const int64_t before = any();
      const int64_t after =
          random() % 4 == 0 ? before + static_cast<int64_t>(random() % 3) - 1 : any();
      for (const int64_t time : {before, after}) {
        Batch batch;
        batch.add(plan, sample_row(id, time, 1), {.if_newer = true});
        ASSERT_TRUE(batch.apply(*store, position, std::max<int64_t>(position, 0) + 1));
        position = std::max<int64_t>(position, 0) + 1;
        EXPECT_EQ(batch[0].status, time >= before ? RowStatus::Upserted : RowStatus::Ignored)
            << layout << ' ' << before << " then " << after;
      }
    }
  }
}

}  // namespace
}  // namespace millrace::feature_store::testing_support
