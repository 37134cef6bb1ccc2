// The worker's place in its group, and what follows from it.

#include "millrace/errors.h"
#include "runtime/core/within.h"
#include "runtime/herder/distributed_herder.h"
#include "runtime/herder/distributed_log.h"

namespace millrace {
namespace {

std::string text_of(const group::Work& work) {
  std::string text;
  for (const std::string& name : work.connectors) text += (text.empty() ? "" : " ") + name;
  for (const ConnectorTaskId& id : work.tasks) text += (text.empty() ? "" : " ") + id.to_string();
  return text;
}

}  // namespace

group::ConfigView DistributedHerder::config_view() {
  group::ConfigView view{snapshot().offset, {}};
  for (const auto& [name, config] : snapshot().connectors) {
    view.connectors.emplace(name, static_cast<int32_t>(snapshot().task_ids(name).size()));
  }
  return view;
}

void DistributedHerder::before_join(Next ready) {
  reconcile();
  if (!work_.stopping()) return ready();
  work_.when_stopped([this, ready = std::move(ready)] {
    // Others may write the next statuses of what has stopped here.
    cluster_.statuses.flush(within<Done>(
        services_.control, options_.sync_timeout, "flushing statuses",
        alive<Done>([this, ready](const Outcome<Done>&) { before_join(ready); })));
  });
}

void DistributedHerder::stop_all(const std::string& why, Next stopped) {
  distributed_logger().info("{} stops all connectors and tasks: {}", options_.common.worker_id, why);
  assignment_.reset();
  assigned_connectors_.clear();
  assigned_tasks_.clear();
  resolved_ = false;
  work_.stop_all();
  work_.when_stopped([this, stopped = std::move(stopped)] { before_join(stopped); });
}

void DistributedHerder::on_assigned(const group::WorkerAssignment& assignment) {
  if (closing_) return;
  distributed_logger().info(
      "{} joined group at generation {} (leader {}, offset {}) and runs [{}]; revoked [{}], delay {} ms",
      options_.common.worker_id, assignment.generation, assignment.leader_url, assignment.offset,
      text_of(assignment.work), text_of(assignment.revoked), assignment.delay_ms);
  assignment_ = assignment;
  generation_ = assignment.generation;
  assigned_at_ = options_.clock();
  ++rounds_;
  resolved_ = false;
  rebalance_needed_ = false;
  assigned_connectors_ = {assignment.work.connectors.begin(), assignment.work.connectors.end()};
  assigned_tasks_.clear();
  for (const ConnectorTaskId& id : assignment.work.tasks) {
    assigned_tasks_[id.connector].insert(id.task);
  }
  // What is not assigned any more stops before anything else happens.
  touch_all();
  reconcile();
  resolve();
}

void DistributedHerder::resolve() {
  if (!assignment_ || resolved_ || catching_up_ || closing_) return;
  const int64_t offset = snapshot().offset;
  if (offset < assignment_->offset || (assignment_->failed && assignment_->is_leader)) {
    return catch_up();
  }
  if (assignment_->failed) return rejoin_later(kCatchUpRetry);
  // Java goes by the offset alone; records that change nothing to be assigned do no harm.
  if (layout_offset_ > assignment_->offset) {
    return cluster_.member.request_rejoin("connectors or tasks have changed since the assignment");
  }
  resolved();
}

void DistributedHerder::catch_up() {
  catching_up_ = true;
  cluster_.config.refresh(
      options_.sync_timeout, alive<Done>([this, round = rounds_](Outcome<Done>& outcome) {
        catching_up_ = false;
        const bool same = round == rounds_ && assignment_;
        if (outcome.ok() && same && assignment_->failed) {
          catch_up_failures_ = 0;
          return cluster_.member.request_rejoin("the config topic has been read to its end");
        }
        const bool behind = same && snapshot().offset < assignment_->offset;
        if (outcome.ok() && !behind) {
          catch_up_failures_ = 0;
          return resolve();
        }
        distributed_logger().warn(
            "Could not read the config topic up to offset {} which the leader has read; trying again",
            same ? assignment_->offset : snapshot().offset);
        after(doubling(kCatchUpRetry, kCatchUpRetryMax, catch_up_failures_++),
              [this] { resolve(); });
      }));
}

void DistributedHerder::resolved() {
  resolved_ = true;
  ready_ = true;
  const bool revoked = !assignment_->revoked.empty();
  const Millis delay{assignment_->delay_ms};
  if (is_leader()) clean_statuses();
  // A status that could not be written is given up once the generation has changed.
  for (const auto& [id, status] : reported_) shown_.try_emplace(id, false);
  touch_all();
  reconcile();
  if (!assignment_ || !resolved_) return;  // it led to the next round already
  check_session_key();
  const bool dropped = drop_unconfigured();
  if (revoked) {
    assignment_->revoked = {};
    cluster_.membership.forget_revoked();
    cluster_.member.request_rejoin("revoked work is given to others");
  } else if (dropped) {
    cluster_.member.request_rejoin("some of the assigned work is not configured any more");
  } else if (delay > Millis{0}) {
    rejoin_later(delay);
  }
  run_parked();
}

bool DistributedHerder::drop_unconfigured() {
  group::Work gone;
  for (const std::string& name : assignment_->work.connectors) {
    if (!snapshot().contains(name)) gone.connectors.push_back(name);
  }
  for (const ConnectorTaskId& id : assignment_->work.tasks) {
    if (!is_configured(id)) gone.tasks.push_back(id);
  }
  cluster_.membership.forget(gone);
  return !gone.empty();
}

void DistributedHerder::rejoin_later(Millis delay) {
  after(delay, [this, round = rounds_] {
    if (round == rounds_) cluster_.member.request_rejoin("a scheduled rebalance is due");
  });
}

// A new connector is placed at once, many of them in few rounds: creating them waits for rounds.
void DistributedHerder::need_rebalance_soon(const std::string& reason) {
  layout_offset_ = snapshot().offset;
  const Millis wait = assigned_at_ + kCreationRounds - options_.clock();
  if (wait <= Millis{0} && !gathering_) return need_rebalance(reason);
  if (std::exchange(gathering_, true)) return;
  after(wait, [this, reason] {
    gathering_ = false;
    if (assignment_ && layout_offset_ <= assignment_->offset) return;  // placed meanwhile
    need_rebalance(reason);
  });
}

void DistributedHerder::need_rebalance(const std::string& reason) {
  layout_offset_ = snapshot().offset;
  rebalance_needed_ = true;
  rejoin_reason_ = reason;
  wake();
}

}  // namespace millrace
