// Restarting connectors and tasks.

#include "millrace/errors.h"
#include "runtime/herder/herder_log.h"
#include "runtime/herder/standalone_herder.h"

namespace millrace {
namespace {

constexpr int kInternalError = 500;

/// Standalone workers answer these for an absent connector with 500 (connect-rest-api.md §9.2).
RequestException absent(const std::string& name) {
  return RequestException(kInternalError, "Connector " + name + " not found");
}

}  // namespace

void StandaloneHerder::restart_connector(const std::string& name, Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "restarting connector " + name,
      [=, this](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        if (!entries_.contains(name)) throw absent(name);
        stop(op, name, [=, this] {
          start(op, name, [=, this] {
            // A connector that failed before it had tasks gets them now.
            regenerate(op, name, [running] { running.finish(Done{}); });
          });
        });
      },
      std::move(done));
}

RestartPlan StandaloneHerder::plan(const RestartRequest& request) const {
  const std::string& name = request.connector;
  const Entry& entry = require(name, "Unknown connector: " + name);
  const Status* status = statuses_.connector(name);
  if (status == nullptr) throw NotFoundException("Status for connector " + name + " not found");
  return plan_restart(request,
                      {name, *status, statuses_.tasks(name), steps_.type_of(entry.config)});
}

void StandaloneHerder::restart_connector_and_tasks(const RestartRequest& request,
                                                   Callback<ConnectorStateInfo> done) {
  operations_.enqueue<ConnectorStateInfo>(
      request.connector, "restarting connector " + request.connector + " and its tasks",
      [=, this](const Running<ConnectorStateInfo>& running) {
        const RestartPlan wanted = plan(request);
        restart(running.operation(), wanted, [=] { running.finish(wanted.answer); });
      },
      std::move(done));
}

void StandaloneHerder::restart(const OperationPtr& op, const RestartPlan& plan, Next next) {
  const std::string name = plan.answer.name;
  const auto start_all = [=, this] {
    if (!plan.connector) return start_tasks(op, plan.tasks, next);
    try_start(op, name, [=, this](const std::exception_ptr& error) {
      // The tasks come back first, whatever becomes of the connector; its status shows that.
      start_tasks(op, plan.tasks, [=, this] {
        if (error) return next();
        regenerate(op, name, next);
      });
    });
  };
  const auto stop_tasks = [=, this] {
    if (plan.connector) statuses_.put_connector(name, plan.answer.connector);
    if (plan.tasks.empty()) return start_all();
    services_.worker.stop_tasks(plan.tasks, op->then<Done>([=, this](Done&) {
      for (const ConnectorTaskId& id : plan.tasks) {
        on_task_status(id, plan.answer.tasks.at(id.task));
      }
      start_all();
    }));
  };
  if (plan.connector) {
    stop(op, name, stop_tasks);
  } else {
    stop_tasks();
  }
}

void StandaloneHerder::restart_task(const ConnectorTaskId& id, Callback<Done> done) {
  operations_.enqueue<Done>(
      id.connector, "restarting task " + id.to_string(),
      [=, this](const Running<Done>& running) {
        const auto at = entries_.find(id.connector);
        if (at == entries_.end()) throw absent(id.connector);
        if (id.task < 0 || static_cast<size_t>(id.task) >= at->second.tasks.size()) {
          throw NotFoundException("Task " + id.to_string() + " not found");
        }
        const OperationPtr& op = running.operation();
        services_.worker.stop_tasks({id}, op->then<Done>([=, this](Done&) {
          start_tasks(op, {id}, [running] { running.finish(Done{}); });
        }));
      },
      std::move(done));
}

}  // namespace millrace
