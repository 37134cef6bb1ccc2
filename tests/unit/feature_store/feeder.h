#pragma once
// A task as the sink has it: takes the records of a partition to a store, whatever happens on the
// way.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "tests/unit/feature_store/changes.h"

namespace millrace::feature_store::testing_support {

/// Record `offset` of a partition is an upsert of key `key_of(offset)` with its offset as amount,
/// and counts for ingestion 1.
class Feeder {
 public:
  using Open = std::function<std::unique_ptr<OnlineStore>()>;
  struct Log {
    TopicPartition partition = kPartition;
    int64_t records = 0;
    std::function<int64_t(int64_t)> key_of = [](int64_t offset) { return offset; };
    /// Event time; none: the rows have none, and the later one wins.
    std::function<int64_t(int64_t)> time_of = {};
    int64_t max_batch = 50;
  };
  static constexpr std::chrono::seconds kGivesUp{60};

  Feeder(Open open, Log log, uint32_t seed)
      : open_(std::move(open)), log_(std::move(log)), random_(seed) {}

  /// Until the store has all records. Other feeders may have the same partition.
  void run() {
    const auto deadline = std::chrono::steady_clock::now() + kGivesUp;
    while (!is_done_) {
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "the store did not take all records in time";
        return;
      }
      step();
    }
  }
  /// Returns when the store has `records` of them, for one who disturbs the run then. Any thread.
  void await(int64_t records) const {
    const auto deadline = std::chrono::steady_clock::now() + kGivesUp;
    while (progress_.load() < records && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  }
  int fences() const noexcept { return fences_; }
  int retries() const noexcept { return retries_; }

 private:
  void step() {
    try {
      if (store_ == nullptr) store_ = open_();
      if (!position_) read_position();
      if (*position_ >= log_.records) {
        is_done_ = true;
        return;
      }
      write();
    } catch (const FencedException&) {
      ++fences_;
      position_.reset();
      has_position_ = false;
    } catch (const RetriableException&) {
      ++retries_;  // the same batch again: what is left of it is the store's to know
      std::this_thread::yield();
    }
  }

  void read_position() {
    const OffsetMap all = store_->positions(std::vector{log_.partition});
    has_position_ = !all.empty();
    position_ = all.empty() ? 0 : raw(all.begin()->second);
  }

  void write() {
    const int64_t first = *position_;
    const int64_t end = std::min(
        log_.records,
        first + 1 + static_cast<int64_t>(random_() % static_cast<uint64_t>(log_.max_batch)));
    std::map<int64_t, int64_t> winners;
    for (int64_t offset = first; offset < end; ++offset) {
      int64_t& winner = winners.emplace(log_.key_of(offset), offset).first->second;
      if (!log_.time_of || log_.time_of(offset) >= log_.time_of(winner)) winner = offset;
    }
    Batch batch;
    for (const auto& [key, offset] : winners) {
      batch.at(log_.partition, offset);
      const auto ts = log_.time_of ? std::optional(log_.time_of(offset)) : std::nullopt;
      batch.add(plan_, sample_row(key, ts, static_cast<double>(offset)),
                {.if_newer = log_.time_of != nullptr, .ingestion = 1});
    }
    for (int64_t other = 0; other < end - first - static_cast<int64_t>(winners.size()); ++other) {
      batch.count({42, 1, 0, RowStatus::Ignored});
    }
    EXPECT_TRUE(batch.apply(*store_, has_position_ ? first : -1, end));
    position_ = end;
    has_position_ = true;
    progress_.store(end);
  }

  Open open_;
  Log log_;
  std::mt19937 random_;
  RowPlanPtr plan_ = sample_plan();
  std::unique_ptr<OnlineStore> store_;
  std::optional<int64_t> position_;
  bool has_position_ = false;
  std::atomic<int64_t> progress_ = 0;
  bool is_done_ = false;
  int fences_ = 0;
  int retries_ = 0;
};

inline int64_t all_rows(const std::optional<Ingestion>& ingestion) {
  int64_t sum = 0;
  if (ingestion) {
    for (const int64_t rows : ingestion->rows) sum += rows;
  }
  return sum;
}

inline uint32_t random_seed() {
  const uint32_t seed = std::random_device{}();
  ::testing::Test::RecordProperty("seed", static_cast<int>(seed));
  return seed;
}

/// All orders of `a` and `b` elements of two lists, as lists of 0 and 1.
inline void for_each_interleaving(int a, int b,
                                  const std::function<void(const std::vector<int>&)>& visit) {
  std::vector<int> order(static_cast<size_t>(a), 0);
  order.insert(order.end(), static_cast<size_t>(b), 1);
  do {
    visit(order);
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace millrace::feature_store::testing_support
