// Steps that the operations of the standalone herder are made of.

#include "millrace/errors.h"
#include "runtime/herder/herder_log.h"
#include "runtime/herder/standalone_herder.h"

namespace millrace {

void StandaloneHerder::try_start(const OperationPtr& op, const std::string& name,
                                 std::function<void(std::exception_ptr)> next) {
  const Entry& entry = require(name, "Connector " + name + " not found");
  const auto failed = [this, name, next](const std::exception_ptr& error) {
    mark_failed(name, error);
    next(error);
  };
  const auto started = op->always<Done>([next, failed](Outcome<Done>& outcome) {
    if (outcome.ok()) return next(nullptr);
    failed(outcome.error());
  });
  steps_.resolve(
      op, {entry.config},
      [this, name, target = entry.target, started](std::vector<Properties>& resolved) {
        services_.worker.start_connector(name, resolved.front(), target, started);
      },
      failed);
}

void StandaloneHerder::start(const OperationPtr& op, const std::string& name, Next next) {
  try_start(op, name, [this, name, next](const std::exception_ptr& error) {
    if (!error) return next();
    const TargetState target = require(name, "Connector " + name + " not found").target;
    try {
      std::rethrow_exception(error);
    } catch (...) {
      std::throw_with_nested(ConnectException("Failed to transition connector " + name +
                                              " to state " +
                                              std::string(target_state_name(target))));
    }
  });
}

void StandaloneHerder::stop(const OperationPtr& op, const std::string& name, Next next) {
  services_.worker.stop_connector(name,
                                  op->then<Done>([next = std::move(next)](Done&) { next(); }));
}

void StandaloneHerder::remove_tasks(const OperationPtr& op, const std::string& name, Next next) {
  const std::vector<ConnectorTaskId> ids = task_ids(name);
  if (ids.empty()) return next();
  services_.worker.stop_tasks(ids, op->then<Done>([this, name, ids, next](Done&) {
    if (const auto at = entries_.find(name); at != entries_.end()) at->second.tasks.clear();
    for (const ConnectorTaskId& id : ids) statuses_.remove_task(id);
    next();
  }));
}

bool StandaloneHerder::tasks_changed(const Entry& entry,
                                     const std::vector<Properties>& tasks) const {
  return entry.tasks != tasks || entry.tasks_made_from != entry.config;
}

void StandaloneHerder::regenerate(const OperationPtr& op, const std::string& name, Next next) {
  if (!services_.worker.is_connector_running(name)) {
    herder_logger().info("Skipping update of connector {} since it is not running", name);
    return next();
  }
  services_.worker.task_configs(
      name, op->then<std::vector<Properties>>([this, op, name, next](auto& tasks) {
        Entry& entry = require(name, "Connector " + name + " not found");
        restore_variables(entry.config, tasks);
        if (!tasks_changed(entry, tasks)) return next();
        remove_tasks(op, name, [this, op, name, next, tasks] {
          Entry& current = require(name, "Connector " + name + " not found");
          current.tasks = tasks;
          current.tasks_made_from = current.config;
          start_tasks(op, task_ids(name), next);
        });
      }));
}

void StandaloneHerder::start_tasks(const OperationPtr& op, const std::vector<ConnectorTaskId>& ids,
                                   Next next) {
  if (ids.empty()) return next();
  const Entry& entry = require(ids.front().connector, "Connector not found");
  std::vector<Properties> configs = {entry.config};
  std::vector<std::string> hashes;
  for (const ConnectorTaskId& id : ids) {
    configs.push_back(entry.tasks.at(static_cast<size_t>(id.task)));
    hashes.push_back(steps_.hash_of(entry.config, configs.back()));
  }
  steps_.resolve(
      op, std::move(configs),
      [this, ids, hashes, target = entry.target, next](const std::vector<Properties>& resolved) {
        for (size_t i = 0; i < ids.size(); ++i) {
          services_.worker.start_task(ids[i], resolved.front(), resolved[i + 1], target, hashes[i]);
        }
        next();
      },
      [this, ids](const std::exception_ptr& error) {
        for (const ConnectorTaskId& id : ids) mark_failed(id, error);
        std::rethrow_exception(error);
      });
}

}  // namespace millrace
