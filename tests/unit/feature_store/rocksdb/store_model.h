#pragma once
// What a store should hold, as simply as it can be said, and random batches for both.

#include <algorithm>
#include <tuple>

#include "rocks_fixture.h"

namespace millrace::feature_store::testing_rocks {

inline constexpr int64_t kRetention = 100 * kSecond;  // of markers, in RocksTest

class StoreModel {
 public:
  RowStatus apply(const Step& step, int64_t now) {
    const auto found = rows_.find(step.id);
    const Row* current = found == rows_.end() || gone(found->second, now) ? nullptr : &found->second;
    Row row{step, step.is_delete};
    const bool unordered = !step.if_newer || (step.is_delete && !step.at);
    if (current != nullptr && !unordered && rank(row.step) <= rank(current->step)) return RowStatus::Ignored;
    if (!step.is_delete) {
      if (step.expiry_us != 0 && step.expiry_us <= now) return RowStatus::Ignored;
      rows_[step.id] = row;
      return RowStatus::Upserted;
    }
    if (!step.if_newer) {
      rows_.erase(step.id);
      return RowStatus::Deleted;
    }
    if (!step.at && current != nullptr) row.step.at = current->step.at;
    row.step.expiry_us = now + kRetention;
    rows_[step.id] = row;
    return RowStatus::Deleted;
  }

  Seen look_up(int64_t id, int64_t now) const {
    const auto found = rows_.find(id);
    if (found == rows_.end() || found->second.is_marker) return kAbsent;
    return gone(found->second, now) ? kExpired : shown(found->second.step.text);
  }
  size_t live(int64_t now) const {
    return static_cast<size_t>(std::count_if(rows_.begin(), rows_.end(), [&](const auto& one) {
      return !one.second.is_marker && !gone(one.second, now);
    }));
  }

 private:
  struct Row {
    Step step;
    bool is_marker = false;
  };
  static bool gone(const Row& row, int64_t now) {
    return row.step.expiry_us != 0 && row.step.expiry_us <= now;
  }
  /// An absent optional is below all others.
  using Rank = std::tuple<std::optional<int64_t>, int64_t, TopicPartition, int64_t>;
  static Rank rank(const Step& step) { return {step.at, step.kafka_ms, step.partition, step.offset}; }

  std::map<int64_t, Row> rows_;
};

/// What a store has of ids 0 to `ids` - 1 and does not agree on; empty: nothing. A row that a compaction has
/// dropped is absent where the model says expired.
inline std::string differences(const RocksDatabase& database, const StoreModel& model, int64_t ids,
                               int64_t now) {
  for (int64_t id = 0; id < ids; ++id) {
    const Seen seen = look_up(database, id);
    const Seen expected = model.look_up(id, now);
    if (seen == expected || (expected == kExpired && seen == kAbsent)) continue;
    return "row " + std::to_string(id) + ": " + seen.text + " in place of " + expected.text;
  }
  return {};
}

/// A change of one of `ids` rows; the same partition gives ascending offsets.
inline Step random_step(std::mt19937_64& random, int64_t ids, int64_t now, std::map<TopicPartition, int64_t>& ends) {
  Step step{.id = static_cast<int64_t>(random() % static_cast<uint64_t>(ids)),
            .text = "v" + std::to_string(random() % 1'000'000),
            .is_delete = random() % 5 == 0,
            .if_newer = random() % 4 != 0,
            .kafka_ms = static_cast<int64_t>(random() % 4),
            .partition = {random() % 2 == 0 ? "t" : "s", static_cast<int32_t>(random() % 3)}};
  if (!step.is_delete && random() % 8 != 0) step.at = static_cast<int64_t>(random() % 20);
  if (!step.is_delete && random() % 3 == 0) {
    step.expiry_us = now + (static_cast<int64_t>(random() % 60) - 5) * kSecond;
  }
  step.offset = ends[step.partition]++;
  return step;
}

/// At most one change of a row, as the sink collapses them.
inline std::vector<Step> random_batch(std::mt19937_64& random, size_t size, int64_t ids, int64_t now,
                                      std::map<TopicPartition, int64_t>& ends) {
  std::vector<Step> steps;
  while (steps.size() < size) {
    Step step = random_step(random, ids, now, ends);
    if (std::none_of(steps.begin(), steps.end(), [&](const Step& one) { return one.id == step.id; })) {
      steps.push_back(std::move(step));
    }
  }
  return steps;
}

}  // namespace millrace::feature_store::testing_rocks
