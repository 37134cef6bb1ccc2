#include "runtime/metrics/source_task_metrics.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::string_view kGroup = "source-task-metrics";

}  // namespace

SourceTaskMetrics::SourceTaskMetrics(const MetricsConfig& config)
    : TaskMetrics(config),
      poll_(config.window),
      write_(config.window),
      poll_time_ms_(config.window),
      active_(config.window) {}

void SourceTaskMetrics::polled(uint32_t rows, double ms) noexcept {
  const int64_t at = now();
  const Section section(version_);
  poll_.record(rows, at);
  poll_time_ms_.record(ms, at);
  active_records_ += rows;
  active_.record(static_cast<double>(active_records_), at);
}

void SourceTaskMetrics::sent(uint32_t rows, int64_t bytes, int64_t newest_ms) noexcept {
  const int64_t at = now();
  const Section section(version_);
  note_batch(rows, at);
  note_newest(newest_ms);
  bytes_ += bytes;
  set_bytes_in_flight(bytes_);
}

void SourceTaskMetrics::finished(uint32_t rows, uint32_t written, int64_t bytes) noexcept {
  const int64_t at = now();
  const Section section(version_);
  write_.record(written, at);
  active_records_ = std::max<int64_t>(0, active_records_ - rows);
  active_.record(static_cast<double>(active_records_), at);
  bytes_ -= bytes;
  set_bytes_in_flight(bytes_);
  note_progress(at);
}

void SourceTaskMetrics::in_flight(size_t batches, size_t records) noexcept {
  batches_.set(static_cast<int64_t>(batches));
  records_.set(static_cast<int64_t>(records));
}

void SourceTaskMetrics::committed(bool succeeded) noexcept {
  const Section section(version_);
  note_commit(succeeded, now());
}

void SourceTaskMetrics::write_kind(MetricPage& page, std::string_view labels,
                                   int64_t now_ms) const {
  struct {
    double poll_rate, poll_total, write_rate, write_total, time_max, time_avg;
    double active, active_max, active_avg;
  } seen{};
  version_.read([&] {
    seen = {poll_.rate(now_ms),         poll_.total(),
            write_.rate(now_ms),        write_.total(),
            poll_time_ms_.max(now_ms),  poll_time_ms_.avg(now_ms),
            active_.last(),             active_.window().max(now_ms),
            active_.window().avg(now_ms)};
  });
  page.attribute(kGroup, labels, "source-record-poll-rate", seen.poll_rate);
  page.attribute(kGroup, labels, "source-record-poll-total", seen.poll_total);
  page.attribute(kGroup, labels, "source-record-write-rate", seen.write_rate);
  page.attribute(kGroup, labels, "source-record-write-total", seen.write_total);
  page.attribute(kGroup, labels, "poll-batch-max-time-ms", seen.time_max);
  page.attribute(kGroup, labels, "poll-batch-avg-time-ms", seen.time_avg);
  page.attribute(kGroup, labels, "source-record-active-count", seen.active);
  page.attribute(kGroup, labels, "source-record-active-count-max", seen.active_max);
  page.attribute(kGroup, labels, "source-record-active-count-avg", seen.active_avg);
  page.add("millrace_source_task_batches_in_flight", "gauge",
           "Batches polled and not yet acknowledged; at "
           "millrace.source.max.in.flight.batches the task waits for the log.",
           labels, static_cast<double>(batches_.get()));
  page.add("millrace_source_task_records_in_flight", "gauge",
           "Records handed to the producer and not yet acknowledged.", labels,
           static_cast<double>(records_.get()));
}

}  // namespace millrace
