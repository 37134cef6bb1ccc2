// Restarting connectors and tasks, by request and by records of the config topic.

#include "millrace/errors.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {

std::string DistributedHerder::owner_url(const std::string& connector) const {
  const group::LeaderState* leading = cluster_.membership.leader_state();
  return leading == nullptr ? std::string() : leading->owner_url(connector).value_or("");
}

std::string DistributedHerder::owner_url(const ConnectorTaskId& task) const {
  const group::LeaderState* leading = cluster_.membership.leader_state();
  return leading == nullptr ? std::string() : leading->owner_url(task).value_or("");
}

void DistributedHerder::restart_connector(const std::string& name, Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "restarting connector " + name,
      [=, this](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        when_settled(op, [=, this] {
          require(name, "Unknown connector: " + name);
          if (!assigned_connectors_.contains(name)) {
            require_leader("Only the leader can process restart requests.");
            throw ForwardException(
                "Cannot restart connector since it is not assigned to this member",
                owner_url(name));
          }
          work_.restart(name, {}, op->always<Done>([=](Outcome<Done>& outcome) {
            try {
              outcome.value();
            } catch (const RequestException&) {
              throw;
            } catch (...) {
              std::throw_with_nested(ConnectException("Failed to start connector: " + name));
            }
            running.finish(Done{});
          }));
        });
      },
      std::move(done));
}

void DistributedHerder::restart_task(const ConnectorTaskId& id, Callback<Done> done) {
  operations_.enqueue<Done>(
      id.connector, "restarting task " + id.to_string(),
      [=, this](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        when_settled(op, [=, this] {
          require(id.connector, "Unknown connector: " + id.connector);
          if (!is_configured(id)) throw NotFoundException("Unknown task: " + id.to_string());
          const auto mine = assigned_tasks_.find(id.connector);
          if (mine == assigned_tasks_.end() || !mine->second.contains(id.task)) {
            require_leader("Only the leader can process restart requests.");
            throw ForwardException("Cannot restart task since it is not assigned to this member",
                                   owner_url(id));
          }
          auto_restart_.forget(id);
          work_.restart(id, {}, op->then<Done>([running](Done&) { running.finish(Done{}); }));
        });
      },
      std::move(done));
}

RestartPlan DistributedHerder::plan(const RestartRequest& request) const {
  const std::string& name = request.connector;
  const Properties& config = require(name, "Unknown connector: " + name);
  const Status* status = cluster_.statuses.connector(name);
  if (status == nullptr) throw NotFoundException("Status for connector " + name + " not found");
  return plan_restart(request,
                      {name, *status, cluster_.statuses.tasks(name), steps_.type_of(config)});
}

void DistributedHerder::restart_connector_and_tasks(const RestartRequest& request,
                                                    Callback<ConnectorStateInfo> done) {
  operations_.enqueue<ConnectorStateInfo>(
      request.connector, "restarting connector " + request.connector + " and its tasks",
      [=, this](const Running<ConnectorStateInfo>& running) {
        const OperationPtr& op = running.operation();
        when_settled(op, [=, this] {
          require(request.connector, "Unknown connector: " + request.connector);
          require_leader("Only the leader can process restart requests.");
          const ConnectorStateInfo answer = plan(request).answer;
          cluster_.config.put_restart(
              {request.connector, request.include_tasks, request.only_failed},
              op->then<Done>([=](Done&) { running.finish(answer); }));
        });
      },
      std::move(done));
}

void DistributedHerder::run_restarts() {
  if (restarts_.empty() || !settled()) return;
  for (const auto& [name, request] : std::exchange(restarts_, {})) {
    if (!snapshot().contains(name) || cluster_.statuses.connector(name) == nullptr) continue;
    const RestartPlan wanted = plan(request);
    distributed_logger().info("Executing restart of connector {}: {}, {} tasks", name,
                              wanted.connector ? "its instance" : "not its instance",
                              wanted.tasks.size());
    const auto ignored = [](const Outcome<Done>&) {};
    if (wanted.connector && work_.has(name)) {
      work_.restart(
          name,
          [this, name = name] { on_connector_status(name, {State::Restarting, {}, {}, {}, 0}); },
          ignored);
    }
    std::vector<ConnectorTaskId> own;
    for (const ConnectorTaskId& id : wanted.tasks) {
      if (work_.has(id)) own.push_back(id);
    }
    work_.restart_tasks(
        own, [this](const ConnectorTaskId& id) {
          auto_restart_.forget(id);
          on_task_status(id, {State::Restarting, {}, {}, {}, 0});
        });
  }
}

}  // namespace millrace
