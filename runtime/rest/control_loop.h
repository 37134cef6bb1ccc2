#pragma once
// The control thread's loop: REST, herder and timers run here, one after another.

#include <functional>
#include <initializer_list>
#include <memory>

#include "runtime/core/executor.h"

namespace boost::asio {
class io_context;
}

namespace millrace::rest {

/// Outlives everything that posts to it or uses its io_context.
class ControlLoop final : public Executor {
 public:
  ControlLoop();
  ~ControlLoop() override;
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  /// Runs until stop(). The calling thread becomes the control thread. A task that throws is logged
  /// and the loop goes on.
  void run();
  /// Any thread. What is still queued does not run.
  void stop();
  void post(std::function<void()> task) override;
  /// Any thread.
  void post_after(std::chrono::milliseconds delay, std::function<void()> task) override;
  /// Calls `handler` on the loop's thread for each of `signals` from now on. Once.
  void on_signals(std::initializer_list<int> signals, std::function<void(int)> handler);
  boost::asio::io_context& io() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::rest
