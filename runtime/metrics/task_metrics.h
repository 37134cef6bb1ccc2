#pragma once
// What a task thread counts, once a batch, and what a scrape reads of it (connect-tasks.md §8).

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "runtime/metrics/metric_page.h"
#include "runtime/metrics/sampled_stat.h"
#include "runtime/metrics/shared_cells.h"

namespace millrace {

/// Two clocks in milliseconds; functions, so that tests can set them.
struct MetricClock {
  int64_t (*steady_ms)();  // for windows
  int64_t (*wall_ms)();    // since the epoch
  static MetricClock system() noexcept;
};

struct MetricsConfig {
  MetricWindow window = {};
  MetricClock clock = MetricClock::system();
};

/// Values of task-error-metrics, in this order; the time is in milliseconds since the epoch.
using ErrorTotals = std::array<uint64_t, 8>;
inline constexpr std::array<std::string_view, 8> kErrorAttributes = {
    "total-record-failures", "total-record-errors",
    "total-records-skipped", "total-retries",
    "total-errors-logged",   "deadletterqueue-produce-requests",
    "deadletterqueue-produce-failures", "last-error-timestamp"};

/// Common to sources and sinks. Counting: the task's thread, never per record. write_to(): one
/// other thread; it waits for nothing.
class TaskMetrics {
 public:
  explicit TaskMetrics(const MetricsConfig& config);
  virtual ~TaskMetrics() = default;
  TaskMetrics(const TaskMetrics&) = delete;
  TaskMetrics& operator=(const TaskMetrics&) = delete;

  /// As they are now.
  void errors(const ErrorTotals& totals) noexcept;
  void commit_began() noexcept { commit_began_ms_ = now(); }

  /// Adds everything; `labels` are connector and task.
  void write_to(MetricPage& page, std::string_view labels) const;

 protected:
  using Section = WriteVersion::Section;

  int64_t now() const noexcept { return clock_.steady_ms(); }
  int64_t wall_now() const noexcept { return clock_.wall_ms(); }
  /// These three inside a Section.
  void note_batch(uint32_t rows, int64_t now_ms) noexcept { batch_size_.record(rows, now_ms); }
  void note_commit(bool succeeded, int64_t now_ms) noexcept;
  void note_progress(int64_t now_ms) noexcept { progress_ms_.set(now_ms); }
  /// Record timestamp; kNoTimestamp changes nothing.
  void note_newest(int64_t timestamp_ms) noexcept {
    if (timestamp_ms > newest_ms_.get()) newest_ms_.set(timestamp_ms);
  }
  void set_bytes_in_flight(int64_t bytes) noexcept { bytes_in_flight_.set(bytes); }

  virtual void write_kind(MetricPage& page, std::string_view labels, int64_t now_ms) const = 0;

  WriteVersion version_;

 private:
  void write_common(MetricPage& page, std::string_view labels, int64_t now_ms) const;
  void write_errors(MetricPage& page, std::string_view labels) const;
  void write_own(MetricPage& page, std::string_view labels, int64_t now_ms) const;

  const MetricClock clock_;
  SampledStat batch_size_;
  SampledStat commit_time_ms_;
  SampledStat commit_succeeded_;  // 1 or 0
  std::array<Cell<uint64_t>, kErrorAttributes.size()> errors_;
  Cell<int64_t> progress_ms_;
  Cell<int64_t> newest_ms_{std::numeric_limits<int64_t>::min()};
  Cell<int64_t> bytes_in_flight_;
  int64_t commit_began_ms_ = 0;
};

/// Sum of the values of all events, and their rate.
class Meter {
 public:
  explicit Meter(const MetricWindow& window) : rate_(window) {}
  void record(double value, int64_t now_ms) noexcept {
    rate_.record(value, now_ms);
    total_.add(value);
  }
  double rate(int64_t now_ms) const noexcept { return rate_.rate(now_ms); }
  double total() const noexcept { return total_.get(); }

 private:
  SampledStat rate_;
  Cell<double> total_;
};

/// A number that goes up and down; maximum and average over the times it was set.
class Level {
 public:
  explicit Level(const MetricWindow& window) : window_(window) {}
  void record(double value, int64_t now_ms) noexcept {
    last_.set(value);
    window_.record(value, now_ms);
  }
  double last() const noexcept { return last_.get(); }
  const SampledStat& window() const noexcept { return window_; }

 private:
  SampledStat window_;
  Cell<double> last_;
};

}  // namespace millrace
