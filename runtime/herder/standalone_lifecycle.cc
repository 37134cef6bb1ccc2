// Pausing, resuming and stopping connectors; stopping the herder.

#include <memory>

#include "millrace/errors.h"
#include "runtime/herder/herder_log.h"
#include "runtime/herder/standalone_herder.h"

namespace millrace {

void StandaloneHerder::set_target(const OperationPtr& op, const std::string& name,
                                  TargetState target, Next next) {
  require(name, "Connector " + name + " not found").target = target;
  services_.worker.set_target_state(
      name, target, op->always<Done>([this, name, target, next](Outcome<Done>& outcome) {
        if (outcome.ok()) return next();
        // The target stands: the status shows the failure, and a restart tries again.
        mark_failed(name, outcome.error());
        try {
          outcome.value();
        } catch (...) {
          herder_logger().error("Failed to transition connector {} to target state {}: {}", name,
                                target_state_name(target), describe_current_exception());
        }
        next();
      }));
}

void StandaloneHerder::change_target(const std::string& name, TargetState target,
                                     Callback<Done> done) {
  require(name, "Unknown connector " + name);
  const std::string what = (target == TargetState::Paused ? "pausing" : "resuming");
  operations_.enqueue<Done>(
      name, what + " connector " + name,
      [=, this](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        if (!entries_.contains(name)) return running.finish(Done{});  // deleted meanwhile
        set_target(op, name, target, [=, this] {
          // Tasks made for an older configuration, or never made, are made now.
          if (target != TargetState::Started) return running.finish(Done{});
          regenerate(op, name, [running] { running.finish(Done{}); });
        });
      },
      [=](Outcome<Done> outcome) {
        if (outcome.ok()) return;
        try {
          outcome.value();
        } catch (...) {
          herder_logger().error("Failed {} connector {}: {}", what, name,
                                describe_current_exception());
        }
      });
  // Asked for, not waited for, as in Kafka.
  done(Done{});
}

void StandaloneHerder::pause_connector(const std::string& name, Callback<Done> done) {
  change_target(name, TargetState::Paused, std::move(done));
}

void StandaloneHerder::resume_connector(const std::string& name, Callback<Done> done) {
  change_target(name, TargetState::Started, std::move(done));
}

void StandaloneHerder::stop_connector(const std::string& name, Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "stopping connector " + name,
      [=, this](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        if (!entries_.contains(name)) {
          throw ErrorOf<ErrorKind::IllegalArgument>("No connector `" + name + "` configured");
        }
        remove_tasks(op, name, [=, this] {
          set_target(op, name, TargetState::Stopped, [running] { running.finish(Done{}); });
        });
      },
      std::move(done));
}

void StandaloneHerder::stop_all(Callback<Done> done) {
  herder_logger().info("Herder stopping");
  operations_.close("Worker is shutting down");
  std::vector<ConnectorTaskId> tasks;
  for (const auto& [name, entry] : entries_) {
    for (ConnectorTaskId& id : task_ids(name)) tasks.push_back(std::move(id));
  }
  // Counts down the connectors; the timer answers for a worker that does not.
  struct Shutdown {
    size_t open = 0;
    Callback<Done> done;
    void finish() {
      if (!done) return;
      herder_logger().info("Herder stopped");
      std::exchange(done, nullptr)(Done{});
    }
  };
  const auto shutdown = std::make_shared<Shutdown>();
  shutdown->done = std::move(done);
  services_.control.post_after(options_.limits.time, [shutdown] { shutdown->finish(); });
  services_.worker.stop_tasks(tasks, [this, shutdown](const Outcome<Done>&) {
    if (!shutdown->done) return;
    const std::vector<std::string> names = connectors();
    shutdown->open = names.size();
    if (names.empty()) return shutdown->finish();
    for (const std::string& name : names) {
      services_.worker.stop_connector(name, [shutdown](const Outcome<Done>&) {
        if (--shutdown->open == 0) shutdown->finish();
      });
    }
  });
}

}  // namespace millrace
