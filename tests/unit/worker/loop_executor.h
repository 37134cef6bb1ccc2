#pragma once
// The control thread of a test: the test's own thread, which runs what was posted while it waits.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "runtime/core/executor.h"

namespace millrace {

class LoopExecutor final : public Executor {
 public:
  using Clock = std::chrono::steady_clock;

  void post(std::function<void()> task) override { post_after({}, std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    due_.emplace(Clock::now() + delay, std::move(task));
    changed_.notify_all();
  }
  /// Runs tasks until `done` is true; false after ten seconds.
  template <class Predicate>
  bool run_until(const Predicate& done) {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    while (!done()) {
      std::unique_lock lock(mutex_);
      // The condition may depend on what other threads do: it is looked at again soon.
      constexpr auto kLookAgain = std::chrono::milliseconds(2);
      changed_.wait_until(lock, Clock::now() + kLookAgain, [this] {
        return !due_.empty() && due_.begin()->first <= Clock::now();
      });
      if (Clock::now() >= deadline) return false;
      if (due_.empty() || due_.begin()->first > Clock::now()) continue;
      const auto task = std::move(due_.begin()->second);
      due_.erase(due_.begin());
      lock.unlock();
      task();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, std::function<void()>> due_;
};

}  // namespace millrace
