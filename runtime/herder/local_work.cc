#include "runtime/herder/local_work.h"

#include <utility>

#include "millrace/errors.h"

namespace millrace {
namespace {

constexpr int32_t kConnector = -1;

size_t combined(size_t left, size_t right) noexcept {
  return left ^ (right + 0x9e3779b97f4a7c15ULL + (left << 6U) + (left >> 2U));
}

void answer(std::vector<Callback<Done>> waiters, const Outcome<Done>& outcome) {
  for (const Callback<Done>& done : waiters) done(outcome);
}

}  // namespace

size_t content_hash(const Properties& properties) {
  size_t hash = 0;
  for (const auto& [key, value] : properties) {
    hash = combined(hash, std::hash<std::string_view>{}(key));
    hash = combined(hash, std::hash<std::string_view>{}(value));
  }
  return hash;
}

size_t content_hash(const std::vector<Properties>& list) {
  size_t hash = list.size();
  for (const Properties& properties : list) hash = combined(hash, content_hash(properties));
  return hash;
}

// Tasks run with the configuration of their connector that they were made from.
const Properties& LocalWork::config_of_tasks(const std::string& name) const {
  const auto applied = snapshot_.applied.find(name);
  return applied != snapshot_.applied.end() ? applied->second : snapshot_.connectors.at(name);
}

size_t LocalWork::wanted_hash(const std::string& name) const {
  return content_hash(snapshot_.connectors.at(name));
}

size_t LocalWork::wanted_hash(const ConnectorTaskId& id) const {
  return combined(content_hash(config_of_tasks(id.connector)), content_hash(*snapshot_.task(id)));
}

LocalWork::Item* LocalWork::find(const std::string& name) {
  const auto at = local_.find(name);
  return at == local_.end() || !at->second.connector ? nullptr : &*at->second.connector;
}

LocalWork::Item* LocalWork::find(const ConnectorTaskId& id) {
  const auto at = local_.find(id.connector);
  if (at == local_.end()) return nullptr;
  const auto task = at->second.tasks.find(id.task);
  return task == at->second.tasks.end() ? nullptr : &task->second;
}

void LocalWork::erase(const std::string& name) {
  const auto at = local_.find(name);
  at->second.connector.reset();
  if (at->second.empty()) local_.erase(at);
}

void LocalWork::erase(const ConnectorTaskId& id) {
  const auto at = local_.find(id.connector);
  at->second.tasks.erase(id.task);
  if (at->second.empty()) local_.erase(at);
}

void LocalWork::align(const std::string& name, const Wanted& wanted,
                      std::vector<ConnectorTaskId>& stops) {
  Local& local = local_[name];
  if (local.connector && local.connector->phase != Phase::Stopping) {
    const bool keep = wanted.connector && !local.connector->outdated &&
                      local.connector->hash == wanted_hash(name);
    if (!keep) stop(name);
  } else if (!local.connector && wanted.connector && wanted.may_start) {
    start(name);
  }
  for (const auto& [number, task] : local_[name].tasks) {
    if (task.phase == Phase::Stopping) continue;
    const ConnectorTaskId id{name, number};
    const bool keep =
        wanted.tasks.contains(number) && !task.outdated && task.hash == wanted_hash(id);
    if (!keep) stops.push_back(id);
  }
  if (wanted.may_start && wanted.may_start_tasks) {
    for (const int32_t number : wanted.tasks) {
      if (find(ConnectorTaskId{name, number}) == nullptr) start(ConnectorTaskId{name, number});
    }
  }
  const auto at = local_.find(name);
  if (at == local_.end()) return;
  if (at->second.empty()) {
    local_.erase(at);
  } else if (snapshot_.contains(name)) {
    align_target(name, at->second);
  }
}

void LocalWork::align_target(const std::string& name, Local& local) {
  const TargetState target = snapshot_.target(name);
  bool differs = false;
  const auto turn = [&](Item& item) {
    const bool started = item.phase == Phase::Starting || item.phase == Phase::Running;
    if (!started || item.target == target) return;
    item.target = target;
    differs = true;
  };
  if (local.connector) turn(*local.connector);
  for (auto& [number, task] : local.tasks) turn(task);
  if (!differs) return;
  const uint64_t epoch = local.connector ? local.connector->epoch : 0;
  services_.worker.set_target_state(
      name, target,
      [this, alive = std::weak_ptr(alive_), name, target, epoch](Outcome<Done> outcome) {
        if (alive.expired()) return;
        const Item* item = find(name);  // none: only tasks of it are here
        if (item == nullptr || item->epoch != epoch || item->target != target) return;
        if (!outcome.ok()) return listener_.on_failed(name, outcome.error());
        if (target == TargetState::Started) listener_.on_connector_running(name);
      });
}

// Starting.

void LocalWork::start(const std::string& name) {
  Item& item = local_[name].connector.emplace();
  item.epoch = ++epochs_;
  item.hash = wanted_hash(name);
  steps_.resolve({snapshot_.connectors.at(name)},
                 [this, alive = std::weak_ptr(alive_), name, epoch = item.epoch](auto resolved) {
                   if (!alive.expired()) launch(name, epoch, std::move(resolved));
                 });
}

void LocalWork::launch(const std::string& name, uint64_t epoch,
                       Outcome<std::vector<Properties>> resolved) {
  Item* item = find(name);
  if (item == nullptr || item->epoch != epoch || item->phase != Phase::Resolving) return;
  Waiters waiters;
  if (const auto at = waiters_.find({name, kConnector}); at != waiters_.end()) {
    waiters = std::move(at->second);
    waiters_.erase(at);
  }
  if (!resolved.ok()) {
    item->phase = Phase::Running;
    listener_.on_failed(name, resolved.error());
    return answer(std::move(waiters), resolved.error());
  }
  item->phase = Phase::Starting;
  item->target = snapshot_.target(name);
  services_.worker.start_connector(
      name, resolved.value().front(), item->target,
      [this, alive = std::weak_ptr(alive_), name, epoch, waiters](Outcome<Done> outcome) {
        if (alive.expired()) return;
        Item* started = find(name);
        if (started != nullptr && started->epoch == epoch && started->phase == Phase::Starting) {
          started->phase = Phase::Running;
          if (!outcome.ok()) {
            listener_.on_failed(name, outcome.error());
          } else if (started->target == TargetState::Started) {
            listener_.on_connector_running(name);
          }
        }
        answer(waiters, outcome);
      });
}

void LocalWork::start(const ConnectorTaskId& id) {
  Item& item = local_[id.connector].tasks[id.task];
  item.epoch = ++epochs_;
  item.hash = wanted_hash(id);
  steps_.resolve({config_of_tasks(id.connector), *snapshot_.task(id)},
                 [this, alive = std::weak_ptr(alive_), id, epoch = item.epoch](auto resolved) {
                   if (!alive.expired()) launch(id, epoch, std::move(resolved));
                 });
}

void LocalWork::launch(const ConnectorTaskId& id, uint64_t epoch,
                       Outcome<std::vector<Properties>> resolved) {
  Item* item = find(id);
  if (item == nullptr || item->epoch != epoch || item->phase != Phase::Resolving) return;
  item->phase = Phase::Running;
  Waiters waiters;
  if (const auto at = waiters_.find(id); at != waiters_.end()) {
    waiters = std::move(at->second);
    waiters_.erase(at);
  }
  if (!resolved.ok()) {
    listener_.on_failed(id, resolved.error());
    return answer(std::move(waiters), resolved.error());
  }
  item->target = snapshot_.target(id.connector);
  // Stored ones: what is secret stays out of the hash.
  const Properties* stored = snapshot_.task(id);
  const std::string hash =
      stored != nullptr && snapshot_.contains(id.connector)
          ? steps_.hash_of(config_of_tasks(id.connector), *stored)
          : std::string();
  services_.worker.start_task(id, resolved.value()[0], resolved.value()[1], item->target, hash);
  answer(std::move(waiters), Done{});
}

// Stopping.

void LocalWork::stop(const std::string& name) {
  Item* item = find(name);
  if (item->phase == Phase::Resolving) {
    erase(name);
    return listener_.on_stopped(name);
  }
  item->phase = Phase::Stopping;
  ++stopping_;
  services_.worker.stop_connector(
      name, [this, alive = std::weak_ptr(alive_), name, epoch = item->epoch](const auto&) {
        if (!alive.expired()) stopped(name, epoch);
      });
}

void LocalWork::stopped(const std::string& name, uint64_t epoch) {
  Item* item = find(name);
  if (item != nullptr && item->epoch == epoch) {
    const auto after = std::move(item->stopped);
    erase(name);
    if (after) after();
    listener_.on_stopped(name);
  }
  stop_ended();
}

void LocalWork::stop_tasks(const std::vector<ConnectorTaskId>& ids) {
  std::vector<ConnectorTaskId> batch;
  std::vector<uint64_t> epochs;
  std::set<std::string> gone;
  for (const ConnectorTaskId& id : ids) {
    Item* item = find(id);
    if (item == nullptr || item->phase == Phase::Stopping) continue;
    if (item->phase == Phase::Resolving) {
      erase(id);
      gone.insert(id.connector);
      continue;
    }
    item->phase = Phase::Stopping;
    batch.push_back(id);
    epochs.push_back(item->epoch);
  }
  for (const std::string& name : gone) listener_.on_stopped(name);
  if (batch.empty()) return;
  ++stopping_;
  services_.worker.stop_tasks(
      batch, [this, alive = std::weak_ptr(alive_), batch, epochs](const Outcome<Done>&) {
        if (alive.expired()) return;
        for (size_t i = 0; i < batch.size(); ++i) stopped(batch[i], epochs[i]);
        stop_ended();
      });
}

void LocalWork::stopped(const ConnectorTaskId& id, uint64_t epoch) {
  Item* item = find(id);
  if (item == nullptr || item->epoch != epoch) return;
  const auto after = std::move(item->stopped);
  erase(id);
  if (after) after();
  listener_.on_stopped(id.connector);
}

void LocalWork::stop_all() {
  stop_tasks(tasks());
  for (const std::string& name : names()) {
    if (const Item* item = find(name); item != nullptr && item->phase != Phase::Stopping) {
      stop(name);
    }
  }
}

void LocalWork::stop_ended() {
  if (--stopping_ > 0) return;
  for (const auto& then : std::exchange(when_stopped_, {})) then();
}

void LocalWork::when_stopped(std::function<void()> then) {
  if (stopping_ == 0) return then();
  when_stopped_.push_back(std::move(then));
}

// Restarting.

void LocalWork::outdate_connector(const std::string& name) {
  if (Item* item = find(name)) item->outdated = true;
}

void LocalWork::outdate_tasks(const std::string& name) {
  const auto at = local_.find(name);
  if (at == local_.end()) return;
  for (auto& [number, task] : at->second.tasks) task.outdated = true;
}

void LocalWork::restart(const std::string& name, std::function<void()> stopped,
                        Callback<Done> done) {
  waiters_[{name, kConnector}].push_back(std::move(done));
  Item* item = find(name);
  if (item == nullptr) return listener_.on_stopped(name);
  item->stopped = std::move(stopped);
  if (item->phase != Phase::Stopping) stop(name);
}

void LocalWork::restart(const ConnectorTaskId& id, std::function<void()> stopped,
                        Callback<Done> done) {
  waiters_[id].push_back(std::move(done));
  Item* item = find(id);
  if (item == nullptr) return listener_.on_stopped(id.connector);
  item->stopped = std::move(stopped);
  stop_tasks({id});
}

void LocalWork::restart_tasks(const std::vector<ConnectorTaskId>& ids,
                              const std::function<void(const ConnectorTaskId&)>& stopped) {
  for (const ConnectorTaskId& id : ids) {
    if (Item* item = find(id)) item->stopped = [stopped, id] { stopped(id); };
  }
  stop_tasks(ids);
}

void LocalWork::give_up_restarts(const std::string& name, const std::exception_ptr& error) {
  for (auto at = waiters_.lower_bound({name, kConnector});
       at != waiters_.end() && at->first.connector == name;
       at = waiters_.lower_bound({name, kConnector})) {
    const Waiters waiters = std::move(at->second);
    waiters_.erase(at);
    answer(waiters, error);
  }
}

// Questions.

bool LocalWork::has(const std::string& name) const {
  return const_cast<LocalWork*>(this)->find(name) != nullptr;
}

bool LocalWork::has(const ConnectorTaskId& id) const {
  return const_cast<LocalWork*>(this)->find(id) != nullptr;
}

bool LocalWork::runs(const std::string& name) const {
  const Item* item = const_cast<LocalWork*>(this)->find(name);
  return item != nullptr && item->phase == Phase::Running;
}

bool LocalWork::runs(const ConnectorTaskId& id) const {
  const Item* item = const_cast<LocalWork*>(this)->find(id);
  return item != nullptr && item->phase == Phase::Running;
}

std::vector<std::string> LocalWork::names() const {
  std::vector<std::string> names;
  for (const auto& [name, local] : local_) names.push_back(name);
  return names;
}

std::vector<ConnectorTaskId> LocalWork::tasks() const {
  std::vector<ConnectorTaskId> ids;
  for (const auto& [name, local] : local_) {
    for (const auto& [number, task] : local.tasks) ids.push_back({name, number});
  }
  return ids;
}

}  // namespace millrace
