#pragma once
// Functions in order, on a thread that exists while there are any: the thread of a connector
// instance, which has work only when it starts, changes and stops. A thousand connectors at rest
// cost no thread.

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace millrace {

/// Shared between owner and thread, so that a function that hangs can be left behind, and holds up
/// nobody else.
class SerialThread {
 public:
  explicit SerialThread(std::string name, std::string log_context);
  SerialThread(const SerialThread&) = delete;
  SerialThread& operator=(const SerialThread&) = delete;

  /// Runs `work` after what was asked before. Functions must not throw. What was asked still runs
  /// when this object is gone.
  void run(std::function<void()> work);

 private:
  struct State {
    const std::string name;
    const std::string log_context;
    std::mutex mutex;
    std::deque<std::function<void()>> queue;
    bool has_thread = false;
  };
  static void start(const std::shared_ptr<State>& state);
  static void drain(State& state);

  std::shared_ptr<State> state_;
};

}  // namespace millrace
