#include "runtime/worker/worker_metrics.h"

#include <array>

#include "millrace/text.h"

namespace millrace {
namespace {

constexpr std::string_view kWorker = "connect-worker-metrics";

struct CountedState {
  State state;
  std::string_view attribute;
};
constexpr std::array<CountedState, 6> kCountedStates = {{
    {State::Running, "connector-running-task-count"},
    {State::Paused, "connector-paused-task-count"},
    {State::Failed, "connector-failed-task-count"},
    {State::Unassigned, "connector-unassigned-task-count"},
    {State::Destroyed, "connector-destroyed-task-count"},
    {State::Restarting, "connector-restarting-task-count"},
}};

std::string state_text(State state) {
  std::string text(state_name(state));
  for (char& c : text) c = static_cast<char>(c - 'A' + 'a');  // names are capital letters
  return text;
}

std::string labels_of(const ConnectorTaskId& id) {
  return metric_labels({{"connector", id.connector}, {"task", std::to_string(id.task)}});
}

}  // namespace

void StartupMetrics::record(bool succeeded, int64_t now_ms) noexcept {
  ++(succeeded ? succeeded_ : failed_);
  results_.record(succeeded ? 1 : 0, now_ms);
}

void StartupMetrics::write_to(MetricPage& page, int64_t now_ms) const {
  const auto add = [&](const char* end, double value) {
    page.attribute(kWorker, {}, kind_ + "-startup-" + end, value);
  };
  add("attempts-total", static_cast<double>(succeeded_ + failed_));
  add("success-total", static_cast<double>(succeeded_));
  add("failure-total", static_cast<double>(failed_));
  add("success-percentage", results_.share_of_ones(now_ms));
  add("failure-percentage", results_.share_of_zeros(now_ms));
}

WorkerMetrics::WorkerMetrics(const MetricsConfig& config)
    : clock_(config.clock),
      connector_startups_("connector", config.window),
      task_startups_("task", config.window) {}

void WorkerMetrics::connector_added(const std::string& name, ConnectorInfo info) {
  connectors_.insert_or_assign(name, Connector{std::move(info), State::Unassigned, {}, false});
}

void WorkerMetrics::connector_removed(const std::string& name) { connectors_.erase(name); }

void WorkerMetrics::connector_status(const std::string& name, const Status& status) {
  const auto at = connectors_.find(name);
  if (at == connectors_.end()) return;
  Connector& connector = at->second;
  connector.state = status.state;
  connector.version = status.version;
  if (connector.startup_over) return;
  if (status.state != State::Running && status.state != State::Failed) return;
  connector.startup_over = status.state == State::Running;
  connector_startups_.record(connector.startup_over, now());
}

void WorkerMetrics::task_added(const ConnectorTaskId& id,
                               std::shared_ptr<const TaskMetrics> metrics,
                               const std::string& config_hash) {
  tasks_.insert_or_assign(id, Task{std::move(metrics), config_hash, {}});
}

void WorkerMetrics::task_removed(const ConnectorTaskId& id) { tasks_.erase(id); }

void WorkerMetrics::task_status(const ConnectorTaskId& id, const TaskMetrics* metrics,
                                const Status& status) {
  const auto at = tasks_.find(id);
  if (at == tasks_.end() || at->second.metrics.get() != metrics) return;
  at->second.states.change(status.state, now());
}

void WorkerMetrics::task_startup(bool succeeded) { task_startups_.record(succeeded, now()); }

void WorkerMetrics::write_to(MetricPage& page) const {
  const int64_t now_ms = now();
  page.attribute(kWorker, {}, "connector-count", static_cast<double>(connectors_.size()));
  page.attribute(kWorker, {}, "task-count", static_cast<double>(tasks_.size()));
  connector_startups_.write_to(page, now_ms);
  task_startups_.write_to(page, now_ms);
  write_counts(page);
  write_connectors(page);
  for (const auto& [id, task] : tasks_) write_task(page, id, task, now_ms);
}

void WorkerMetrics::write_counts(MetricPage& page) const {
  // Tasks are in the order of their connectors.
  for (auto at = tasks_.begin(); at != tasks_.end();) {
    const std::string& connector = at->first.connector;
    std::array<uint32_t, static_cast<size_t>(State::Stopped) + 1> counts{};
    uint32_t total = 0;
    const std::string labels = metric_labels({{"connector", connector}});
    for (; at != tasks_.end() && at->first.connector == connector; ++at, ++total) {
      if (const auto state = at->second.states.current()) ++counts[static_cast<size_t>(*state)];
    }
    page.attribute(kWorker, labels, "connector-total-task-count", total);
    for (const CountedState& counted : kCountedStates) {
      page.attribute(kWorker, labels, counted.attribute,
                     counts[static_cast<size_t>(counted.state)]);
    }
  }
}

void WorkerMetrics::write_connectors(MetricPage& page) const {
  for (const auto& [name, connector] : connectors_) {
    page.add("millrace_connector_info", "gauge", "What a connector is.",
             metric_labels({{"connector", name},
                            {"class", connector.info.class_name},
                            {"type", connector.info.type},
                            {"version", connector.version}}),
             1);
    page.add("millrace_connector_state", "gauge", "1 for the state a connector is in.",
             metric_labels({{"connector", name}, {"state", state_text(connector.state)}}), 1);
  }
}

void WorkerMetrics::write_task(MetricPage& page, const ConnectorTaskId& id, const Task& task,
                               int64_t now_ms) const {
  const std::string labels = labels_of(id);
  constexpr std::string_view kGroup = "connector-task-metrics";
  page.attribute(kGroup, labels, "running-ratio", task.states.ratio(State::Running, now_ms));
  page.attribute(kGroup, labels, "pause-ratio", task.states.ratio(State::Paused, now_ms));
  task.metrics->write_to(page, labels);
  const std::string state = state_text(task.states.current().value_or(State::Unassigned));
  page.add("millrace_task_state", "gauge", "1 for the state a task is in.",
           labels + "," + metric_labels({{"state", state}}), 1);
  page.add("millrace_task_config_info", "gauge",
           "Hash of the configuration the task runs with: variables as written, secrets left out.",
           labels + "," + metric_labels({{"hash", task.config_hash}}), 1);
  if (page.names() == MetricNames::Strimzi) {
    page.add("kafka_connect_connector_status", "gauge", "1 for the state a task is in.",
             labels + "," + metric_labels({{"status", state}}), 1);
  }
}

}  // namespace millrace
