// What the worker reports, and the statuses and topics that the cluster shows.

#include "millrace/clock.h"
#include "millrace/errors.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {
namespace {

/// These give way to what a newer owner has written.
bool is_safe(State state) { return state == State::Failed || state == State::Unassigned; }

template <class Id>
void write(StatusLog& statuses, const Id& id, const Status& status) {
  is_safe(status.state) ? statuses.put_safely(id, status) : statuses.put(id, status);
}

constexpr int32_t kConnector = -1;

}  // namespace

// Reports about what is deleted are dropped: the leader has removed its statuses.

void DistributedHerder::on_connector_status(const std::string& name, Status status) {
  const ConnectorTaskId id{name, kConnector};
  if (!snapshot().contains(name)) {
    reported_.erase(id);
    return;
  }
  report(id, std::move(status));
}

void DistributedHerder::report(const ConnectorTaskId& id, Status status) {
  status.worker_id = options_.common.worker_id;
  status.generation = generation_;
  if (status.state == State::Unassigned) {
    reported_.erase(id);
  } else {
    reported_[id] = status;
  }
  id.task == kConnector ? write(cluster_.statuses, id.connector, status)
                        : write(cluster_.statuses, id, status);
}

void DistributedHerder::on_status_read(const ConnectorTaskId& id, const Status* read) {
  if (reported_.contains(id)) {
    // Readers that have not seen this worker's status go by what was read now.
    const bool overwritten = read != nullptr && read->worker_id != options_.common.worker_id &&
                             read->generation <= generation_;
    shown_[id] |= overwritten;
    wake();
  }
  // Another worker has given work up, perhaps all of it, and may be leaving.
  const bool given_up = read != nullptr && read->state == State::Unassigned &&
                        read->worker_id != options_.common.worker_id;
  if (given_up && joined_) cluster_.member.ask_soon();
  if (read != nullptr && read->state == State::Running) look_for_strangers(read->worker_id);
}

// Two groups with the same topics run everything twice, as with Java's workers. Statuses of workers that
// do not belong to the group give it away; one alone may be late, of a worker that has just left.
void DistributedHerder::look_for_strangers(const std::string& worker_id) {
  const group::LeaderState* leading = cluster_.membership.leader_state();
  if (leading == nullptr || worker_id == options_.common.worker_id || warned_of_strangers_) return;
  for (const auto& [member, url] : leading->urls) {
    if (url.find("//" + worker_id + "/") != std::string::npos) return;
  }
  if (stranger_ != worker_id) {
    stranger_ = worker_id;
    return;
  }
  warned_of_strangers_ = true;
  distributed_logger().warn(
      "Worker {} is no member of this group and writes statuses of running tasks: it seems that another "
      "cluster uses the same status.storage.topic, and all connectors may run twice. Give each cluster a "
      "group.id, config.storage.topic, offset.storage.topic and status.storage.topic of its own",
      worker_id);
}

void DistributedHerder::correct_statuses() {
  if (shown_.empty()) return;
  // A cluster that shares this topic corrects them too.
  if (const Millis now = options_.clock(); now < next_correction_) {
    if (std::exchange(correcting_later_, true)) return;
    return after(next_correction_ - now, [this] {
      correcting_later_ = false;
      wake();
    });
  }
  for (const auto& [id, overwritten] : std::exchange(shown_, {})) {
    const auto own = reported_.find(id);
    const bool connector = id.task == kConnector;
    const bool runs = connector ? work_.runs(id.connector) : work_.runs(id);
    if (own == reported_.end() || !runs) continue;
    const Status* shown =
        connector ? cluster_.statuses.connector(id.connector) : cluster_.statuses.task(id);
    const bool right = !overwritten && shown != nullptr && (shown->worker_id == own->second.worker_id ||
                                            shown->generation > generation_);
    const bool configured = connector ? snapshot().contains(id.connector) : is_configured(id);
    if (right || !configured) continue;
    next_correction_ = options_.clock() + kCorrectionPause;
    report(id, Status(own->second));
  }
}

void DistributedHerder::on_task_status(const ConnectorTaskId& id, Status status) {
  if (!is_configured(id)) {
    reported_.erase(id);
    return;
  }
  const bool failed = status.state == State::Failed;
  report(id, status);
  if (failed) restart_later(id, status);
}

void DistributedHerder::restart_later(const ConnectorTaskId& id, const Status& status) {
  AutoRestartOptions options = options_.auto_restart;
  const Properties& config = snapshot().connectors.at(id.connector);
  if (config.contains("millrace.errors.restart.enable")) {
    try {
      options = AutoRestartOptions::def().parse(config);
    } catch (const std::exception& error) {
      distributed_logger().warn("Not restarting task {}: {}", id.to_string(), error.what());
      return;
    }
  }
  const auto wait = auto_restart_.next(id, status.trace, options, options_.clock());
  if (!wait) return;
  distributed_logger().info("Task {} failed and is started again in {} ms", id.to_string(),
                            wait->count());
  after(*wait, [this, id] {
    const Status* now = cluster_.statuses.task(id);
    const bool failed = now != nullptr && now->state == State::Failed &&
                        now->worker_id == options_.common.worker_id;
    if (!failed || closing_ || !work_.runs(id)) return;
    auto_restart_.count_restart();
    work_.restart(
        id, [this, id] { on_task_status(id, {State::Restarting, {}, {}, {}, 0}); },
        [](const Outcome<Done>&) {});
  });
}

void DistributedHerder::clean_statuses() {
  const Status destroyed{State::Destroyed, options_.common.worker_id, {}, {}, generation_};
  for (const std::string& name : cluster_.statuses.connectors()) {
    if (!snapshot().contains(name) && cluster_.statuses.connector(name) != nullptr) {
      cluster_.statuses.put(name, destroyed);
    }
    for (const auto& [task, status] : cluster_.statuses.tasks(name)) {
      const ConnectorTaskId id{name, task};
      if (!is_configured(id)) cluster_.statuses.put(id, destroyed);
    }
  }
}

// Topics.

void DistributedHerder::on_active_topic(const ConnectorTaskId& id, const std::string& topic) {
  if (!options_.common.topic_tracking || !snapshot().contains(id.connector)) return;
  if (cluster_.statuses.topic(topic, id.connector) != nullptr) return;
  const auto now = std::chrono::duration_cast<Millis>(options_.common.now().time_since_epoch());
  cluster_.statuses.put_topic({topic, id.connector, id.task, now.count()});
}

std::vector<std::string> DistributedHerder::active_topics(const std::string& name) const {
  require_topic_tracking(options_.common);
  std::vector<std::string> topics;
  for (const TopicStatus& topic : cluster_.statuses.topics(name)) topics.push_back(topic.topic);
  return topics;
}

void DistributedHerder::reset_active_topics(const std::string& name) {
  require_topic_reset(options_.common);
  for (const TopicStatus& topic : cluster_.statuses.topics(name)) {
    cluster_.statuses.remove_topic(topic.topic, name);
  }
}

// Stalls.

std::vector<ConnectorTaskId> DistributedHerder::stalled_tasks() const {
  return {stalled_.begin(), stalled_.end()};
}

void DistributedHerder::watch_stalls() {
  if (options_.stall_timeout <= Millis{0}) return;
  std::set<ConnectorTaskId> stalled;
  for (const auto& [id, busy] : services_.worker.busy_times()) {
    if (busy < options_.stall_timeout || !work_.runs(id)) continue;
    stalled.insert(id);
    if (stalled_.contains(id)) continue;
    const Status* shown = cluster_.statuses.task(id);
    on_task_status(id, {State::Running, {},
                        "Task has made no progress for " + std::to_string(busy.count()) +
                            " ms (millrace.task.stall.timeout.ms is " +
                            std::to_string(options_.stall_timeout.count()) + ")",
                        shown != nullptr ? shown->version : std::string(), 0});
  }
  for (const ConnectorTaskId& id : stalled_) {
    const Status* status = cluster_.statuses.task(id);
    const bool shown = status != nullptr && status->state == State::Running;
    if (!stalled.contains(id) && shown && work_.runs(id)) {
      on_task_status(id, {State::Running, {}, {}, status->version, 0});
    }
  }
  stalled_ = std::move(stalled);
  after(std::max(options_.stall_timeout / 4, Millis{1}), [this] { watch_stalls(); });
}

}  // namespace millrace
