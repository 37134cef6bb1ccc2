#include "runtime/metrics/metric_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "millrace/errors.h"
#include "runtime/metrics/process_metrics.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricPage, AttributesGetMechanicalNames) {
  MetricPage page(MetricNames::Jmx);
  page.attribute("source-task-metrics", metric_labels({{"connector", "c"}, {"task", "0"}}),
                 "source-record-poll-total", 3);
  EXPECT_EQ(page.text(),
            "# HELP kafka_connect_source_task_metrics_source_record_poll_total Attribute "
            "source-record-poll-total of kafka.connect:type=source-task-metrics.\n"
            "# TYPE kafka_connect_source_task_metrics_source_record_poll_total untyped\n"
            "kafka_connect_source_task_metrics_source_record_poll_total{connector=\"c\",task=\"0\"}"
            " 3\n");
}

TEST(MetricPage, SamplesOfANameStandTogether) {
  MetricPage page(MetricNames::Jmx);
  for (const char* task : {"0", "1"}) {
    const std::string labels = metric_labels({{"task", task}});
    page.add("b", "gauge", "B.", labels, 1);
    page.add("a", "counter", "A.", labels, 2);
  }
  EXPECT_EQ(page.text(),
            "# HELP a A.\n# TYPE a counter\na{task=\"0\"} 2\na{task=\"1\"} 2\n"
            "# HELP b B.\n# TYPE b gauge\nb{task=\"0\"} 1\nb{task=\"1\"} 1\n");
}

TEST(MetricPage, NumbersThatAreNoneSurvive) {
  MetricPage page(MetricNames::Jmx);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  page.add("a", "gauge", "", {}, std::numeric_limits<double>::quiet_NaN());
  page.add("b", "gauge", "", {}, kInfinity);
  page.add("c", "gauge", "", {}, -kInfinity);
  page.add("d", "gauge", "", {}, 1795260473498.0);
  page.add("e", "gauge", "", {}, 0.1);
  for (const char* line :
       {"\na NaN\n", "\nb +Inf\n", "\nc -Inf\n", "\nd 1795260473498\n", "\ne 0.1\n"}) {
    EXPECT_THAT(page.text(), HasSubstr(line));
  }
}

TEST(MetricPage, LabelValuesAreEscaped) {
  EXPECT_EQ(metric_labels({{"a", "x\"y\\z\nw"}, {"b", "ü"}}), "a=\"x\\\"y\\\\z\\nw\",b=\"ü\"");
  EXPECT_EQ(metric_labels({}), "");
}

TEST(MetricPage, StrimziNamesAreShorterAndFewer) {
  MetricPage page(MetricNames::Strimzi);
  page.attribute("connect-worker-metrics", {}, "task-startup-success-percentage", 1);
  page.attribute("sink-task-metrics", {}, "put-batch-avg-time-ms", 2);
  page.attribute("sink-task-metrics", {}, "sink-record-read-rate", 3);
  page.attribute("sink-task-metrics", {}, "sink-record-active-count-max", 4);
  page.attribute("task-error-metrics", {}, "total-errors-logged", 5);
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("\nkafka_connect_worker_task_startup_success_percentage 1\n"));
  EXPECT_THAT(text, HasSubstr("\nkafka_connect_sink_task_put_batch_avg_time_ms 2\n"));
  EXPECT_THAT(text, HasSubstr("\nkafka_connect_task_error_total_errors_logged 5\n"));
  EXPECT_THAT(text, Not(HasSubstr("read_rate")));
  EXPECT_THAT(text, Not(HasSubstr("count_max")));
}

TEST(MetricPage, NamesAreChosenByWord) {
  EXPECT_EQ(parse_metric_names("jmx"), MetricNames::Jmx);
  EXPECT_EQ(parse_metric_names("strimzi"), MetricNames::Strimzi);
  EXPECT_THROW(parse_metric_names("JMX"), ConfigException);
}

TEST(ProcessMetrics, AllAreThere) {
  MetricPage page(MetricNames::Jmx);
  add_process_metrics(page);
  for (const char* name : {"\nprocess_cpu_seconds_total ", "\nprocess_resident_memory_bytes ",
                           "\nprocess_open_fds ", "\nprocess_start_time_seconds "}) {
    EXPECT_THAT(page.text(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace millrace
