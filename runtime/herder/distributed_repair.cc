// Beyond Java: task configurations in the config topic are compared with what they should be, whoever
// wrote them and whatever compaction left of them.

#include "millrace/errors.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {

// The owner of the connector makes them again.
void DistributedHerder::repair_task_configs(const std::string& name) {
  if (!work_.runs(name) || snapshot().target(name) != TargetState::Started) return;
  if (!services_.worker.is_connector_running(name)) return;
  Reconfiguration& state = reconfigurations_[name];
  if (state.running || state.waiting || has_wanted_tasks(name, state)) return;
  distributed_logger().debug("The tasks of connector {} are not those it asked for", name);
  const Millis now = options_.clock();
  const Millis due = state.repaired + kRepairWait;
  if (state.repaired >= Millis{0} && now < due) {
    state.waiting = true;
    return after(due - now, [this, name] {
      const auto at = reconfigurations_.find(name);
      if (at == reconfigurations_.end()) return;
      at->second.waiting = false;
      touch(name);
    });
  }
  state.repaired = now;
  reconfigure(name);
}

bool DistributedHerder::has_wanted_tasks(const std::string& name,
                                         const Reconfiguration& state) const {
  const auto applied = snapshot().applied.find(name);
  if (applied == snapshot().applied.end() || snapshot().inconsistent.contains(name) ||
      applied->second != snapshot().connectors.at(name)) {
    return false;
  }
  if (!state.made) return true;
  std::vector<Properties> stored;
  for (const ConnectorTaskId& id : snapshot().task_ids(name)) stored.push_back(*snapshot().task(id));
  return content_hash(stored) == *state.made;
}

// Whoever leads looks after commits which the owners of connectors cannot repair.
void DistributedHerder::watch_commits() {
  if (closing_) return;
  after(kRepairWait, [this] { watch_commits(); });
  if (!is_leader() || !settled()) {
    at_risk_.clear();
    return;
  }
  std::map<std::string, Millis> at_risk;
  for (const auto& [name, config] : snapshot().connectors) {
    const auto applied = snapshot().applied.find(name);
    if (applied == snapshot().applied.end()) {
      ask_for_commit(name);
    } else if ((applied->second != config || snapshot().uncommitted.contains(name)) &&
               !snapshot().task_ids(name).empty()) {
      const auto since = at_risk_.find(name);
      at_risk[name] = since == at_risk_.end() ? options_.clock() : since->second;
    }
  }
  at_risk_ = std::move(at_risk);
  for (const auto& [name, since] : at_risk_) {
    if (options_.clock() - since >= kCommitRisk) commit_again(name);
  }
}

// This leader has read a compacted topic and misses a commit which the connector's owner has read
// before: the owner sees nothing to repair. An empty commit and a restart make it write again.
void DistributedHerder::ask_for_commit(const std::string& name) {
  const Status* status = cluster_.statuses.connector(name);
  const bool lost = status != nullptr && status->state == State::Running &&
                    snapshot().target(name) == TargetState::Started && !work_.has(name);
  if (!lost || !recommitted_.insert(name).second) return;
  distributed_logger().warn(
      "The config topic has no task configurations of connector {}, which runs; asking its owner for "
      "them",
      name);
  put_task_configs(name, {}, alive<Done>([this, name](Outcome<Done>& written) {
                     if (!written.ok()) return;
                     cluster_.config.put_restart({name, false, false},
                                                 [](const Outcome<Done>&) {});
                   }));
}

// The connector's configuration is newer than the commit, and nobody makes new tasks: it is paused, or
// has failed. Once the topic is compacted new workers would read the commit before the connector, and
// take it for what is left of a deleted one (KAFKA-17719). Or a write of tasks has ended before its
// commit: then compaction drops the task records that belong to the last one.
void DistributedHerder::commit_again(const std::string& name) {
  std::vector<Properties> tasks;
  for (const ConnectorTaskId& id : snapshot().task_ids(name)) tasks.push_back(*snapshot().task(id));
  at_risk_[name] = options_.clock();
  distributed_logger().info("Writing the task configurations of connector {} again", name);
  put_task_configs(name, std::move(tasks), [](const Outcome<Done>&) {});
}

}  // namespace millrace
