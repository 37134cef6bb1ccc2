#include "runtime/worker/worker_metrics.h"

#include <gmock/gmock.h>

#include "tests/unit/worker/worker_fixture.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

class WorkerMetricsTest : public NativeWorkerTest {
 protected:
  std::string page() const {
    MetricPage page(MetricNames::Jmx);
    worker_->metrics().write_to(page);
    return page.text();
  }
  bool shows(const std::string& line) {
    return control_.run_until([&] { return page().find("\n" + line + "\n") != std::string::npos; });
  }
  static std::string task(const std::string& name, const std::string& value) {
    return "kafka_connect_" + name + "{connector=\"c\",task=\"0\"} " + value;
  }
  static std::string worker(const std::string& name, const std::string& value) {
    return "kafka_connect_connect_worker_metrics_" + name + " " + value;
  }
};

TEST_F(WorkerMetricsTest, ActiveRecordsAreThoseTheLogHasNotAcknowledged) {
  log_.hold_acks = true;
  script_.records = 30;
  start_task("Source");
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_poll_total", "30")));
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_active_count", "30")));
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_write_total", "0")));
  EXPECT_TRUE(shows("millrace_source_task_records_in_flight{connector=\"c\",task=\"0\"} 30"));
  EXPECT_TRUE(shows("millrace_source_task_batches_in_flight{connector=\"c\",task=\"0\"} 1"));
  {
    const std::lock_guard lock(log_.mutex);
    log_.hold_acks = false;
  }
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_write_total", "30")));
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_active_count", "0")));
  EXPECT_TRUE(shows("millrace_task_bytes_in_flight{connector=\"c\",task=\"0\"} 0"));
  EXPECT_TRUE(shows(task("connector_task_metrics_offset_commit_success_percentage", "1")));
}

TEST_F(WorkerMetricsTest, RecordsTheLogRefusedAreSkippedAndNotWritten) {
  log_.fail_sends = true;
  script_.records = 5;
  start_task("Source", {{"errors.tolerance", "all"}});
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_active_count_max", "5")));
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_active_count", "0")));
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_write_total", "0")));
}

TEST_F(WorkerMetricsTest, SinkCountsReadSentAndUncommittedRecords) {
  log_.to_consume = {"a", "b", "c", "d"};
  start_task("Sink");
  EXPECT_TRUE(shows(task("sink_task_metrics_sink_record_read_total", "4")));
  EXPECT_TRUE(shows(task("sink_task_metrics_sink_record_send_total", "4")));
  EXPECT_TRUE(shows(task("sink_task_metrics_sink_record_active_count", "0")));
  EXPECT_TRUE(shows(task("sink_task_metrics_partition_count", "1")));
  EXPECT_TRUE(shows("millrace_sink_task_lag_records{connector=\"c\",task=\"0\"} 0"));
  EXPECT_TRUE(shows(
      "millrace_sink_task_record_latency_seconds_count{connector=\"c\",task=\"0\"} 4"));
}

TEST_F(WorkerMetricsTest, RecordsOfAPutThatIsRepeatedAreSentOnce) {
  script_.put_failures = 3;
  log_.to_consume = {"a", "b"};
  start_task("Sink");
  EXPECT_TRUE(shows(task("sink_task_metrics_sink_record_send_total", "2")));
  EXPECT_TRUE(shows(task("sink_task_metrics_sink_record_read_total", "2")));
}

TEST_F(WorkerMetricsTest, CommitsThatTheTaskRefusesAreFailures) {
  script_.fail_pre_commit = true;
  log_.to_consume = {"a"};
  start_task("Sink");
  ASSERT_TRUE(control_.run_until([&] { return !script_.fail_pre_commit; }));
  // In the window of 60 s there is one failure, and successes from then on.
  EXPECT_TRUE(control_.run_until([&] {
    return page().find(task("connector_task_metrics_offset_commit_failure_percentage", "0.")) !=
           std::string::npos;
  }));
  EXPECT_THAT(page(), Not(HasSubstr(task("sink_task_metrics_offset_commit_seq_no", "1") + "\n")));
}

TEST_F(WorkerMetricsTest, SeriesGoWithTheirTaskAndBeginAnew) {
  script_.records = 3;
  start_task("Source");
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_poll_total", "3")));
  EXPECT_TRUE(shows("millrace_task_config_info{connector=\"c\",task=\"0\",hash=\"hash\"} 1"));
  EXPECT_TRUE(shows(worker("task_count", "1")));
  stop();
  EXPECT_THAT(page(), Not(HasSubstr("connector=\"c\"")));
  EXPECT_TRUE(shows(worker("task_count", "0")));
  start_task("Source");
  EXPECT_TRUE(shows(task("source_task_metrics_source_record_poll_total", "0")));
  EXPECT_TRUE(shows(worker("task_startup_attempts_total", "2")));
}

TEST_F(WorkerMetricsTest, AFailureBeforeRunningIsAFailedStartup) {
  script_.throw_from = "start";
  start_task("Source");
  EXPECT_TRUE(shows(worker("task_startup_failure_total", "1")));
  EXPECT_TRUE(shows(worker("task_startup_failure_percentage", "1")));
  EXPECT_TRUE(shows("millrace_task_state{connector=\"c\",task=\"0\",state=\"failed\"} 1"));
  EXPECT_TRUE(shows("kafka_connect_connect_worker_metrics_connector_failed_task_count"
                    "{connector=\"c\"} 1"));
  stop();
  script_.throw_from = "poll";  // the startup is over then
  start_task("Source");
  ASSERT_TRUE(reaches(State::Failed));
  EXPECT_TRUE(shows(worker("task_startup_success_total", "1")));
  EXPECT_TRUE(shows(worker("task_startup_failure_total", "1")));
}

TEST_F(WorkerMetricsTest, ATaskThatCannotBeMadeIsAFailedStartup) {
  worker_->start_task(kId, {{"connector.class", "None"}}, {}, TargetState::Started, "hash");
  EXPECT_TRUE(shows(worker("task_startup_failure_total", "1")));
  EXPECT_TRUE(shows(worker("task_count", "0")));
}

TEST_F(WorkerMetricsTest, PausedTasksAreCountedAsSuch) {
  start_task("Source", {}, TargetState::Paused);
  EXPECT_TRUE(shows("kafka_connect_connect_worker_metrics_connector_paused_task_count"
                    "{connector=\"c\"} 1"));
  EXPECT_TRUE(shows(worker("task_startup_attempts_total", "0")));
  EXPECT_TRUE(shows(task("connector_task_metrics_pause_ratio", "1")));
  EXPECT_TRUE(shows(task("connector_task_metrics_running_ratio", "0")));
}

TEST_F(WorkerMetricsTest, ConnectorsCountTheirStartups) {
  int started = 0;
  const auto finish = [&started](const Outcome<Done>&) { ++started; };
  worker_->start_connector("c", {{"name", "c"}, {"connector.class", "test.SourceConnector"}},
                           TargetState::Started, finish);
  EXPECT_TRUE(shows(worker("connector_startup_success_total", "1")));
  EXPECT_TRUE(shows("millrace_connector_info{connector=\"c\",class=\"test.SourceConnector\","
                    "type=\"source\",version=\"1\"} 1"));
  EXPECT_TRUE(shows("millrace_connector_state{connector=\"c\",state=\"running\"} 1"));
  script_.throw_from = "connector.start";
  worker_->start_connector("d", {{"name", "d"}, {"connector.class", "test.SourceConnector"}},
                           TargetState::Started, finish);
  EXPECT_TRUE(shows(worker("connector_startup_failure_total", "1")));
  EXPECT_TRUE(shows(worker("connector_startup_success_percentage", "0.5")));
  EXPECT_TRUE(shows(worker("connector_count", "2")));
  ASSERT_TRUE(control_.run_until([&started] { return started == 2; }));
  for (const char* name : {"c", "d"}) {
    bool stopped = false;
    worker_->stop_connector(name, [&stopped](const Outcome<Done>&) { stopped = true; });
    ASSERT_TRUE(control_.run_until([&stopped] { return stopped; }));
  }
  EXPECT_TRUE(shows(worker("connector_count", "0")));
  EXPECT_THAT(page(), Not(HasSubstr("millrace_connector_")));
}

TEST(StateTracker, SharesAddUp) {
  StateTracker states;
  EXPECT_EQ(states.ratio(State::Running, 5), 0);
  states.change(State::Running, 100);
  EXPECT_EQ(states.ratio(State::Running, 100), 0);
  states.change(State::Paused, 400);
  states.change(State::Paused, 450);
  states.change(State::Running, 500);
  EXPECT_DOUBLE_EQ(states.ratio(State::Paused, 500), 0.25);
  EXPECT_DOUBLE_EQ(states.ratio(State::Running, 1'100), 0.9);
  EXPECT_DOUBLE_EQ(states.ratio(State::Failed, 1'100), 0);
}

}  // namespace
}  // namespace millrace
