#pragma once
// The Worker: owns connector and task runners, and the offsets operations of REST.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/worker/connector_runner.h"
#include "runtime/worker/services.h"
#include "runtime/worker/task_runner.h"
#include "runtime/worker/worker.h"
#include "runtime/worker/worker_metrics.h"

namespace millrace {

/// Control thread only. `slow` runs blocking calls to the broker (offsets of sinks).
class NativeWorker final : public Worker {
 public:
  NativeWorker(WorkerServices services, Executor& slow);
  ~NativeWorker() override;

  void set_listener(WorkerListener& listener) override { listener_ = &listener; }
  void start_connector(const std::string& name, const Properties& config, TargetState target,
                       Callback<Done> done) override;
  void stop_connector(const std::string& name, Callback<Done> done) override;
  bool is_connector_running(const std::string& name) const override;
  void set_target_state(const std::string& name, TargetState target, Callback<Done> done) override;
  void task_configs(const std::string& name, Callback<std::vector<Properties>> done) override;
  void start_task(const ConnectorTaskId& id, const Properties& connector_config,
                  const Properties& task_config, TargetState target,
                  const std::string& config_hash) override;
  void stop_tasks(const std::vector<ConnectorTaskId>& ids, Callback<Done> done) override;
  void work_lost() override;
  std::map<ConnectorTaskId, Millis> busy_times() const override;
  void connector_offsets(const std::string& name, const Properties& config,
                         Callback<std::vector<JsonPartitionOffset>> done) override;
  void alter_connector_offsets(const std::string& name, const Properties& config,
                               std::optional<std::vector<JsonPartitionOffset>> offsets,
                               Callback<std::string> done) override;
  /// Tasks whose thread still runs, cancelled ones included.
  size_t running_tasks() const noexcept { return running_.size(); }
  /// Threads of cancelled tasks that still run; a process with some cannot end in order.
  size_t abandoned_tasks() const noexcept { return abandoned_; }
  const WorkerMetrics& metrics() const noexcept { return metrics_; }

 private:
  struct StopWait;
  ConnectorRunner& require(const std::string& name) const;
  WorkerMetrics::ConnectorInfo connector_info(const Properties& config) const;
  std::shared_ptr<TaskRunner> make_runner(TaskSpec spec, TargetState target);
  void task_finished(const TaskRunner* runner);

  WorkerServices services_;
  Executor& slow_;
  WorkerMetrics metrics_;
  WorkerListener* listener_ = nullptr;
  std::map<std::string, std::shared_ptr<ConnectorRunner>> connectors_;
  std::map<ConnectorTaskId, std::shared_ptr<TaskRunner>> tasks_;
  std::set<const TaskRunner*> running_;
  std::vector<std::shared_ptr<StopWait>> stops_;
  size_t abandoned_ = 0;
};

}  // namespace millrace
