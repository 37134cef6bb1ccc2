// Offsets of connectors, and the fencing of older tasks.

#include "millrace/errors.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {
namespace {

constexpr int kBadRequest = 400;

}  // namespace

void DistributedHerder::connector_offsets(const std::string& name,
                                          Callback<std::vector<JsonPartitionOffset>> done) {
  operations_.run_now<std::vector<JsonPartitionOffset>>(
      name, "reading the offsets of connector " + name,
      [=, this](const Running<std::vector<JsonPartitionOffset>>& running) {
        steps_.read_offsets(running, name, require(name, "Connector " + name + " not found"));
      },
      std::move(done));
}

void DistributedHerder::alter_connector_offsets(
    const std::string& name, std::optional<std::vector<JsonPartitionOffset>> offsets,
    Callback<std::string> done) {
  operations_.enqueue<std::string>(
      name, (offsets ? "altering" : "resetting") + std::string(" the offsets of connector ") + name,
      [=, this](const Running<std::string>& running) {
        const OperationPtr& op = running.operation();
        require_offsets_given(offsets);
        const auto alter = [=, this] {
          steps_.alter_offsets(running, name, snapshot().connectors.at(name), offsets);
        };
        when_settled(op, [=, this] {
          require_leader("Only the leader can process offset modification requests.");
          cluster_.config.refresh(options_.sync_timeout, op->then<Done>([=, this](Done&) {
            // Our workers stop what these records end before the round they bring about is over,
            // Java's only when that round tells them to.
            when_stopped(op, name, [=, this] {
              require_leader("Only the leader can process offset modification requests.");
              const Properties& config = require(name, "Connector " + name + " not found");
              require_stopped(name, snapshot().target(name), snapshot().task_ids(name).size());
              const bool exactly_once = options_.exactly_once_source &&
                                        steps_.type_of(config) == ConnectorType::Source;
              exactly_once ? fence(op, name, alter) : alter();
            });
          }));
        });
      },
      std::move(done));
}

void DistributedHerder::fence_zombies(const std::string& name, Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "fencing older tasks of connector " + name,
      [=, this](const Running<Done>& running) {
        const OperationPtr& op = running.operation();
        when_settled(op, [=, this] {
          require_leader("Only the leader may perform zombie fencing.");
          const Properties& config = require(name, "Connector " + name + " not found");
          if (steps_.type_of(config) != ConnectorType::Source) {
            throw RequestException(kBadRequest, "Connector " + name + " is not a source connector");
          }
          fence(op, name, [running] { running.finish(Done{}); });
        });
      },
      std::move(done));
}

// connect-cluster.md §4.3. With a task-count record of 1 for one task, or none at all, the new producer
// fences the old one by itself.
void DistributedHerder::fence(const OperationPtr& op, const std::string& name, Next next) {
  cluster_.config.refresh(options_.sync_timeout, op->then<Done>([=, this](Done&) {
    if (!snapshot().pending_fencing.contains(name)) return next();
    const auto fenced = snapshot().task_count_records.find(name);
    const auto count = snapshot().task_counts.find(name);
    const int32_t tasks = count == snapshot().task_counts.end() ? 0 : count->second;
    const auto write = [=, this] {
      cluster_.config.put_task_count(name, tasks, op->then<Done>([next](Done&) { next(); }));
    };
    const bool first = fenced == snapshot().task_count_records.end();
    if (first || (fenced->second == 1 && tasks == 1)) return write();
    if (cluster_.fencer == nullptr) {
      throw UnsupportedException("Fencing older tasks of connector " + name +
                                 " needs exactly-once source support, which this worker does not "
                                 "have");
    }
    const auto generation_of = [this, name] {
      const auto at = snapshot().task_generations.find(name);
      return at == snapshot().task_generations.end() ? -1 : at->second;
    };
    cluster_.fencer->fence(
        name, fenced->second, op->then<Done>([=, this, before = generation_of()](Done&) {
          cluster_.config.refresh(options_.sync_timeout, op->then<Done>([=](Done&) {
            if (generation_of() != before) {
              throw RequestException(kConflict,
                                     "Fencing older tasks of connector " + name +
                                         " was overtaken by new task configurations");
            }
            write();
          }));
        }));
  }));
}

}  // namespace millrace
