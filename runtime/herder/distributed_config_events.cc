// What records of the config topic bring about, after the first catch-up.

#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {
namespace {

/// Wider requests win (connect-cluster.md §4.1, "impact order").
int impact(const RestartRequest& request) {
  return (request.only_failed ? 0 : 2) + (request.include_tasks ? 1 : 0);
}

}  // namespace

void DistributedHerder::on_connector_config(const std::string& name) {
  auto_restart_.forget(name);
  if (known_.insert(name).second) return need_rebalance_soon("connector " + name + " was created");
  work_.outdate_connector(name);
  touch(name);
}

void DistributedHerder::on_connector_removed(const std::string& name) {
  if (known_.erase(name) == 0) return;
  auto_restart_.forget(name);
  reconfigurations_.erase(name);
  restarts_.erase(name);
  recommitted_.erase(name);
  if (work_.has(name)) {
    for (const TopicStatus& topic : cluster_.statuses.topics(name)) {
      cluster_.statuses.remove_topic(topic.topic, name);
    }
  }
  touch(name);
  need_rebalance("connector " + name + " was deleted");
}

void DistributedHerder::on_task_configs(const std::string& name,
                                        const std::vector<ConnectorTaskId>&) {
  auto_restart_.forget(name);
  work_.outdate_tasks(name);
  touch(name);
  need_rebalance("the tasks of connector " + name + " were configured");
  // Whoever wrote that has a while to go on, say from removing the tasks to stopping the connector.
  const auto made = reconfigurations_.find(name);
  if (made != reconfigurations_.end()) made->second.repaired = options_.clock();
}

void DistributedHerder::on_target_state(const std::string& name) { touch(name); }

void DistributedHerder::on_session_key() { check_session_key(); }

void DistributedHerder::on_restart(const RestartRecord& restart) {
  const RestartRequest request{restart.connector, restart.only_failed, restart.include_tasks};
  const auto [at, first] = restarts_.try_emplace(request.connector, request);
  if (!first && impact(request) > impact(at->second)) at->second = request;
  wake();
}

void DistributedHerder::on_logger_level(const std::string& name_space, const std::string& level) {
  if (options_.set_logger_level) options_.set_logger_level(name_space, level);
}

}  // namespace millrace
