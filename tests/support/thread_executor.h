#pragma once
// A control thread for tests of what answers it from other threads.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "runtime/core/executor.h"

namespace millrace::testing {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void post(std::function<void()> task) override { post_after({}, std::move(task)); }
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.emplace(Clock::now() + delay, std::move(task));
    }
    changed_.notify_all();
  }
  /// Runs `task` on the thread and waits for it; its exception comes back.
  void call(const std::function<void()>& task) {
    std::packaged_task<void()> packaged(task);
    auto done = packaged.get_future();
    post([&packaged] { packaged(); });
    done.get();
  }
  size_t waiting() {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      changed_.wait(lock, stop, [this] { return !tasks_.empty(); });
      if (stop.stop_requested()) return;
      const auto first = tasks_.begin();
      if (const auto due = first->first; due > Clock::now()) {
        changed_.wait_until(lock, stop, due, [this, due] { return tasks_.begin()->first < due; });
        continue;
      }
      const auto task = std::move(first->second);
      tasks_.erase(first);
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<Clock::time_point, std::function<void()>> tasks_;
  std::jthread thread_;
};

}  // namespace millrace::testing
