#pragma once
// What the worker knows of its connectors and tasks, for a scrape: states, startups, and the
// metrics their threads keep.

#include <map>
#include <memory>
#include <string>

#include "millrace/ids.h"
#include "runtime/metrics/task_metrics.h"
#include "runtime/worker/state_tracker.h"

namespace millrace {

/// Attempts to start connectors or tasks, and how they ended.
class StartupMetrics {
 public:
  StartupMetrics(std::string kind, const MetricWindow& window)
      : kind_(std::move(kind)), results_(window) {}
  void record(bool succeeded, int64_t now_ms) noexcept;
  void write_to(MetricPage& page, int64_t now_ms) const;

 private:
  std::string kind_;  // of the attributes: connector or task
  SampledStat results_;
  uint64_t succeeded_ = 0;
  uint64_t failed_ = 0;
};

/// Control thread only. A task is known from its start until it is asked to stop, as in Kafka; a
/// failed one stays.
class WorkerMetrics {
 public:
  explicit WorkerMetrics(const MetricsConfig& config);

  struct ConnectorInfo {
    std::string class_name;
    std::string type;  // source, sink, unknown
  };
  void connector_added(const std::string& name, ConnectorInfo info);
  void connector_removed(const std::string& name);
  /// Tells started from failed startups, too.
  void connector_status(const std::string& name, const Status& status);

  void task_added(const ConnectorTaskId& id, std::shared_ptr<const TaskMetrics> metrics,
                  const std::string& config_hash);
  void task_removed(const ConnectorTaskId& id);
  /// `metrics` tells a task from an earlier one with the same id, whose reports are late.
  void task_status(const ConnectorTaskId& id, const TaskMetrics* metrics, const Status& status);
  /// A task started, or failed before it did; each start reports once, even if the task was asked
  /// to stop meanwhile.
  void task_startup(bool succeeded);

  void write_to(MetricPage& page) const;

 private:
  struct Connector {
    ConnectorInfo info;
    State state = State::Unassigned;
    std::string version;
    bool startup_over = false;
  };
  struct Task {
    std::shared_ptr<const TaskMetrics> metrics;
    std::string config_hash;
    StateTracker states;
  };

  void write_counts(MetricPage& page) const;
  void write_connectors(MetricPage& page) const;
  void write_task(MetricPage& page, const ConnectorTaskId& id, const Task& task,
                  int64_t now_ms) const;
  int64_t now() const noexcept { return clock_.steady_ms(); }

  const MetricClock clock_;
  StartupMetrics connector_startups_;
  StartupMetrics task_startups_;
  std::map<std::string, Connector> connectors_;
  std::map<ConnectorTaskId, Task> tasks_;
};

}  // namespace millrace
