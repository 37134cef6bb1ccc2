// Step g: members with more than their share stop some of it, so that others get it next round.

#include <algorithm>
#include <cmath>

#include "runtime/group/incremental_assignor.h"

namespace millrace::group {
namespace {

/// How much every member gets of `total`, and how many of them get one more.
struct Share {
  size_t least;
  size_t extra;

  Share(size_t total, size_t workers) : least(total / workers), extra(total % workers) {}
};

template <typename T>
bool balanced(const WorkerLoads& workers, LinkedSet<T> ConnectorsAndTasks::*kind,
              const Share& share) {
  size_t with_extra = 0;
  for (const WorkerLoad& worker : workers) {
    const size_t held = (worker.work.*kind).size();
    if (held != share.least && held != share.least + 1) return false;
    if (held == share.least + 1) ++with_extra;
  }
  return with_extra == share.extra;
}

template <typename T>
void trim(const WorkerLoads& workers, LinkedSet<T> ConnectorsAndTasks::*kind, size_t total,
          WorkByMember& revoked) {
  const Share share(total, workers.size());
  if (balanced(workers, kind, share)) return;
  size_t extra_left = share.extra;
  for (const WorkerLoad& worker : workers) {
    const LinkedSet<T>& held = worker.work.*kind;
    if (held.size() <= share.least) continue;
    size_t cap = share.least;
    if (extra_left > 0) {
      --extra_left;
      ++cap;
    }
    for (size_t i = 0; i + cap < held.size(); ++i) {
      (revoked[worker.member].*kind).add(held.items()[i]);
    }
  }
}

}  // namespace

WorkByMember balancing_revocations(const ConnectorsAndTasks& configured,
                                   const WorkerLoads& workers) {
  WorkByMember revoked;
  if (configured.empty()) return revoked;  // Java leaves alone what still runs then
  trim(workers, &ConnectorsAndTasks::connectors, configured.connectors.size(), revoked);
  trim(workers, &ConnectorsAndTasks::tasks, configured.tasks.size(), revoked);
  return revoked;
}

void IncrementalAssignor::balance(const ConnectorsAndTasks& configured, WorkerLoads& next,
                                  WorkByMember& revoked, int64_t now_ms) {
  const WorkByMember surplus = balancing_revocations(configured, next);
  if (surplus.empty()) {
    if (revoked_in_previous_) successive_revocations_ = 0;
    revoked_in_previous_ = false;
    return;
  }
  if (revoked_in_previous_) {
    delay_ms_ = backoff_ms(++successive_revocations_);
    if (delay_ms_ != 0) {
      scheduled_rebalance_ms_ = now_ms + delay_ms_;
      return;
    }
  }
  revoked_in_previous_ = true;
  for (WorkerLoad& load : next) {
    const auto found = surplus.find(load.member);
    if (found == surplus.end()) continue;
    revoked[load.member].add_all(found->second);
    load.work.remove_all(found->second);
  }
}

/// 40 to the power of `attempts`, at most the maximum. Java computes the maximum as such a power
/// too, in floating point and rounded down: it may come out 1 ms short (179999 for 180000).
int32_t IncrementalAssignor::backoff_ms(int32_t attempts) const {
  if (max_delay_ms_ <= 1) return max_delay_ms_;
  constexpr double kBase = 40;
  const double limit = std::log(static_cast<double>(max_delay_ms_)) / std::log(kBase);
  const double power = std::pow(kBase, std::min(static_cast<double>(attempts), limit));
  return static_cast<int32_t>(std::min<int64_t>(static_cast<int64_t>(power), max_delay_ms_));
}

}  // namespace millrace::group
