#pragma once
// An executor driven by hand, with time of its own.

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "runtime/core/executor.h"

namespace millrace::testing {

/// Runs what was posted when told to; time stands still until advanced.
class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> task) override { ready_.push_back(std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    timers_.emplace(now_ + delay, std::move(task));
  }
  bool run_one() {
    if (ready_.empty()) return false;
    const auto task = std::move(ready_.front());
    ready_.pop_front();
    task();
    return true;
  }
  void run() {
    while (run_one()) {
    }
  }
  void advance(std::chrono::milliseconds by) {
    now_ += by;
    while (!timers_.empty() && timers_.begin()->first <= now_) {
      ready_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
      run();
    }
  }
  /// Runs everything that falls due within `time`, each at its own moment.
  void pass(std::chrono::milliseconds time) {
    const auto end = now_ + time;
    run();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      advance(timers_.begin()->first - now_);
      run();
    }
    now_ = end;
  }
  std::chrono::milliseconds now() const { return now_; }
  bool idle() const { return ready_.empty(); }

 private:
  std::deque<std::function<void()>> ready_;
  std::multimap<std::chrono::milliseconds, std::function<void()>> timers_;
  std::chrono::milliseconds now_{0};
};

}  // namespace millrace::testing
