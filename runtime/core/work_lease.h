#pragma once
// How long this worker may take for granted that its work is not given to others.

#include <atomic>
#include <chrono>
#include <cstdint>

namespace millrace {

/// Held without end until it is first renewed. Read by task threads, so that one which the system did
/// not let run for long (a stopped process, a sleeping machine) finds out before it writes anything,
/// even if nobody had the time to tell it. Monotonic clock.
class WorkLease {
 public:
  using Clock = std::chrono::steady_clock;

  bool held(Clock::time_point now = Clock::now()) const noexcept {
    return now.time_since_epoch().count() < until_.load(std::memory_order_relaxed);
  }
  void renew(Clock::time_point until) noexcept {
    until_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
  }
  /// Others may have the work by now.
  void end() noexcept { until_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> until_ = INT64_MAX;
};

}  // namespace millrace
