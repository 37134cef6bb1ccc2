#pragma once
// Where control-plane work runs. The worker has one control thread; tests drive a queue by hand.

#include <chrono>
#include <functional>

namespace millrace {

/// Runs functions one after another on one thread.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Any thread. `task` runs later on the executor's thread, in order of posting.
  virtual void post(std::function<void()> task) = 0;
  /// As post(), not before `delay` has passed.
  virtual void post_after(std::chrono::milliseconds delay, std::function<void()> task) = 0;
};

}  // namespace millrace
