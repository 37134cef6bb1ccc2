#include "runtime/worker/native_worker.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/core/within.h"
#include "runtime/metrics/log.h"
#include "runtime/worker/offset_operations.h"
#include "runtime/worker/sink_task_runner.h"
#include "runtime/worker/source_task_runner.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.Worker");
  return instance;
}

}  // namespace

/// One stop_tasks() that waits for threads to end.
struct NativeWorker::StopWait {
  std::set<const TaskRunner*> waiting;
  std::vector<std::shared_ptr<TaskRunner>> runners;
  Callback<Done> done;
};

NativeWorker::NativeWorker(WorkerServices services, Executor& slow)
    : services_(std::move(services)), slow_(slow), metrics_(services_.metrics) {}

NativeWorker::~NativeWorker() = default;

ConnectorRunner& NativeWorker::require(const std::string& name) const {
  const auto at = connectors_.find(name);
  if (at == connectors_.end()) throw ConnectException("Connector " + name + " is not running");
  return *at->second;
}

WorkerMetrics::ConnectorInfo NativeWorker::connector_info(const Properties& config) const {
  const std::string* name = find(config, "connector.class");
  try {
    const PluginClass& plugin = require_connector(services_.plugins, name != nullptr ? *name : "");
    return {plugin.class_name, plugin.kind == PluginKind::Source ? "source" : "sink"};
  } catch (const Error&) {
    return {name != nullptr ? *name : "", "unknown"};  // starting it says what is wrong
  }
}

void NativeWorker::start_connector(const std::string& name, const Properties& config,
                                   TargetState target, Callback<Done> done) {
  ConnectorRunner::Events events;
  events.status = [this, name](Status status) {
    metrics_.connector_status(name, status);
    listener_->on_connector_status(name, std::move(status));
  };
  events.reconfiguration_requested = [this, name] {
    listener_->on_reconfiguration_requested(name);
  };
  auto runner = std::make_shared<ConnectorRunner>(services_, name, config, std::move(events));
  connectors_.insert_or_assign(name, runner);
  metrics_.connector_added(name, connector_info(config));
  runner->transition(target, std::move(done));
}

void NativeWorker::stop_connector(const std::string& name, Callback<Done> done) {
  const auto at = connectors_.find(name);
  if (at == connectors_.end()) {
    services_.control.post([done = std::move(done)] { done(Done{}); });
    return;
  }
  const std::shared_ptr<ConnectorRunner> runner = at->second;
  connectors_.erase(at);
  metrics_.connector_removed(name);
  logger().info("Stopping connector {}", name);
  // A connector that hangs in stop() is left behind; its later reports are dropped.
  auto ended = within<Done>(services_.control, services_.limits.graceful_shutdown,
                            "Connector " + name + " did not stop in time",
                            [runner, name, done = std::move(done)](Outcome<Done> outcome) {
                              if (!outcome.ok()) {
                                logger().error("Connector ‘{}’ failed to properly shut down", name);
                              }
                              runner->forget();
                              done(Done{});
                            });
  runner->shutdown(std::move(ended));
}

bool NativeWorker::is_connector_running(const std::string& name) const {
  const auto at = connectors_.find(name);
  return at != connectors_.end() && at->second->running();
}

void NativeWorker::set_target_state(const std::string& name, TargetState target,
                                    Callback<Done> done) {
  for (const auto& [id, runner] : tasks_) {
    if (id.connector == name) runner->set_target(target);
  }
  try {
    require(name).transition(target, std::move(done));
  } catch (...) {
    services_.control.post([done, error = std::current_exception()] { done(error); });
  }
}

void NativeWorker::task_configs(const std::string& name, Callback<std::vector<Properties>> done) {
  try {
    require(name).task_configs(std::move(done));
  } catch (...) {
    services_.control.post([done, error = std::current_exception()] { done(error); });
  }
}

std::shared_ptr<TaskRunner> NativeWorker::make_runner(TaskSpec spec, TargetState target) {
  // The events need the runner's address, which exists only after it is made.
  auto self = std::make_shared<const TaskRunner*>(nullptr);
  TaskRunner::Events events;
  events.status = [this, self, starting = true](const ConnectorTaskId& id, Status status) mutable {
    const bool running = status.state == State::Running;
    if (starting && (running || status.state == State::Failed)) {
      starting = false;
      metrics_.task_startup(running);
    }
    metrics_.task_status(id, (*self)->metrics().get(), status);
    listener_->on_task_status(id, std::move(status));
  };
  events.active_topic = [this](const ConnectorTaskId& id, const std::string& topic) {
    listener_->on_active_topic(id, topic);
  };
  events.finished = [this, self] { task_finished(*self); };
  const std::string* name = find(spec.connector_config, "connector.class");
  const PluginClass& plugin = require_connector(services_.plugins, name != nullptr ? *name : "");
  std::shared_ptr<TaskRunner> runner;
  if (plugin.kind == PluginKind::Source) {
    runner = std::make_shared<SourceTaskRunner>(services_, std::move(spec), target,
                                                std::move(events));
  } else {
    runner =
        std::make_shared<SinkTaskRunner>(services_, std::move(spec), target, std::move(events));
  }
  *self = runner.get();
  return runner;
}

void NativeWorker::start_task(const ConnectorTaskId& id, const Properties& connector_config,
                              const Properties& task_config, TargetState target,
                              const std::string& config_hash) {
  logger().info("Creating task {}", id.to_string());
  try {
    auto runner = make_runner({id, connector_config, task_config}, target);
    tasks_.insert_or_assign(id, runner);
    metrics_.task_added(id, runner->metrics(), config_hash);
    running_.insert(runner.get());
    runner->launch();
  } catch (...) {
    const std::string trace = describe_current_exception();
    logger().error("Failed to start task {}: {}", id.to_string(), trace);
    metrics_.task_startup(false);
    services_.control.post([this, id, trace] {
      listener_->on_task_status(id, Status{State::Failed, services_.worker_id, trace, {}, 0});
    });
  }
}

void NativeWorker::stop_tasks(const std::vector<ConnectorTaskId>& ids, Callback<Done> done) {
  auto wait = std::make_shared<StopWait>();
  wait->done = std::move(done);
  for (const ConnectorTaskId& id : ids) {
    const auto at = tasks_.find(id);
    if (at == tasks_.end()) continue;
    if (running_.contains(at->second.get())) {
      at->second->request_stop();
      wait->waiting.insert(at->second.get());
      wait->runners.push_back(at->second);
    }
    tasks_.erase(at);
    metrics_.task_removed(id);
  }
  if (wait->waiting.empty()) {
    services_.control.post([wait] { wait->done(Done{}); });
    return;
  }
  stops_.push_back(wait);
  // One deadline for all of them (connect-configs.md §3.2).
  services_.control.post_after(services_.limits.graceful_shutdown, [this, wait] {
    if (std::erase(stops_, wait) == 0) return;
    for (const auto& runner : wait->runners) {
      if (!wait->waiting.contains(runner.get())) continue;
      logger().error("Graceful stop of task {} failed.", runner->id().to_string());
      runner->cancel();
      ++abandoned_;
    }
    wait->done(Done{});
  });
}

void NativeWorker::work_lost() {
  services_.offsets.abandon_writes();
  for (const auto& [id, runner] : tasks_) runner->abandon();
}

void NativeWorker::task_finished(const TaskRunner* runner) {
  running_.erase(runner);
  const auto ended = [this, runner](const std::shared_ptr<StopWait>& wait) {
    wait->waiting.erase(runner);
    if (!wait->waiting.empty()) return false;
    services_.control.post([wait] { wait->done(Done{}); });
    return true;
  };
  std::erase_if(stops_, ended);
}

std::map<ConnectorTaskId, Millis> NativeWorker::busy_times() const {
  std::map<ConnectorTaskId, Millis> times;
  for (const auto& [id, runner] : tasks_) {
    if (const auto time = runner->busy_time()) times.emplace(id, *time);
  }
  return times;
}

void NativeWorker::connector_offsets(const std::string& name, const Properties& config,
                                     Callback<std::vector<JsonPartitionOffset>> done) {
  slow_.post([this, name, config, done = std::move(done)] {
    Outcome<std::vector<JsonPartitionOffset>> outcome{std::vector<JsonPartitionOffset>{}};
    try {
      outcome = OffsetOperations(services_, name, config).list();
    } catch (...) {
      outcome = std::current_exception();
    }
    services_.control.post(
        [done, outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  });
}

void NativeWorker::alter_connector_offsets(
    const std::string& name, const Properties& config,
    std::optional<std::vector<JsonPartitionOffset>> offsets, Callback<std::string> done) {
  slow_.post([this, name, config, offsets = std::move(offsets), done = std::move(done)] {
    Outcome<std::string> outcome{std::string()};
    try {
      outcome = OffsetOperations(services_, name, config).alter(offsets);
    } catch (...) {
      outcome = std::current_exception();
    }
    services_.control.post(
        [done, outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  });
}

}  // namespace millrace
