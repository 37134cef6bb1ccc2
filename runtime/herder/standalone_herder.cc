#include "runtime/herder/standalone_herder.h"

#include "millrace/errors.h"
#include "runtime/herder/herder_log.h"

namespace millrace {

StandaloneHerder::StandaloneHerder(HerderServices services, HerderOptions options)
    : services_(services),
      options_(std::move(options)),
      operations_(services.control, options_.limits, options_.now) {
  services_.worker.set_listener(*this);
}

// Reads.

StandaloneHerder::Entry& StandaloneHerder::require(const std::string& name,
                                                   const std::string& message) {
  const auto at = entries_.find(name);
  if (at == entries_.end()) throw NotFoundException(message);
  return at->second;
}

const StandaloneHerder::Entry& StandaloneHerder::require(const std::string& name,
                                                         const std::string& message) const {
  return const_cast<StandaloneHerder*>(this)->require(name, message);
}

std::vector<std::string> StandaloneHerder::connectors() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::vector<ConnectorTaskId> StandaloneHerder::task_ids(const std::string& name) const {
  std::vector<ConnectorTaskId> ids;
  const auto at = entries_.find(name);
  if (at == entries_.end()) return ids;
  for (size_t i = 0; i < at->second.tasks.size(); ++i) {
    ids.push_back({name, static_cast<int32_t>(i)});
  }
  return ids;
}

ConnectorInfo StandaloneHerder::connector_info(const std::string& name) const {
  const Entry& entry = require(name, "Connector " + name + " not found");
  return {name, entry.config, task_ids(name), steps_.type_of(entry.config)};
}

ConnectorStateInfo StandaloneHerder::connector_status(const std::string& name) const {
  const Status* status = statuses_.connector(name);
  const auto at = entries_.find(name);
  if (status == nullptr || at == entries_.end()) {
    throw NotFoundException("No status found for connector " + name);
  }
  return {name, *status, statuses_.tasks(name), steps_.type_of(at->second.config)};
}

Status StandaloneHerder::task_status(const ConnectorTaskId& id) const {
  const Status* status = statuses_.task(id);
  if (status == nullptr) throw NotFoundException("No status found for task " + id.to_string());
  return *status;
}

std::vector<TaskInfo> StandaloneHerder::task_infos(const std::string& name) const {
  const Entry& entry = require(name, "Connector " + name + " not found");
  std::vector<TaskInfo> infos;
  for (const ConnectorTaskId& id : task_ids(name)) {
    infos.push_back({id, entry.tasks[static_cast<size_t>(id.task)]});
  }
  return infos;
}

std::vector<std::string> StandaloneHerder::active_topics(const std::string& name) const {
  require_topic_tracking(options_);
  const auto at = entries_.find(name);
  if (at == entries_.end()) return {};
  return {at->second.topics.begin(), at->second.topics.end()};
}

void StandaloneHerder::reset_active_topics(const std::string& name) {
  require_topic_reset(options_);
  const auto at = entries_.find(name);
  if (at != entries_.end()) at->second.topics.clear();
}

// Reports of the worker. What belongs to a deleted connector or a removed task is dropped.

void StandaloneHerder::on_connector_status(const std::string& name, Status status) {
  if (entries_.contains(name)) statuses_.put_connector(name, std::move(status));
}

void StandaloneHerder::on_task_status(const ConnectorTaskId& id, Status status) {
  const auto at = entries_.find(id.connector);
  if (at == entries_.end() || id.task < 0) return;
  if (static_cast<size_t>(id.task) >= at->second.tasks.size()) return;
  statuses_.put_task(id, std::move(status));
}

void StandaloneHerder::on_active_topic(const ConnectorTaskId& id, const std::string& topic) {
  if (!options_.topic_tracking) return;
  const auto at = entries_.find(id.connector);
  if (at != entries_.end()) at->second.topics.insert(topic);
}

void StandaloneHerder::on_reconfiguration_requested(const std::string& name) {
  if (!entries_.contains(name) || !reconfigurations_.insert(name).second) return;
  operations_.enqueue<Done>(
      name, "regenerating the tasks of connector " + name,
      [this, name](const Running<Done>& running) {
        reconfigurations_.erase(name);
        regenerate(running.operation(), name, [running] { running.finish(Done{}); });
      },
      [this, name](Outcome<Done> outcome) {
        reconfigurations_.erase(name);
        if (outcome.ok()) return;
        try {
          outcome.value();
        } catch (...) {
          herder_logger().error("Failed to reconfigure the tasks of connector {}: {}", name,
                                describe_current_exception());
        }
      });
}

void StandaloneHerder::mark_failed(const std::string& name, std::exception_ptr error) {
  if (!entries_.contains(name)) return;
  const Status* known = statuses_.connector(name);
  if (known != nullptr && known->state == State::Failed) return;  // the worker's own report
  statuses_.put_connector(name, {State::Failed, options_.worker_id, describe(error),
                                 known == nullptr ? "" : known->version, 0});
}

void StandaloneHerder::mark_failed(const ConnectorTaskId& id, std::exception_ptr error) {
  on_task_status(id, {State::Failed, options_.worker_id, describe(error), "", 0});
}

}  // namespace millrace
