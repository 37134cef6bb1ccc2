// Where a table sink begins to read (iceberg-sink.md §1, §4.3).

#include "connectors/lakehouse/sink/table_sink.h"

#include "connectors/support/crash_point.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr std::chrono::minutes kPinLimit{5};  // for the committer's answer

}  // namespace

StoredPositions TableSink::load_positions() {
  const LoadedTable& table = parts_.setup->load();
  StoredPositions stored = read_positions(table.metadata, parts_.setup->branch());
  if (stored.rolled_back && options_.on_rollback == "fail") {
    throw ConnectException("opening " + name().to_string() +
                           ": the table was rolled back to before all offsets it had; set the "
                           "connector's offsets, or lakehouse.on.rollback=policy");
  }
  committer_ = parts_.setup->committer();
  return stored;
}

std::map<TopicPartition, Start> TableSink::find_starts(std::span<const TopicPartition> partitions) {
  const StoredPositions stored = load_positions();
  return resolve_starts(stored.positions, parts_.cluster, partitions, options_.start, *parts_.log);
}

OffsetMap TableSink::open(std::span<const TopicPartition> partitions) {
  if (parts_.by_rows) return open_as_stored(partitions);
  auto starts = find_starts(partitions);
  for (int attempt = 1; !pin(starts); ++attempt) {
    if (attempt >= kPinTries) {
      throw RetriableException("pinning offsets in " + name().to_string() +
                               ": other tasks were faster each time");
    }
    starts = find_starts(partitions);
  }
  OffsetMap offsets;
  for (const TopicPartition& partition : partitions) {
    const Start& start = starts.at(partition);
    progress_[partition] = {start.offset, start.offset};
    offsets[partition] = committed_[partition] = Offset{start.offset};
  }
  return offsets;
}

OffsetMap TableSink::open_as_stored(std::span<const TopicPartition> partitions) {
  const StoredPositions stored = load_positions();
  OffsetMap back;
  for (const TopicPartition& partition : partitions) {
    const int64_t next = stored.positions.next(parts_.cluster, partition).value_or(OffsetStep::kUnknown);
    const auto [known, is_new] = committed_.try_emplace(partition, Offset{next});
    if (!is_new && next >= 0 && Offset{next} < known->second) back[partition] = Offset{next};
    known->second = Offset{next};
    progress_[partition] = {next, std::max<int64_t>(next, 0)};
  }
  return back;
}

void TableSink::begin_rows(const OffsetMap& positions) {
  for (const auto& [partition, offset] : positions) {
    if (progress_.contains(partition)) settled_.insert_or_assign(partition, offset);
  }
}

OffsetMap TableSink::settled(const OffsetMap& positions) const {
  if (!parts_.by_rows) return committed_;
  if (clean()) return positions;
  OffsetMap settled = settled_;
  for (auto& [partition, offset] : settled) {
    const auto committed = committed_.find(partition);
    if (committed != committed_.end()) offset = std::max(offset, committed->second);
  }
  return settled;
}

void TableSink::expect(std::span<const TopicPartition> partitions) {
  for (const TopicPartition& partition : partitions) progress_.try_emplace(partition);
}

// Latest is not durable by itself: after a crash it would be another place (trap 1).
bool TableSink::pin(const std::map<TopicPartition, Start>& starts) {
  WrittenBatch batch;
  for (const auto& [partition, start] : starts) {
    if (start.must_pin) batch.steps[partition] = {start.stored, start.offset};
  }
  if (batch.steps.empty()) return true;
  batch.cluster = parts_.cluster;
  batch.schema = std::make_shared<TableSchema>(parts_.setup->table().metadata.current_schema());
  batch.connector = parts_.connector;
  batch.task = parts_.task;
  const auto outcome = committer_->submit_and_wait(std::move(batch), kPinLimit);
  if (!outcome) throw RetriableException("pinning offsets in " + name().to_string() + ": no answer");
  if (outcome->fate == BatchFate::Fenced) return false;
  crash_point("pin");
  return true;
}

}  // namespace millrace::lakehouse
