// What should run against what runs.

#include "millrace/errors.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {

void DistributedHerder::wake() {
  if (std::exchange(awake_, true)) return;
  services_.control.post([this, weak = std::weak_ptr(alive_)] {
    if (weak.expired()) return;
    awake_ = false;
    reconcile();
  });
}

void DistributedHerder::touch(const std::string& connector) {
  touched_.insert(connector);
  wake();
}

void DistributedHerder::touch_all() {
  touched_.insert(assigned_connectors_.begin(), assigned_connectors_.end());
  for (const auto& [name, tasks] : assigned_tasks_) touched_.insert(name);
  for (const std::string& name : work_.names()) touched_.insert(name);
}

void DistributedHerder::reconcile() {
  if (closing_) return;
  std::vector<ConnectorTaskId> stops;
  for (const std::string& name : std::exchange(touched_, {})) reconcile(name, stops);
  work_.stop_tasks(stops);
  run_restarts();
  correct_statuses();
  if (!rejoin_reason_.empty() && joined_) {
    cluster_.member.request_rejoin(std::exchange(rejoin_reason_, {}));
  }
}

bool DistributedHerder::is_configured(const ConnectorTaskId& id) const {
  if (!snapshot().contains(id.connector) || snapshot().inconsistent.contains(id.connector)) {
    return false;
  }
  const auto count = snapshot().task_counts.find(id.connector);
  return count != snapshot().task_counts.end() && id.task >= 0 && id.task < count->second &&
         snapshot().task(id) != nullptr;
}

LocalWork::Wanted DistributedHerder::wanted(const std::string& name) const {
  LocalWork::Wanted wanted;
  if (!assignment_ || !snapshot().contains(name)) return wanted;
  wanted.connector = assigned_connectors_.contains(name);
  const auto tasks = assigned_tasks_.find(name);
  if (tasks != assigned_tasks_.end() && snapshot().target(name) != TargetState::Stopped) {
    for (const int32_t task : tasks->second) {
      if (is_configured({name, task})) wanted.tasks.insert(task);
    }
  }
  wanted.may_start = resolved_;
  // New tasks wait for the round: then all old ones have stopped, on all workers.
  wanted.may_start_tasks = !rebalance_needed_;
  return wanted;
}

void DistributedHerder::reconcile(const std::string& name, std::vector<ConnectorTaskId>& stops) {
  const LocalWork::Wanted now = wanted(name);
  work_.align(name, now, stops);
  if (!resolved_ || rebalance_needed_) return;
  if (!now.connector && now.tasks.empty()) {
    reconfigurations_.erase(name);
    work_.give_up_restarts(name,
                           std::make_exception_ptr(RequestException(kConflict, kStaleConfig)));
  }
  repair_task_configs(name);
}

void DistributedHerder::on_connector_running(const std::string& name) { reconfigure(name); }

void DistributedHerder::on_failed(const std::string& name, std::exception_ptr error) {
  on_connector_status(name, {State::Failed, {}, describe(error), {}, 0});
}

void DistributedHerder::on_failed(const ConnectorTaskId& id, std::exception_ptr error) {
  on_task_status(id, {State::Failed, {}, describe(error), {}, 0});
}

}  // namespace millrace
