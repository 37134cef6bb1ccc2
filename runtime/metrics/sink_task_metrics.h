#pragma once
// sink-task-metrics, consumer lag and latency. Threads: see TaskMetrics.

#include <memory>
#include <mutex>
#include <vector>

#include "millrace/connector.h"
#include "runtime/metrics/latency_histogram.h"
#include "runtime/metrics/task_metrics.h"

namespace millrace {

class SinkTaskMetrics final : public TaskMetrics {
 public:
  explicit SinkTaskMetrics(const MetricsConfig& config);

  /// A poll of the log brought `rows` records, maybe none.
  void read(uint32_t rows) noexcept;
  /// A batch waits to be put: keys and values in bytes.
  void holding(int64_t bytes) noexcept { set_bytes_in_flight(bytes); }
  /// The task took `rows` records (maybe none) of `consumed` ones in `ms`.
  void put(uint32_t rows, uint32_t consumed, double ms,
           const LatencyHistogram::Batch& latencies) noexcept;
  LatencyHistogram::Batch latencies() const noexcept { return LatencyHistogram::Batch(wall_now()); }
  /// Records consumed and not yet committed.
  void active(int64_t records) noexcept;
  void partitions(size_t count) noexcept { partitions_.set(static_cast<double>(count)); }
  /// End of the log minus position, over partitions; NaN when no end is known.
  void lag(double sum, double max) noexcept;

  /// Attempt `number` to commit begins.
  void commit_attempt(uint64_t number) noexcept;
  void committed(bool succeeded) noexcept;
  /// The answer to a commit that a later one had overtaken.
  void commit_skipped() noexcept;
  /// What the task itself shows, in place of what it showed before. Throws IllegalArgument for a
  /// name that Prometheus would not take.
  void show(std::vector<TaskMetric> metrics);

 private:
  void write_kind(MetricPage& page, std::string_view labels, int64_t now_ms) const override;
  void write_extras(MetricPage& page, std::string_view labels) const;
  void write_shown(MetricPage& page, std::string_view labels) const;

  Meter read_;
  Meter send_;
  Meter completed_;
  Meter skipped_;
  SampledStat put_time_ms_;
  Level active_;
  Cell<double> partitions_;
  Cell<double> sequence_;
  Cell<double> lag_sum_;
  Cell<double> lag_max_;
  LatencyHistogram latency_;
  mutable std::mutex shown_mutex_;  // held to copy the pointer
  std::shared_ptr<const std::vector<TaskMetric>> shown_;
};

}  // namespace millrace
