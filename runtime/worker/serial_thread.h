#pragma once
// One thread that runs functions in order: the thread of a connector instance.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace millrace {

/// Shared between owner and thread, so that a function that hangs can be left behind.
class SerialThread {
 public:
  explicit SerialThread(std::string name, std::string log_context);
  ~SerialThread();
  SerialThread(const SerialThread&) = delete;
  SerialThread& operator=(const SerialThread&) = delete;

  /// Runs `work` after what was asked before. Functions must not throw.
  void run(std::function<void()> work);

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> queue;
    bool ending = false;
  };
  static void loop(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace millrace
