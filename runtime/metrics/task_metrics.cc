#include "runtime/metrics/task_metrics.h"

#include <chrono>

#include "millrace/clock.h"

namespace millrace {
namespace {

constexpr double kMillisPerSecond = 1000.0;
constexpr std::string_view kGroup = "connector-task-metrics";

int64_t steady_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

MetricClock MetricClock::system() noexcept {
  return {&steady_clock_ms, &wall_clock_ms};
}

TaskMetrics::TaskMetrics(const MetricsConfig& config)
    : clock_(config.clock),
      batch_size_(config.window),
      commit_time_ms_(config.window),
      commit_succeeded_(config.window),
      progress_ms_(config.clock.steady_ms()) {}

void TaskMetrics::errors(const ErrorTotals& totals) noexcept {
  for (size_t i = 0; i < totals.size(); ++i) errors_[i].set(totals[i]);
}

void TaskMetrics::note_commit(bool succeeded, int64_t now_ms) noexcept {
  if (succeeded) commit_time_ms_.record(static_cast<double>(now_ms - commit_began_ms_), now_ms);
  commit_succeeded_.record(succeeded ? 1 : 0, now_ms);
}

void TaskMetrics::write_to(MetricPage& page, std::string_view labels) const {
  const int64_t now_ms = now();
  write_common(page, labels, now_ms);
  write_errors(page, labels);
  write_kind(page, labels, now_ms);
  write_own(page, labels, now_ms);
}

void TaskMetrics::write_common(MetricPage& page, std::string_view labels, int64_t now_ms) const {
  struct {
    double commit_max, commit_avg, batch_max, batch_avg, failed, succeeded;
  } seen{};
  version_.read([&] {
    seen = {commit_time_ms_.max(now_ms),           commit_time_ms_.avg(now_ms),
            batch_size_.max(now_ms),               batch_size_.avg(now_ms),
            commit_succeeded_.share_of_zeros(now_ms), commit_succeeded_.share_of_ones(now_ms)};
  });
  page.attribute(kGroup, labels, "offset-commit-max-time-ms", seen.commit_max);
  page.attribute(kGroup, labels, "offset-commit-avg-time-ms", seen.commit_avg);
  page.attribute(kGroup, labels, "batch-size-max", seen.batch_max);
  page.attribute(kGroup, labels, "batch-size-avg", seen.batch_avg);
  page.attribute(kGroup, labels, "offset-commit-failure-percentage", seen.failed);
  page.attribute(kGroup, labels, "offset-commit-success-percentage", seen.succeeded);
}

void TaskMetrics::write_errors(MetricPage& page, std::string_view labels) const {
  for (size_t i = 0; i < errors_.size(); ++i) {
    page.attribute("task-error-metrics", labels, kErrorAttributes[i],
                   static_cast<double>(errors_[i].get()));
  }
}

void TaskMetrics::write_own(MetricPage& page, std::string_view labels, int64_t now_ms) const {
  page.add("millrace_task_seconds_since_progress", "gauge",
           "Time since the last batch was acknowledged (source) or put (sink); at first, since the "
           "task was made.",
           labels, static_cast<double>(now_ms - progress_ms_.get()) / kMillisPerSecond);
  page.add("millrace_task_bytes_in_flight", "gauge",
           "Keys and values of records that were polled and not yet acknowledged (source), or "
           "consumed and not yet put (sink).",
           labels, static_cast<double>(bytes_in_flight_.get()));
  const int64_t newest = newest_ms_.get();
  if (newest < 0) return;
  page.add("millrace_task_newest_record_age_seconds", "gauge",
           "Now minus the newest timestamp of a record this task has handled.", labels,
           static_cast<double>(wall_now() - newest) / kMillisPerSecond);
}

}  // namespace millrace
