#pragma once
// Time as retries see it, so that tests need not wait.

#include <chrono>
#include <stop_token>

namespace millrace {

class RetryClock {
 public:
  using Millis = std::chrono::milliseconds;

  virtual ~RetryClock() = default;
  /// Time since a fixed point; never goes back.
  virtual Millis now() = 0;
  /// Milliseconds since the epoch.
  virtual int64_t wall_ms() = 0;
  /// Returns after `delay`, or as soon as a stop is asked.
  virtual void wait(Millis delay, const std::stop_token& stop) = 0;
  /// The machine's. Static storage, any thread.
  static RetryClock& system();
};

}  // namespace millrace
