// What operators see of a table sink.

#include "connectors/lakehouse/sink/table_sink.h"

#include <algorithm>

namespace millrace::lakehouse {
namespace {

/// nullopt: of none of the partitions is the end known.
std::optional<int64_t> lag_records(const OffsetMap& ends, const OffsetMap& settled) {
  std::optional<int64_t> lag;
  for (const auto& [partition, offset] : settled) {
    const auto end = ends.find(partition);
    if (end == ends.end()) continue;
    lag = lag.value_or(0) + std::max<int64_t>(0, raw(end->second) - std::max<int64_t>(0, raw(offset)));
  }
  return lag;
}

double seconds_since(int64_t ms) {
  using std::chrono::duration;
  const duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return std::max(0.0, now.count() - static_cast<double>(ms) / 1'000);
}

}  // namespace

int64_t TableSink::memory_bytes() const {
  return (writers_ ? writers_->memory_bytes() : 0) + (buffer_ ? buffer_->memory_bytes() : 0);
}

std::vector<TaskMetric> TableSink::metrics(const OffsetMap& ends, const OffsetMap& positions) const {
  using Kind = TaskMetric::Kind;
  const std::vector<std::pair<std::string, std::string>> table{{"table", name().to_string()}};
  std::vector<TaskMetric> metrics;
  const auto add = [&](const char* metric, const char* help, Kind kind, double value) {
    metrics.push_back({std::string("lakehouse_") + metric, help, kind, table, value});
  };
  add("committed_rows_total", "Rows of this task that are in the table.", Kind::Counter,
      static_cast<double>(rows_));
  add("open_bytes", "Bytes in files that are not committed.", Kind::Gauge,
      static_cast<double>(writers_ ? writers_->file_bytes() : 0));
  add("memory_bytes", "Memory of rows and encoders.", Kind::Gauge, static_cast<double>(memory_bytes()));
  if (const auto lag = lag_records(ends, settled(positions))) {
    add("lag_records", "Records of the task's partitions behind what the table has, for whichever table.",
        Kind::Gauge, static_cast<double>(*lag));
    if (*lag == 0 || newest_committed_ms_ >= 0) {
      add("lag_seconds", "Age of the newest record of this task that is in the table; 0 without a lag.",
          Kind::Gauge, *lag == 0 ? 0.0 : seconds_since(newest_committed_ms_));
    }
  }
  for (const auto& [reason, count] : rejected_) {
    metrics.push_back({"lakehouse_rejected_rows_total", "Records that are no rows of the table.",
                       Kind::Counter,
                       {table[0], {"reason", std::string(reject_code(reason))}},
                       static_cast<double>(count)});
  }
  if (!committer_) return metrics;
  const CommitterStats stats = committer_->stats();
  add("commits_total", "Snapshots that this process made of the table.", Kind::Counter,
      static_cast<double>(stats.commits));
  add("commit_conflicts_total", "Commits that were tried again, since others were faster.", Kind::Counter,
      static_cast<double>(stats.conflicts));
  add("fenced_batches_total", "Batches that the table's offsets refused.", Kind::Counter,
      static_cast<double>(stats.fenced_batches));
  add("committed_files_total", "Files that this process added to the table.", Kind::Counter,
      static_cast<double>(stats.files));
  add("committed_bytes_total", "Their bytes.", Kind::Counter, static_cast<double>(stats.bytes));
  add("last_commit_seconds", "How long the last commit took, tries included.", Kind::Gauge,
      stats.last_commit_seconds);
  return metrics;
}

}  // namespace millrace::lakehouse
