#include "runtime/herder/distributed_herder.h"

#include "millrace/errors.h"
#include "runtime/core/within.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {

DistributedHerder::DistributedHerder(const HerderServices& services,
                                     const ClusterServices& cluster, DistributedOptions options)
    : services_(services),
      cluster_(cluster),
      options_(std::move(options)),
      operations_(services_.control, options_.common.limits, options_.common.now),
      work_(services_, steps_, cluster_.config.state(), *this) {
  services_.worker.set_listener(*this);
}

DistributedHerder::~DistributedHerder() = default;

void DistributedHerder::after(Millis delay, Next then) {
  services_.control.post_after(delay, [weak = std::weak_ptr(alive_), then = std::move(then)] {
    if (!weak.expired()) then();
  });
}

void DistributedHerder::start() {
  distributed_logger().info("Herder starting");
  cluster_.config.start(*this, alive<Done>([this](Outcome<Done>& read) {
                          if (!read.ok()) return fatal(read.error());
                          for (const auto& [name, config] : snapshot().connectors) {
                            known_.insert(name);
                          }
                          layout_offset_ = snapshot().offset;
                          cluster_.statuses.start(
                              alive<Done>([this](Outcome<Done>& outcome) { started(outcome); }),
                              [this](const auto& id, const auto* status) {
                                on_status_read(id, status);
                              });
                        }));
}

void DistributedHerder::started(Outcome<Done> outcome) {
  if (!outcome.ok()) return fatal(outcome.error());
  if (closing_) return;
  joined_ = true;
  distributed_logger().info("Herder started");
  cluster_.membership.start(*this);
  watch_stalls();
  watch_commits();
}

void DistributedHerder::fatal(std::exception_ptr error) {
  work_.stop_all();
  assignment_.reset();
  if (options_.on_fatal) options_.on_fatal(std::move(error));
}

// All work stops first: while this worker is a member nobody else gets it, and once it has left, all of
// it can be placed in one round.
void DistributedHerder::stop_all(Callback<Done> done) {
  distributed_logger().info("Herder stopping");
  closing_ = true;
  parked_.clear();
  operations_.close("Worker is shutting down");
  // The timer answers for a worker that does not.
  const auto finished = within<Done>(
      services_.control, options_.common.limits.time, "stopping all work",
      [done = std::move(done)](const Outcome<Done>&) {
        distributed_logger().info("Herder stopped");
        done(Done{});
      });
  work_.stop_all();
  work_.when_stopped([this, finished] {
    const auto leave = alive<Done>([this, finished](const Outcome<Done>&) {
      assignment_.reset();
      if (!joined_) return finished(Done{});
      cluster_.member.stop(kLeaveLimit, finished);
    });
    cluster_.statuses.flush(
        within<Done>(services_.control, options_.sync_timeout, "flushing statuses", leave));
  });
}

// Reads.

std::vector<std::string> DistributedHerder::connectors() const {
  std::vector<std::string> names;
  for (const auto& [name, config] : snapshot().connectors) names.push_back(name);
  return names;
}

const Properties& DistributedHerder::require(const std::string& name,
                                             const std::string& message) const {
  const auto at = snapshot().connectors.find(name);
  if (at == snapshot().connectors.end()) throw NotFoundException(message);
  return at->second;
}

ConnectorInfo DistributedHerder::connector_info(const std::string& name) const {
  const Properties& config = require(name, "Connector " + name + " not found");
  return {name, config, snapshot().task_ids(name), steps_.type_of(config)};
}

ConnectorStateInfo DistributedHerder::connector_status(const std::string& name) const {
  const Status* status = cluster_.statuses.connector(name);
  if (status == nullptr) throw NotFoundException("No status found for connector " + name);
  const auto config = snapshot().connectors.find(name);
  return {name, *status, cluster_.statuses.tasks(name),
          config == snapshot().connectors.end() ? ConnectorType::Unknown
                                                : steps_.type_of(config->second)};
}

Status DistributedHerder::task_status(const ConnectorTaskId& id) const {
  const Status* status = cluster_.statuses.task(id);
  if (status == nullptr) throw NotFoundException("No status found for task " + id.to_string());
  return *status;
}

std::vector<TaskInfo> DistributedHerder::task_infos(const std::string& name) const {
  require(name, "Connector " + name + " not found");
  std::vector<TaskInfo> infos;
  for (const ConnectorTaskId& id : snapshot().task_ids(name)) {
    const Properties* config = snapshot().task(id);
    infos.push_back({id, config == nullptr ? Properties{} : *config});
  }
  return infos;
}

std::string DistributedHerder::stage() const {
  const std::string operation = stage_text(operations_.oldest());
  if (!operation.empty()) return operation;
  if (!joined_) return "initializing and reading to the end of internal topics";
  if (!assignment_) return "ensuring membership in the cluster";
  return resolved_ ? "" : "reading to the end of the config topic";
}

}  // namespace millrace
