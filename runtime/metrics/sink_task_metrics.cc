#include "runtime/metrics/sink_task_metrics.h"

#include <algorithm>
#include <cmath>

namespace millrace {
namespace {

constexpr std::string_view kGroup = "sink-task-metrics";
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_metric_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

SinkTaskMetrics::SinkTaskMetrics(const MetricsConfig& config)
    : TaskMetrics(config),
      read_(config.window),
      send_(config.window),
      completed_(config.window),
      skipped_(config.window),
      put_time_ms_(config.window),
      active_(config.window),
      lag_sum_(kNaN),
      lag_max_(kNaN) {}

void SinkTaskMetrics::read(uint32_t rows) noexcept {
  const Section section(version_);
  read_.record(rows, now());
}

void SinkTaskMetrics::put(uint32_t rows, uint32_t consumed, double ms,
                          const LatencyHistogram::Batch& latencies) noexcept {
  const int64_t at = now();
  const Section section(version_);
  note_batch(rows, at);
  send_.record(rows, at);
  put_time_ms_.record(ms, at);
  if (consumed == 0) return;
  latency_.add(latencies);
  note_newest(latencies.newest_ms());
  set_bytes_in_flight(0);
  note_progress(at);
}

void SinkTaskMetrics::active(int64_t records) noexcept {
  const Section section(version_);
  active_.record(static_cast<double>(records), now());
}

void SinkTaskMetrics::lag(double sum, double max) noexcept {
  const Section section(version_);
  lag_sum_.set(sum);
  lag_max_.set(max);
}

void SinkTaskMetrics::commit_attempt(uint64_t number) noexcept {
  commit_began();
  sequence_.set(static_cast<double>(number));
}

void SinkTaskMetrics::committed(bool succeeded) noexcept {
  const int64_t at = now();
  const Section section(version_);
  note_commit(succeeded, at);
  if (succeeded) completed_.record(1, at);
}

void SinkTaskMetrics::commit_skipped() noexcept {
  const Section section(version_);
  skipped_.record(1, now());
}

void SinkTaskMetrics::write_kind(MetricPage& page, std::string_view labels, int64_t now_ms) const {
  struct {
    double read_rate, read_total, send_rate, send_total;
    double completed_rate, completed_total, skipped_rate, skipped_total;
    double put_max, put_avg, active, active_max, active_avg;
  } seen{};
  version_.read([&] {
    seen = {read_.rate(now_ms),           read_.total(),
            send_.rate(now_ms),           send_.total(),
            completed_.rate(now_ms),      completed_.total(),
            skipped_.rate(now_ms),        skipped_.total(),
            put_time_ms_.max(now_ms),     put_time_ms_.avg(now_ms),
            active_.last(),               active_.window().max(now_ms),
            active_.window().avg(now_ms)};
  });
  page.attribute(kGroup, labels, "sink-record-read-rate", seen.read_rate);
  page.attribute(kGroup, labels, "sink-record-read-total", seen.read_total);
  page.attribute(kGroup, labels, "sink-record-send-rate", seen.send_rate);
  page.attribute(kGroup, labels, "sink-record-send-total", seen.send_total);
  page.attribute(kGroup, labels, "partition-count", partitions_.get());
  page.attribute(kGroup, labels, "offset-commit-seq-no", sequence_.get());
  page.attribute(kGroup, labels, "offset-commit-completion-rate", seen.completed_rate);
  page.attribute(kGroup, labels, "offset-commit-completion-total", seen.completed_total);
  page.attribute(kGroup, labels, "offset-commit-skip-rate", seen.skipped_rate);
  page.attribute(kGroup, labels, "offset-commit-skip-total", seen.skipped_total);
  page.attribute(kGroup, labels, "put-batch-max-time-ms", seen.put_max);
  page.attribute(kGroup, labels, "put-batch-avg-time-ms", seen.put_avg);
  page.attribute(kGroup, labels, "sink-record-active-count", seen.active);
  page.attribute(kGroup, labels, "sink-record-active-count-max", seen.active_max);
  page.attribute(kGroup, labels, "sink-record-active-count-avg", seen.active_avg);
  write_extras(page, labels);
  write_shown(page, labels);
}

void SinkTaskMetrics::show(std::vector<TaskMetric> metrics) {
  for (const TaskMetric& metric : metrics) {
    if (!is_metric_name(metric.name)) {
      throw Error(ErrorKind::IllegalArgument, "showing a metric: '" + metric.name +
                                                  "' is no name of lower case and underscores");
    }
  }
  auto shown = std::make_shared<const std::vector<TaskMetric>>(std::move(metrics));
  const std::lock_guard lock(shown_mutex_);
  shown_.swap(shown);
}

void SinkTaskMetrics::write_shown(MetricPage& page, std::string_view labels) const {
  std::shared_ptr<const std::vector<TaskMetric>> shown;
  {
    const std::lock_guard lock(shown_mutex_);
    shown = shown_;
  }
  if (!shown) return;
  for (const TaskMetric& metric : *shown) {
    std::string all(labels);
    for (const auto& [name, value] : metric.labels) {
      all += (all.empty() ? "" : ",") + metric_labels({{name, value}});
    }
    page.add("millrace_" + metric.name,
             metric.kind == TaskMetric::Kind::Counter ? "counter" : "gauge", metric.help, all,
             metric.value);
  }
}

void SinkTaskMetrics::write_extras(MetricPage& page, std::string_view labels) const {
  double sum = kNaN;
  double max = kNaN;
  version_.read([&] {
    sum = lag_sum_.get();
    max = lag_max_.get();
  });
  if (!std::isnan(sum)) {
    page.add("millrace_sink_task_lag_records", "gauge",
             "Records in the task's partitions behind the last one it took, as of its last poll.",
             labels, sum);
    page.add("millrace_sink_task_lag_records_max", "gauge",
             "The same for the partition that is furthest behind.", labels, max);
  }
  latency_.write_to(page, "millrace_sink_task_record_latency_seconds",
                    "Time from a record's timestamp to the end of the put() that took it.",
                    labels);
}

}  // namespace millrace
