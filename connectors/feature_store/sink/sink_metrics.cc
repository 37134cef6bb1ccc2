#include "connectors/feature_store/sink/sink_metrics.h"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace::feature_store {
namespace {

using Kind = TaskMetric::Kind;
constexpr double kMillisOfSecond = 1e3;
constexpr double kMicrosOfSecond = 1e6;

}  // namespace

SinkMetrics::Group& SinkMetrics::group(int64_t id) {
  if (last_ == groups_.end() || last_->first != id) last_ = groups_.try_emplace(id).first;
  return last_->second;
}

void SinkMetrics::applied(BatchCollector& batch, std::chrono::steady_clock::time_point started, int64_t now_ms) {
  for (const RowChange& change : batch.changes()) {
    Group& of = group(change.plan->group().id);
    ++of.rows[static_cast<size_t>(change.status)];
    of.visible_lag_ms = std::max(of.visible_lag_ms, now_ms - change.kafka_ms);
    if (change.has_event_time) of.event_age_us = std::max(of.event_age_us, now_ms * 1'000 - change.event_time_us);
  }
  for (const int64_t id : batch.ignored_groups()) ++group(id).rows[static_cast<size_t>(RowStatus::Ignored)];
  for (const FailedRecord& failed : batch.failed()) {
    ++group(failed.group_id).rows[static_cast<size_t>(RowStatus::Failed)];
  }
  collapsed_ += batch.collapsed();
  unknown_fields_ += batch.unknown_fields();
  ++batches_;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  batch_seconds_ += seconds;
  batch_seconds_max_ = std::max(batch_seconds_max_, seconds);
}

std::vector<TaskMetric> SinkMetrics::page(const OffsetMap& positions) {
  std::vector<TaskMetric> page;
  for (auto& [id, of] : groups_) {
    const std::pair<std::string, std::string> fg{"fg", std::to_string(id)};
    for (size_t i = 0; i < kRowStatuses; ++i) {
      const std::string status(row_status_name(static_cast<RowStatus>(i)));
      page.push_back({"fs_sink_rows_total", "Records by feature group and what became of them.", Kind::Counter,
                      {fg, {"status", status}}, static_cast<double>(of.rows[i])});
    }
    page.push_back({"fs_sink_visible_lag_seconds",
                    "From a record's timestamp to its row being visible; the largest since the last look.",
                    Kind::Gauge, {fg}, static_cast<double>(std::exchange(of.visible_lag_ms, 0)) / kMillisOfSecond});
    if (of.event_age_us < 0) continue;
    page.push_back({"fs_sink_event_age_seconds",
                    "From a row's event time to its being visible; the largest since the last look.",
                    Kind::Gauge, {fg}, static_cast<double>(std::exchange(of.event_age_us, -1)) / kMicrosOfSecond});
  }
  page.push_back({"fs_sink_collapsed_rows_total", "Records that lost against another of their key in one batch.",
                  Kind::Counter, {}, static_cast<double>(collapsed_)});
  page.push_back({"fs_sink_unknown_fields_total",
                  "Fields of records without headers that are no column of their feature group.", Kind::Counter,
                  {}, static_cast<double>(unknown_fields_)});
  page.push_back({"fs_sink_batches_total", "Batches applied.", Kind::Counter, {}, static_cast<double>(batches_)});
  page.push_back({"fs_sink_batch_seconds_sum", "Time spent on batches, from headers to the store.", Kind::Counter,
                  {}, batch_seconds_});
  page.push_back({"fs_sink_batch_seconds", "The longest batch since the last look.", Kind::Gauge, {},
                  std::exchange(batch_seconds_max_, 0)});
  for (const auto& [partition, offset] : positions) {
    page.push_back({"fs_sink_store_offset", "Where the store goes on.", Kind::Gauge,
                    {{"topic", partition.topic}, {"partition", std::to_string(partition.partition)}},
                    static_cast<double>(raw(offset))});
  }
  return page;
}

}  // namespace millrace::feature_store
