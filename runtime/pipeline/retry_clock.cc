#include "runtime/pipeline/retry_clock.h"

#include <condition_variable>
#include <mutex>

#include "millrace/clock.h"

namespace millrace {
namespace {

class SystemClock final : public RetryClock {
 public:
  Millis now() override {
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
  }
  int64_t wall_ms() override {
    return wall_clock_ms();
  }
  void wait(Millis delay, const std::stop_token& stop) override {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, delay, [] { return false; });
  }
};

}  // namespace

RetryClock& RetryClock::system() {
  static SystemClock clock;
  return clock;
}

}  // namespace millrace
