// Creating, changing and deleting connectors, and what operations have in common.

#include "millrace/errors.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {

bool DistributedHerder::settled() const {
  return resolved_ && !rebalance_needed_ && !closing_ && !cluster_.member.rejoining();
}

void DistributedHerder::when_settled(const OperationPtr& op, Next next) {
  settled() ? next() : park(op, std::move(next));
}

void DistributedHerder::when_stopped(const OperationPtr& op, const std::string& name, Next next) {
  when_settled(op, [=, this] {
    const group::LeaderState* leading = cluster_.membership.leader_state();
    if (leading == nullptr || !leading->revoking.contains(name)) return next();
    park(op, [=, this] { when_stopped(op, name, next); });
  });
}

void DistributedHerder::park(const OperationPtr& op, Next next) {
  // A caller who asks again is better off than one who waits for a round that does not end.
  const uint64_t number = ++parked_count_;
  parked_.emplace(number, Parked{op, std::move(next)});
  after(kRebalanceWait, [this, number] {
    const auto late = parked_.extract(number);
    if (late.empty()) return;
    late.mapped().op->fail(std::make_exception_ptr(
        RequestException(kConflict, assignment_ ? kStaleConfig : kNoLeader)));
  });
}

void DistributedHerder::run_parked() {
  if (parked_.empty() || !settled()) return;
  for (const auto& [number, parked] : std::exchange(parked_, {})) {
    parked.op->run([&] { when_settled(parked.op, parked.next); });
  }
}

void DistributedHerder::require_leader(const std::string& message) const {
  if (is_leader()) return;
  throw ForwardException(message, assignment_ ? assignment_->leader_url : std::string());
}

void DistributedHerder::put_connector(const std::string& name, Properties config,
                                      std::optional<TargetState> initial_state,
                                      bool allow_replace, Callback<CreatedConnector> done) {
  config.try_emplace("name", name);
  operations_.enqueue<CreatedConnector>(
      name, "writing a config for connector " + name + " to the config topic",
      [=, this](const Running<CreatedConnector>& running) {
        steps_.require_valid(running.operation(), config, [=, this] {
          when_settled(running.operation(), [=, this] {
            store(running, name, config, initial_state, allow_replace);
          });
        });
      },
      std::move(done));
}

void DistributedHerder::store(const Running<CreatedConnector>& running, const std::string& name,
                              const Properties& config, std::optional<TargetState> target,
                              bool allow_replace) {
  require_leader("Only the leader can set connector configs.");
  const bool exists = snapshot().contains(name);
  if (exists && !allow_replace) {
    throw AlreadyExistsException("Connector " + name + " already exists");
  }
  // Tasks as they are before the change, as in Kafka.
  const ConnectorInfo info{name, config, snapshot().task_ids(name), steps_.type_of(config)};
  cluster_.config.put_connector(
      name, config, target,
      running.operation()->then<Done>([=](Done&) { running.finish({!exists, info}); }));
}

void DistributedHerder::patch_connector(const std::string& name,
                                        std::map<std::string, std::optional<std::string>> patch,
                                        Callback<ConnectorInfo> done) {
  operations_.enqueue<ConnectorInfo>(
      name, "patching the configuration of connector " + name,
      [this, name, patch = std::move(patch)](const Running<ConnectorInfo>& running) {
        const OperationPtr& op = running.operation();
        when_settled(op, [=, this] {
          require_leader("Only the leader can set connector configs.");
          const Properties config =
              patched(require(name, "Connector " + name + " not found"), patch);
          steps_.require_valid(op, config, [=, this] {
            when_settled(op, [=, this] {
              require_leader("Only the leader can set connector configs.");
              const ConnectorInfo info{name, config, snapshot().task_ids(name),
                                       steps_.type_of(config)};
              cluster_.config.put_connector(
                  name, config, std::nullopt,
                  op->then<Done>([=](Done&) { running.finish(info); }));
            });
          });
        });
      },
      std::move(done));
}

void DistributedHerder::delete_connector(const std::string& name, Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "removing the config for connector " + name + " from the config topic",
      [this, name](const Running<Done>& running) {
        when_settled(running.operation(), [=, this] {
          require_leader("Only the leader can delete connector configs.");
          require(name, "Connector " + name + " not found");
          cluster_.config.remove_connector(
              name,
              running.operation()->then<Done>([running](Done&) { running.finish(Done{}); }));
        });
      },
      std::move(done));
}

void DistributedHerder::write_tasks(const OperationPtr& op, const std::string& name,
                                    const std::vector<Properties>& tasks, Next next) {
  cluster_.config.put_tasks(name, tasks, op->then<Done>([next](Done&) { next(); }));
}

// Any worker may; nobody waits for the connector.
void DistributedHerder::put_target(const std::string& name, TargetState target,
                                   Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "writing the target state of connector " + name,
      [=, this](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        const auto write = [=, this] {
          require(name, "Unknown connector " + name);
          cluster_.config.put_target(
              name, target, op->then<Done>([running](Done&) { running.finish(Done{}); }));
        };
        if (snapshot().contains(name)) return write();
        // Another worker may just have made it.
        cluster_.config.refresh(options_.sync_timeout,
                                op->always<Done>([write](Outcome<Done>&) { write(); }));
      },
      std::move(done));
}

void DistributedHerder::pause_connector(const std::string& name, Callback<Done> done) {
  put_target(name, TargetState::Paused, std::move(done));
}

void DistributedHerder::resume_connector(const std::string& name, Callback<Done> done) {
  put_target(name, TargetState::Started, std::move(done));
}

void DistributedHerder::stop_connector(const std::string& name, Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "transitioning connector " + name + " to the STOPPED state",
      [this, name](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        when_settled(op, [=, this] {
          require(name, "Unknown connector " + name);
          require_leader("Only the leader can transition connectors to the STOPPED state.");
          // Tasks first: a running connector without tasks does no harm, the opposite would.
          write_tasks(op, name, {}, [=, this] {
            cluster_.config.put_target(name, TargetState::Stopped, op->then<Done>([=, this](Done&) {
              cluster_.config.refresh(
                  options_.sync_timeout,
                  op->always<Done>([running](Outcome<Done>&) { running.finish(Done{}); }));
            }));
          });
        });
      },
      std::move(done));
}

void DistributedHerder::validate(std::map<std::string, std::optional<std::string>> config,
                                 Callback<ConfigInfos> done) {
  steps_.validate(operations_, std::move(config), std::move(done));
}

void DistributedHerder::set_cluster_logger_level(const std::string& logger,
                                                 const std::string& level, Callback<Done> done) {
  cluster_.config.put_logger_level(logger, level, std::move(done));
}

}  // namespace millrace
