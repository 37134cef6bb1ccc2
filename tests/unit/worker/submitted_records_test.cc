#include "runtime/worker/submitted_records.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace millrace {
namespace {

Value entry(Arena& arena, const char* key, int64_t value) {
  const auto entries = arena.make_array<MapEntry>(1);
  entries[0] = {Value::string(key), Value::int64(value)};
  return Value::map(entries);
}

std::string key_of(int64_t partition) {
  return R"(["c",{"p":)" + std::to_string(partition) + "}]";
}

// Against a model: rows of random partitions, filtered and rejected here and there, acknowledged in
// random order. At any time exactly the acknowledged prefix of each partition is committable.
class SubmittedRecordsTest : public testing::TestWithParam<bool> {};

TEST_P(SubmittedRecordsTest, CommitsExactlyTheAcknowledgedPrefixes) {
  const bool dead_letters = GetParam();
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&random](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  SubmittedRecords records("c");
  BatchPool pool(8, 50);
  struct ModelRow {
    int64_t offset;
    bool acknowledged = false;
  };
  std::map<int64_t, std::vector<ModelRow>> model;
  std::vector<std::tuple<InFlightBatch*, uint32_t, int64_t, size_t>> open;
  std::vector<InFlightBatch*> batches;
  std::map<std::string, std::string> committed;
  int64_t next = 0;
  for (int step = 0; step < 2000; ++step) {
    InFlightBatch* batch = below(3) == 0 ? pool.acquire() : nullptr;
    if (batch != nullptr) {
      const uint32_t rows = 1 + below(20);
      for (uint32_t row = 0; row < rows; ++row) {
        const int64_t partition = below(3);
        Record& record = batch->add();
        record.source_partition = entry(batch->arena(), "p", partition);
        record.source_offset = entry(batch->arena(), "o", next);
        const uint32_t fate = below(8);
        if (fate == 0) {
          batch->filter(row);
        } else if (fate == 1) {
          batch->reject(row, {});
          if (dead_letters) model[partition].push_back({next, true});
        } else {
          model[partition].push_back({next});
          open.emplace_back(batch, row, partition, model[partition].size() - 1);
        }
        ++next;
      }
      records.submit(*batch, rows, dead_letters);
      batches.push_back(batch);
    }
    for (uint32_t i = below(15); i > 0 && !open.empty(); --i) {
      std::swap(open[below(static_cast<uint32_t>(open.size()))], open.back());
      const auto [in, row, partition, index] = open.back();
      open.pop_back();
      SubmittedRecords::acknowledge(*in, row);
      model[partition][index].acknowledged = true;
    }
    for (auto& [key, value] : records.take_committable()) committed[key] = *value;
    std::erase_if(batches, [&pool](InFlightBatch* b) {
      if (!b->finished()) return false;
      pool.release(b);
      return true;
    });
    for (const auto& [partition, rows] : model) {
      int64_t last = -1;
      for (const ModelRow& row : rows) {
        if (!row.acknowledged) break;
        last = row.offset;
      }
      const auto at = committed.find(key_of(partition));
      if (last < 0) {
        ASSERT_EQ(at, committed.end());
      } else {
        ASSERT_NE(at, committed.end());
        ASSERT_EQ(at->second, R"({"o":)" + std::to_string(last) + "}");
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(DeadLetters, SubmittedRecordsTest, testing::Bool());

TEST(SubmittedBatchTest, ABatchWithoutLiveRowsIsFinishedAtOnce) {
  SubmittedRecords records("c");
  InFlightBatch batch(10);
  batch.add();
  batch.filter(0);
  records.submit(batch, 1);
  EXPECT_TRUE(batch.finished());
  EXPECT_TRUE(records.take_committable().empty());
}

}  // namespace
}  // namespace millrace
