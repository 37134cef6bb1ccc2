#include "runtime/metrics/task_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/metrics/sink_task_metrics.h"
#include "runtime/metrics/source_task_metrics.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

int64_t steady = 0;
int64_t wall = 0;

class TaskMetricsTest : public testing::Test {
 protected:
  TaskMetricsTest() {
    steady = 1'000;
    wall = 5'000'000;
  }
  static std::string text(const TaskMetrics& metrics) {
    MetricPage page(MetricNames::Jmx);
    metrics.write_to(page, {});
    return page.text();
  }
  /// `\nkafka_connect_GROUP_ATTRIBUTE VALUE\n`
  static std::string line(const std::string& name, const std::string& value) {
    return "\nkafka_connect_" + name + " " + value + "\n";
  }

  const MetricsConfig config_{{10'000, 2}, {[] { return steady; }, [] { return wall; }}};
};

TEST_F(TaskMetricsTest, SourceCountsPolledWrittenAndActiveRecords) {
  SourceTaskMetrics metrics(config_);
  metrics.polled(100, 2.5);
  metrics.sent(100, 4'000, wall - 3'000);
  metrics.polled(50, 0.5);
  metrics.sent(50, 1'000, -1);
  metrics.in_flight(2, 130);
  EXPECT_THAT(text(metrics),
              HasSubstr(line("source_task_metrics_source_record_active_count", "150")));
  EXPECT_THAT(text(metrics), HasSubstr("\nmillrace_task_bytes_in_flight 5000\n"));
  steady += 2'000;
  metrics.finished(100, 90, 4'000);
  const std::string page = text(metrics);
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_source_record_poll_total", "150")));
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_source_record_write_total", "90")));
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_source_record_active_count", "50")));
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_source_record_active_count_max", "150")));
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_source_record_active_count_avg", "100")));
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_poll_batch_max_time_ms", "2.5")));
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_poll_batch_avg_time_ms", "1.5")));
  EXPECT_THAT(page, HasSubstr(line("source_task_metrics_source_record_poll_rate", "12.5")));
  EXPECT_THAT(page, HasSubstr(line("connector_task_metrics_batch_size_avg", "75")));
  EXPECT_THAT(page, HasSubstr("\nmillrace_task_bytes_in_flight 1000\n"));
  EXPECT_THAT(page, HasSubstr("\nmillrace_source_task_batches_in_flight 2\n"));
  EXPECT_THAT(page, HasSubstr("\nmillrace_source_task_records_in_flight 130\n"));
  EXPECT_THAT(page, HasSubstr("\nmillrace_task_newest_record_age_seconds 3\n"));
  EXPECT_THAT(page, HasSubstr("\nmillrace_task_seconds_since_progress 0\n"));
}

TEST_F(TaskMetricsTest, ActiveRecordsAreNeverNegative) {
  SourceTaskMetrics metrics(config_);
  metrics.finished(10, 10, 0);
  EXPECT_THAT(text(metrics),
              HasSubstr(line("source_task_metrics_source_record_active_count", "0")));
}

TEST_F(TaskMetricsTest, CommitsAreTimedOnlyWhenTheySucceed) {
  SourceTaskMetrics metrics(config_);
  metrics.commit_began();
  steady += 40;
  metrics.committed(true);
  metrics.commit_began();
  steady += 900;
  metrics.committed(false);
  const std::string page = text(metrics);
  EXPECT_THAT(page, HasSubstr(line("connector_task_metrics_offset_commit_max_time_ms", "40")));
  EXPECT_THAT(page,
              HasSubstr(line("connector_task_metrics_offset_commit_success_percentage", "0.5")));
  EXPECT_THAT(page,
              HasSubstr(line("connector_task_metrics_offset_commit_failure_percentage", "0.5")));
}

TEST_F(TaskMetricsTest, EmptyWindowsAreNotANumber) {
  SinkTaskMetrics metrics(config_);
  const std::string page = text(metrics);
  EXPECT_THAT(page, HasSubstr(line("connector_task_metrics_batch_size_max", "NaN")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_put_batch_avg_time_ms", "NaN")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_sink_record_read_rate", "0")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_sink_record_active_count", "0")));
  EXPECT_THAT(page, Not(HasSubstr("millrace_sink_task_lag")));
  EXPECT_THAT(page, Not(HasSubstr("newest_record_age")));
}

TEST_F(TaskMetricsTest, SinkCountsWhatItReadsAndPuts) {
  SinkTaskMetrics metrics(config_);
  metrics.partitions(3);
  metrics.read(100);
  metrics.active(100);
  metrics.holding(2'000);
  EXPECT_THAT(text(metrics), HasSubstr("\nmillrace_task_bytes_in_flight 2000\n"));
  steady += 7'000;
  EXPECT_THAT(text(metrics), HasSubstr("\nmillrace_task_seconds_since_progress 7\n"));
  auto latencies = metrics.latencies();
  for (int i = 0; i < 80; ++i) latencies.add(wall - 30);
  metrics.put(80, 100, 4, latencies);
  metrics.put(0, 0, 2, metrics.latencies());  // nothing new, but a call
  metrics.lag(12, 9);
  metrics.commit_attempt(1);
  metrics.committed(true);
  metrics.commit_attempt(2);
  metrics.commit_skipped();
  const std::string page = text(metrics);
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_sink_record_read_total", "100")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_sink_record_send_total", "80")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_partition_count", "3")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_put_batch_avg_time_ms", "3")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_offset_commit_seq_no", "2")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_offset_commit_completion_total", "1")));
  EXPECT_THAT(page, HasSubstr(line("sink_task_metrics_offset_commit_skip_total", "1")));
  EXPECT_THAT(page, HasSubstr(line("connector_task_metrics_batch_size_avg", "40")));
  EXPECT_THAT(page, HasSubstr("\nmillrace_sink_task_lag_records 12\n"));
  EXPECT_THAT(page, HasSubstr("\nmillrace_sink_task_lag_records_max 9\n"));
  EXPECT_THAT(page, HasSubstr("\nmillrace_task_bytes_in_flight 0\n"));
  EXPECT_THAT(page, HasSubstr("_latency_seconds_bucket{le=\"0.05\"} 80\n"));
}

TEST_F(TaskMetricsTest, ATaskShowsNumbersOfItsOwn) {
  SinkTaskMetrics metrics(config_);
  using Kind = TaskMetric::Kind;
  metrics.show({{"rows_total", "Rows.", Kind::Counter, {{"table", "a\"b"}}, 3}});
  metrics.show({{"rows_total", "Rows.", Kind::Counter, {{"table", "a\"b"}}, 5},
                {"lag_seconds", "Lag.", Kind::Gauge, {}, 0.5}});
  const std::string page = text(metrics);
  EXPECT_THAT(page, HasSubstr("# TYPE millrace_rows_total counter\n"
                              "millrace_rows_total{table=\"a\\\"b\"} 5\n"));
  EXPECT_THAT(page, HasSubstr("\nmillrace_lag_seconds 0.5\n"));
  for (const char* name : {"", "a-b", "A", "a b", "a{"}) {
    EXPECT_THROW(metrics.show({{name, "", Kind::Gauge, {}, 1}}), Error) << name;
  }
  EXPECT_EQ(text(metrics), page) << "a refusal changes nothing";
}

TEST_F(TaskMetricsTest, ErrorsStandUnderTheirNames) {
  SinkTaskMetrics metrics(config_);
  metrics.errors({});
  EXPECT_THAT(text(metrics), HasSubstr(line("task_error_metrics_last_error_timestamp", "0")));
  metrics.errors({2, 1, 1, 1, 1, 1, 0, 5'000'000});
  const std::string page = text(metrics);
  EXPECT_THAT(page, HasSubstr(line("task_error_metrics_last_error_timestamp", "5000000")));
  EXPECT_THAT(page, HasSubstr(line("task_error_metrics_total_record_failures", "2")));
  EXPECT_THAT(page, HasSubstr(line("task_error_metrics_deadletterqueue_produce_requests", "1")));
  EXPECT_THAT(page, HasSubstr(line("task_error_metrics_deadletterqueue_produce_failures", "0")));
}

}  // namespace
}  // namespace millrace
