#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "runtime/group/plan.h"

namespace millrace::group {

/// Moves as little as possible: members keep what they run, a balancing move takes two rounds
/// (stop, then start elsewhere), and the work of a member that left waits for its return. The steps
/// a to i are those of connect-cluster.md §3. One thread.
class IncrementalAssignor {
 public:
  explicit IncrementalAssignor(int32_t max_delay_ms) : max_delay_ms_(max_delay_ms) {}

  /// `members` with what they hold now, in the order of WorkerLoads; at least one.
  Plan plan(const WorkerLoads& members, const ConnectorsAndTasks& configured,
            int32_t last_completed_generation, int32_t generation, int64_t now_ms);

 private:
  // incremental_assignor.cc
  void check_revocation(const ConnectorsAndTasks& active);
  void remember(const Plan& plan, const WorkerLoads& next, const ConnectorsAndTasks& lost);

  // lost_assignments.cc: step f
  /// Gives lost work to members of `next`, or returns it as work to be assigned like new, or keeps
  /// it waiting and sets the delay.
  ConnectorsAndTasks handle_lost(const ConnectorsAndTasks& lost, WorkerLoads& next, int64_t now_ms);
  ConnectorsAndTasks end_delay(const ConnectorsAndTasks& lost, WorkerLoads& next);
  void extend_delay(const WorkerLoads& next, int64_t now_ms);
  void reset_delay();

  // revocations.cc: step g
  void balance(const ConnectorsAndTasks& configured, WorkerLoads& next, WorkByMember& revoked,
               int64_t now_ms);
  int32_t backoff_ms(int32_t attempts) const;

  const int32_t max_delay_ms_;
  ConnectorsAndTasks previous_assignment_;
  ConnectorsAndTasks previous_revocation_;
  int32_t previous_generation_ = -1;
  std::set<std::string> previous_members_;
  int64_t scheduled_rebalance_ms_ = 0;  // 0: none
  int32_t delay_ms_ = 0;
  bool revoked_in_previous_ = false;
  int32_t successive_revocations_ = 0;
  LinkedSet<std::string> candidates_;  // members seen empty during the delay
};

/// Step g: what each member has above its share, when counts are not balanced; empty otherwise.
WorkByMember balancing_revocations(const ConnectorsAndTasks& configured,
                                   const WorkerLoads& workers);
/// Step h: hands connectors, then tasks of `work` to the members that have the fewest. Sorts
/// `workers`.
void assign_to_least_loaded(const ConnectorsAndTasks& work, WorkerLoads& workers);

}  // namespace millrace::group
