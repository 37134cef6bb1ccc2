#pragma once
// The online store's contract in the plainest form: a map, one row at a time.

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

class MemoryStore final : public OnlineStore {
 public:
  struct Row {
    bool marker = false;
    std::tuple<bool, int64_t, int64_t, std::string, int32_t, int64_t> order;
    std::string bytes;
    bool operator==(const Row&) const = default;
  };

  OffsetMap positions(std::span<const TopicPartition>) override { return next; }
  void prepare(const RowPlan& plan) override {
    ++prepared;
    if (plan.group().name == "refused") throw DataException("the table has another primary key");
  }
  bool apply(ApplyBatch& batch) override {
    bool all = true;
    for (RowChange& change : batch.changes) {
      change.status = RowStatus::Upserted;
      if (!refuses || !refuses(change)) continue;
      change.status = RowStatus::Failed;
      change.failure = {FailureType::UserData, "refused", -1};
      all = false;
    }
    if (!all) return false;
    for (RowChange& change : batch.changes) change.status = put(change);
    for (const auto& [what, count] : tally(batch)) counters[what] += count;
    for (const auto& [partition, offset] : batch.next) next[partition] = offset;
    ++batches;
    return true;
  }
  void flush() override {}
  void set_positions(const std::map<TopicPartition, std::optional<Offset>>&) override {}
  void drop_group(int64_t, int64_t group) override { dropped.push_back(group); }
  Ingestion begin_ingestion(int64_t, std::optional<int64_t>) override { return {}; }
  std::vector<Ingestion> ingestions(int64_t, size_t) override { return {}; }
  std::optional<Ingestion> ingestion(int64_t, int64_t) override { return {}; }

  std::map<std::pair<int64_t, std::string>, Row> rows;
  OffsetMap next;
  CounterSteps counters;
  std::function<bool(const RowChange&)> refuses;
  std::vector<int64_t> dropped;
  int prepared = 0;
  int batches = 0;

 private:
  RowStatus put(const RowChange& change) {
    const auto key = std::make_pair(change.plan->group().id, std::string(change.key));
    const auto at = rows.find(key);
    Row row{change.is_delete,
            {change.has_event_time, change.event_time_us, change.kafka_ms, change.partition->topic,
             change.partition->partition, change.offset},
            std::string(change.is_delete ? std::string_view() : change.row)};
    if (!change.if_newer) {
      if (change.is_delete) rows.erase(key);
      else rows[key] = std::move(row);
      return change.is_delete ? RowStatus::Deleted : RowStatus::Upserted;
    }
    if (at != rows.end() && !change.in_order && row.order <= at->second.order) return RowStatus::Ignored;
    if (change.in_order && at != rows.end()) {
      const auto held = std::make_pair(std::get<0>(at->second.order), std::get<1>(at->second.order));
      if (held > std::make_pair(std::get<0>(row.order), std::get<1>(row.order))) {
        std::tie(std::get<0>(row.order), std::get<1>(row.order)) = held;
      }
    }
    rows[key] = std::move(row);
    return change.is_delete ? RowStatus::Deleted : RowStatus::Upserted;
  }
};

}  // namespace millrace::feature_store
