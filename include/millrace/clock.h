#pragma once
// The time of day, as records have it.

#include <chrono>
#include <cstdint>

namespace millrace {

/// Milliseconds since the epoch. It may jump; measure durations with std::chrono::steady_clock.
inline int64_t wall_clock_ms() noexcept {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace millrace
