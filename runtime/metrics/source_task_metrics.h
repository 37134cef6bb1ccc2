#pragma once
// source-task-metrics, and what is in flight. Threads: see TaskMetrics.

#include "runtime/metrics/task_metrics.h"

namespace millrace {

class SourceTaskMetrics final : public TaskMetrics {
 public:
  explicit SourceTaskMetrics(const MetricsConfig& config);

  /// poll() of the task brought `rows` records, before any transformation, in `ms`. Not for a poll
  /// that brought nothing, as in Kafka.
  void polled(uint32_t rows, double ms) noexcept;
  /// A batch went on to be sent: its records, keys and values in bytes, and the timestamp of the
  /// newest one (kNoTimestamp: none has one).
  void sent(uint32_t rows, int64_t bytes, int64_t newest_ms) noexcept;
  /// The log has all of a batch of `rows` records, `written` of them written; the others were
  /// filtered or skipped.
  void finished(uint32_t rows, uint32_t written, int64_t bytes) noexcept;
  void in_flight(size_t batches, size_t records) noexcept;
  void committed(bool succeeded) noexcept;

 private:
  void write_kind(MetricPage& page, std::string_view labels, int64_t now_ms) const override;

  Meter poll_;
  Meter write_;
  SampledStat poll_time_ms_;
  Level active_;
  Cell<int64_t> batches_;
  Cell<int64_t> records_;
  int64_t active_records_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace millrace
