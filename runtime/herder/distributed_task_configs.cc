// Task configurations: made where the connector runs, written by the leader.

#include <nlohmann/json.hpp>

#include "millrace/errors.h"
#include "runtime/core/within.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {
namespace {

constexpr int kNoContent = 204;
constexpr int kBadRequest = 400;

/// A name as one segment of a path.
std::string path_segment(std::string_view name) {
  static constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string segment;
  for (const char c : name) {
    if (kPlain.find(c) != std::string_view::npos) {
      segment += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      segment += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return segment;
}

}  // namespace

void DistributedHerder::on_reconfiguration_requested(const std::string& name) {
  reconfigure(name);
}

void DistributedHerder::reconfigure(const std::string& name) {
  if (closing_ || !work_.runs(name) || !services_.worker.is_connector_running(name) ||
      snapshot().target(name) != TargetState::Started) {
    distributed_logger().debug("Skipping update of connector {} since it is not running", name);
    return;
  }
  Reconfiguration& state = reconfigurations_[name];
  distributed_logger().debug("Asking connector {} for its tasks", name);
  if (state.running) {
    state.again = true;
    return;
  }
  state.running = true;
  const auto finished = alive<Done>([this, name](Outcome<Done>& outcome) {
    outcome.ok() ? reconfigured(name) : reconfigure_failed(name, outcome.error());
  });
  services_.worker.task_configs(
      name, alive<std::vector<Properties>>([this, name, finished](auto& outcome) {
        if (!outcome.ok()) return finished(outcome.error());
        if (!snapshot().contains(name)) return finished(Done{});
        std::vector<Properties>& tasks = outcome.value();
        restore_variables(snapshot().connectors.at(name), tasks);
        if (const auto at = reconfigurations_.find(name); at != reconfigurations_.end()) {
          at->second.made = content_hash(tasks);
        }
        if (!tasks_changed(name, tasks)) return finished(Done{});
        publish(name, std::move(tasks), finished);
      }));
}

void DistributedHerder::reconfigured(const std::string& name) {
  const auto at = reconfigurations_.find(name);
  if (at == reconfigurations_.end()) return;
  distributed_logger().debug("The tasks of connector {} are what it asked for", name);
  at->second.running = false;
  at->second.failures = 0;
  at->second.repaired = options_.clock();  // what was written may not have been read yet
  if (std::exchange(at->second.again, false)) return reconfigure(name);
  touch(name);
}

void DistributedHerder::reconfigure_failed(const std::string& name,
                                           const std::exception_ptr& error) {
  const auto at = reconfigurations_.find(name);
  if (at == reconfigurations_.end()) return;
  Reconfiguration& state = at->second;
  state.running = false;
  state.again = false;
  if (std::exchange(state.waiting, true)) return;
  const Millis wait = doubling(kReconfigureRetry, kReconfigureRetryMax, state.failures++);
  distributed_logger().warn(
      "Failed to reconfigure the tasks of connector {}, trying again in {} ms: {}", name,
      wait.count(), describe(error));
  after(wait, [this, name] {
    const auto later = reconfigurations_.find(name);
    if (later == reconfigurations_.end()) return;
    later->second.waiting = false;
    reconfigure(name);
  });
}

bool DistributedHerder::tasks_changed(const std::string& name,
                                      const std::vector<Properties>& tasks) const {
  const std::vector<ConnectorTaskId> stored = snapshot().task_ids(name);
  if (snapshot().inconsistent.contains(name) || stored.size() != tasks.size()) return true;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const Properties* config = snapshot().task(stored[i]);
    if (config == nullptr || *config != tasks[i]) return true;
  }
  const auto applied = snapshot().applied.find(name);
  return applied == snapshot().applied.end() ||
         applied->second != snapshot().connectors.at(name);
}

void DistributedHerder::publish(const std::string& name, std::vector<Properties> tasks,
                                Callback<Done> done) {
  if (is_leader()) return put_task_configs(name, std::move(tasks), std::move(done));
  ask_leader(name, tasks, std::move(done));
}

void DistributedHerder::ask_leader(const std::string& name, const std::vector<Properties>& tasks,
                                   Callback<Done> done) {
  if (!assignment_ || assignment_->leader_url.empty()) {
    return done(std::make_exception_ptr(RequestException(kConflict, kNoLeader)));
  }
  PeerRequest request;
  request.url = assignment_->leader_url + "connectors/" + path_segment(name) + "/tasks";
  request.method = "POST";
  request.body = nlohmann::json(tasks).dump(-1, ' ', false,
                                            nlohmann::json::error_handler_t::replace);
  if (requires_signatures()) {
    if (session_key() == nullptr) {
      return done(std::make_exception_ptr(
          ConnectException("no session key has been read from the config topic yet")));
    }
    request.key = *session_key();
  }
  cluster_.peers.call(
      std::move(request),
      within<PeerAnswer>(services_.control, kPeerLimit, "sending task configurations to the leader",
                         [done = std::move(done)](Outcome<PeerAnswer> outcome) {
                           if (!outcome.ok()) return done(outcome.error());
                           const PeerAnswer& answer = outcome.value();
                           if (answer.status == kNoContent) return done(Done{});
                           done(std::make_exception_ptr(ConnectException(
                               "the leader answered " + std::to_string(answer.status) + " " +
                               answer.body)));
                         }));
}

void DistributedHerder::put_task_configs(const std::string& name, std::vector<Properties> configs,
                                         Callback<Done> done) {
  operations_.enqueue<Done>(
      name, "writing the task configurations of connector " + name,
      [=, this](const Running<Done>& running) {
        when_settled(running.operation(), [=, this] {
          require_leader("Only the leader may write task configurations.");
          require(name, "Connector " + name + " not found");
          if (!configs.empty() && snapshot().target(name) == TargetState::Stopped) {
            throw RequestException(
                kBadRequest,
                "Cannot submit non-empty set of task configs for stopped connector " + name);
          }
          write_tasks(running.operation(), name, configs, [running] { running.finish(Done{}); });
        });
      },
      std::move(done));
}

}  // namespace millrace
