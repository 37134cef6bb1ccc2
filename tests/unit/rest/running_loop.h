#pragma once
// A control loop on a thread of its own, for tests that use real connections.

#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "runtime/rest/control_loop.h"

namespace millrace::rest {

class RunningLoop {
 public:
  RunningLoop() : thread_([this] { loop_.run(); }) {}
  ~RunningLoop() {
    loop_.stop();
    thread_.join();
  }
  RunningLoop(const RunningLoop&) = delete;
  RunningLoop& operator=(const RunningLoop&) = delete;

  ControlLoop& loop() noexcept { return loop_; }
  /// Runs `call` on the control thread and gives its result, exceptions included.
  template <class Call>
  auto on(Call call) {
    std::packaged_task<decltype(call())()> task(std::move(call));
    auto result = task.get_future();
    loop_.post([&task] { task(); });
    return result.get();
  }
  /// Waits until `condition` holds on the control thread; false when it never does.
  bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (on(condition)) return true;
      std::this_thread::yield();
    }
    return false;
  }

 private:
  ControlLoop loop_;
  std::thread thread_;
};

}  // namespace millrace::rest
