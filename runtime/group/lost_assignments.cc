// Step f: work that was assigned, is still configured, and that no member holds.

#include <algorithm>

#include "millrace/java_map_order.h"
#include "runtime/group/incremental_assignor.h"

namespace millrace::group {
namespace {

WorkerLoad* find(WorkerLoads& workers, const std::string& member) {
  const auto found = std::find_if(workers.begin(), workers.end(),
                                  [&](const WorkerLoad& load) { return load.member == member; });
  return found == workers.end() ? nullptr : &*found;
}

template <typename T>
void deal_in_turn(const LinkedSet<T>& items, LinkedSet<T> ConnectorsAndTasks::*kind,
                  const std::vector<WorkerLoad*>& workers) {
  size_t next = 0;
  for (const T& item : items) (workers[next++ % workers.size()]->work.*kind).add(item);
}

bool all_present(const std::set<std::string>& members, WorkerLoads& workers) {
  return std::all_of(members.begin(), members.end(),
                     [&](const std::string& member) { return find(workers, member) != nullptr; });
}

}  // namespace

ConnectorsAndTasks IncrementalAssignor::handle_lost(const ConnectorsAndTasks& lost,
                                                    WorkerLoads& next, int64_t now_ms) {
  // After a round with revocations Java goes on even when nothing is lost: a member that leaves
  // then costs the whole delay.
  if (lost.empty() && !revoked_in_previous_) {
    reset_delay();
    return {};
  }
  const bool none_left = scheduled_rebalance_ms_ <= 0 && all_present(previous_members_, next);
  if (none_left || max_delay_ms_ == 0) return lost;
  if (scheduled_rebalance_ms_ > 0 && now_ms >= scheduled_rebalance_ms_) {
    return end_delay(lost, next);
  }
  extend_delay(next, now_ms);
  return {};
}

/// Members that came during the delay are taken for those that left, and get their work.
ConnectorsAndTasks IncrementalAssignor::end_delay(const ConnectorsAndTasks& lost,
                                                  WorkerLoads& next) {
  std::vector<WorkerLoad*> returned;
  for (const std::string& candidate : candidates_) {
    if (WorkerLoad* load = find(next, candidate)) returned.push_back(load);
  }
  reset_delay();
  revoked_in_previous_ = false;
  if (returned.empty()) return lost;
  deal_in_turn(lost.connectors, &ConnectorsAndTasks::connectors, returned);
  deal_in_turn(lost.tasks, &ConnectorsAndTasks::tasks, returned);
  return {};
}

void IncrementalAssignor::extend_delay(const WorkerLoads& next, int64_t now_ms) {
  std::vector<std::string> empty;
  for (const WorkerLoad& load : next) {
    if (load.work.empty()) empty.push_back(load.member);
  }
  candidates_.add_all(arranged_as_java_set(empty, kJavaMapCapacity));
  delay_ms_ = max_delay_ms_;
  if (now_ms < scheduled_rebalance_ms_) {
    const int64_t left = scheduled_rebalance_ms_ - now_ms;
    delay_ms_ = static_cast<int32_t>(std::min<int64_t>(left, max_delay_ms_));
  }
  scheduled_rebalance_ms_ = now_ms + delay_ms_;
}

void IncrementalAssignor::reset_delay() {
  candidates_ = {};
  scheduled_rebalance_ms_ = 0;
  delay_ms_ = 0;
}

}  // namespace millrace::group
