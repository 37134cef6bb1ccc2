#include "runtime/worker/submitted_records.h"

#include "millrace/json.h"

namespace millrace {
namespace {

bool same_value(const Value& a, const Value& b) noexcept {
  return (a.type() == b.type() && a.data() == b.data() && a.size() == b.size()) || a == b;
}

}  // namespace

SubmittedRecords::Partition& SubmittedRecords::partition_of(const Value& key) {
  const auto at = partitions_.find(key);
  if (at != partitions_.end()) return *at->second;
  auto partition = std::make_unique<Partition>();
  partition->key = copy_value(key, partition->arena);
  partition->store_key = offset_key(connector_, key);
  return *partitions_.emplace(partition->key, std::move(partition)).first->second;
}

void SubmittedRecords::submit(InFlightBatch& batch, uint32_t row_count, bool dead_letters) {
  batch.progress.assign(batch.size(), RowProgress::NotSubmitted);
  Partition* current = nullptr;
  const Value* current_key = nullptr;
  for (uint32_t row = 0; row < row_count; ++row) {
    const Record& record = batch[row];
    if (record.state == RowState::Live) {
      batch.progress[row] = RowProgress::Pending;
      ++batch.pending_rows;
    } else if (record.state == RowState::Rejected && dead_letters) {
      batch.progress[row] = RowProgress::Acknowledged;
    } else {
      continue;
    }
    if (current != nullptr && same_value(*current_key, record.source_partition)) {
      current->runs.back().end = row + 1;
      continue;
    }
    current = &partition_of(record.source_partition);
    current_key = &record.source_partition;
    current->runs.push_back({&batch, row, row + 1});
    ++batch.open_runs;
  }
}

void SubmittedRecords::collect(Partition& partition) {
  const InFlightBatch* last_batch = nullptr;
  uint32_t last_row = 0;
  std::string offset;
  const auto remember = [&] {
    if (last_batch == nullptr) return;
    offset.clear();
    append_json(offset, (*last_batch)[last_row].source_offset);
    last_batch = nullptr;
  };
  bool moved = false;
  while (!partition.runs.empty()) {
    Run& run = partition.runs.front();
    if (run.batch->pending_rows == 0) {
      last_row = run.end - 1;
      run.begin = run.end;
      last_batch = run.batch;
    }
    for (; run.begin < run.end && run.batch->progress[run.begin] != RowProgress::Pending;
         ++run.begin) {
      if (run.batch->progress[run.begin] != RowProgress::Acknowledged) continue;
      last_row = run.begin;
      last_batch = run.batch;
    }
    moved = moved || last_batch != nullptr;
    if (run.begin < run.end) break;
    remember();  // the batch may be recycled once the run is gone
    --run.batch->open_runs;
    partition.runs.pop_front();
  }
  remember();
  if (moved) committable_.insert_or_assign(partition.store_key, std::move(offset));
}

void SubmittedRecords::collect() {
  for (auto at = partitions_.begin(); at != partitions_.end();) {
    collect(*at->second);
    at = at->second->runs.empty() ? partitions_.erase(at) : std::next(at);
  }
}

OffsetEntries SubmittedRecords::take_committable() {
  collect();
  return std::exchange(committable_, {});
}

}  // namespace millrace
