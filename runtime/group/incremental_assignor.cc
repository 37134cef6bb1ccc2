#include "runtime/group/incremental_assignor.h"

#include <algorithm>

namespace millrace::group {
namespace {

/// Step e: each member stops what was deleted and what another one runs too.
void revoke_gone(const WorkerLoads& members, const ConnectorsAndTasks& deleted,
                 const ConnectorsAndTasks& duplicated, WorkerLoads& next, WorkByMember& revoked) {
  for (size_t i = 0; i < members.size(); ++i) {
    ConnectorsAndTasks gone = intersection(members[i].work, deleted);
    gone.add_all(intersection(members[i].work, duplicated));
    next[i].work.remove_all(gone);
    revoked[members[i].member] = std::move(gone);
  }
}

void fill_plan(const WorkerLoads& members, const WorkerLoads& next, Plan& plan) {
  for (const WorkerLoad& load : next) {
    plan.assigned[load.member] = load.work;
    plan.owned[load.member] = load.work;
    plan.owned[load.member].remove_all(plan.revoked[load.member]);
  }
  for (const WorkerLoad& load : members) plan.assigned[load.member].remove_all(load.work);
}

template <typename T>
void deal(const LinkedSet<T>& items, LinkedSet<T> ConnectorsAndTasks::*kind, WorkerLoads& workers) {
  std::sort(workers.begin(), workers.end(), [&](const WorkerLoad& left, const WorkerLoad& right) {
    const size_t l = (left.work.*kind).size();
    const size_t r = (right.work.*kind).size();
    return l != r ? l < r : JavaLess{}(left.member, right.member);
  });
  auto item = items.begin();
  while (item != items.end()) {
    const size_t level = (workers.front().work.*kind).size();
    for (WorkerLoad& worker : workers) {
      LinkedSet<T>& held = worker.work.*kind;
      if (held.size() > level || item == items.end()) break;
      held.add(*item++);
    }
  }
}

}  // namespace

void assign_to_least_loaded(const ConnectorsAndTasks& work, WorkerLoads& workers) {
  deal(work.connectors, &ConnectorsAndTasks::connectors, workers);
  deal(work.tasks, &ConnectorsAndTasks::tasks, workers);
}

Plan IncrementalAssignor::plan(const WorkerLoads& members, const ConnectorsAndTasks& configured,
                               int32_t last_completed_generation, int32_t generation,
                               int64_t now_ms) {
  // Step a: another member led in between, or the last round did not reach even this member.
  if (previous_generation_ != last_completed_generation) previous_assignment_ = {};
  const ConnectorsAndTasks active = union_of(members);
  check_revocation(active);

  const ConnectorsAndTasks deleted = difference(previous_assignment_, {&configured});
  const ConnectorsAndTasks lost = difference(previous_assignment_, {&active, &deleted});
  ConnectorsAndTasks unassigned = difference(configured, {&previous_assignment_, &active});

  Plan plan;
  WorkerLoads next = members;
  revoke_gone(members, deleted, duplicates_of(members), next, plan.revoked);
  unassigned.add_all(handle_lost(lost, next, now_ms));
  if (delay_ms_ == 0) {
    balance(configured, next, plan.revoked, now_ms);
  } else {
    revoked_in_previous_ = false;
  }
  assign_to_least_loaded(unassigned, next);

  plan.delay_ms = delay_ms_;
  fill_plan(members, next, plan);
  remember(plan, next, lost);
  previous_generation_ = generation;
  return plan;
}

/// Step c: work that was revoked and is still there was not stopped. It counts as assigned again.
void IncrementalAssignor::check_revocation(const ConnectorsAndTasks& active) {
  if (previous_revocation_.overlaps(active)) previous_assignment_ = active;
  previous_revocation_ = {};
}

/// Step i, for the next round.
void IncrementalAssignor::remember(const Plan& plan, const WorkerLoads& next,
                                   const ConnectorsAndTasks& lost) {
  previous_assignment_ = union_of(next);
  for (const auto& [member, work] : plan.revoked) {
    previous_assignment_.remove_all(work);
    previous_revocation_.add_all(work);
  }
  previous_assignment_.add_all(lost);
  previous_members_.clear();
  for (const WorkerLoad& load : next) previous_members_.insert(load.member);
}

}  // namespace millrace::group
