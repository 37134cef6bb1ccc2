// What the sink loop counts.

#include <algorithm>
#include <limits>

#include "runtime/worker/batch_measures.h"
#include "runtime/worker/error_totals.h"
#include "runtime/worker/sink_task_runner.h"

namespace millrace {
namespace {

// The ends of the log are looked up this often; between, only the position moves.
constexpr Millis kLagInterval{1'000};

}  // namespace

void SinkTaskRunner::note_waiting() {
  metrics_->active(uncommitted_ + waiting_records());
  metrics_->holding(wire_bytes(*batch_));
}

// Offsets between what put() took and the end of the batch that waits for it.
int64_t SinkTaskRunner::waiting_records() const {
  int64_t waiting = 0;
  for (const auto& [partition, offset] : consumed_) {
    const auto at = current_.find(partition);
    if (at != current_.end()) waiting += std::max<int64_t>(0, raw(offset) - raw(at->second));
  }
  return waiting;
}

void SinkTaskRunner::note_put(double ms) {
  LatencyHistogram::Batch latencies = metrics_->latencies();
  for (const uint32_t row : put_rows_) {
    const int64_t timestamp = (*batch_)[row].timestamp;
    if (timestamp != kNoTimestamp) latencies.add(timestamp);
  }
  metrics_->put(static_cast<uint32_t>(put_rows_.size()), batch_->size(), ms, latencies);
  uncommitted_ += waiting_records();
}

void SinkTaskRunner::note_offsets_changed() {
  uncommitted_ = 0;
  for (const auto& [partition, committed] : last_committed_) {
    const auto at = current_.find(partition);
    if (at == current_.end()) continue;
    uncommitted_ += std::max<int64_t>(0, raw(at->second) - raw(committed));
  }
  metrics_->active(uncommitted_ + waiting_records());
  metrics_->partitions(last_committed_.size());
}

void SinkTaskRunner::note_lag() {
  const auto now = Clock::now();
  if (now >= next_lag_) {
    next_lag_ = now + kLagInterval;
    log_ends_.clear();
    for (const auto& [partition, offset] : last_committed_) {
      if (const auto end = consumer_->known_end(partition)) log_ends_.emplace(partition, *end);
    }
  }
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (log_ends_.empty()) return metrics_->lag(kUnknown, kUnknown);
  int64_t sum = 0;
  int64_t max = 0;
  for (const auto& [partition, end] : log_ends_) {
    const auto at = current_.find(partition);
    if (at == current_.end()) continue;
    const int64_t lag = std::max<int64_t>(0, raw(end) - raw(at->second));
    sum += lag;
    max = std::max(max, lag);
  }
  metrics_->lag(static_cast<double>(sum), static_cast<double>(max));
}

void SinkTaskRunner::publish_errors() {
  if (errors_) metrics_->errors(error_totals(errors_->counts()));
}

}  // namespace millrace
