#pragma once
// Share of its time that a task spent in each state (running-ratio, pause-ratio).

#include <array>
#include <cstdint>
#include <optional>

#include "runtime/storage/status.h"

namespace millrace {

/// Control thread only. Times are milliseconds of one clock. Time begins with the first change.
class StateTracker {
 public:
  void change(State state, int64_t now_ms) noexcept {
    if (current_ == state) return;
    if (current_) spent(*current_) += now_ms - since_ms_;
    current_ = state;
    since_ms_ = now_ms;
  }
  std::optional<State> current() const noexcept { return current_; }
  /// 0 while no time has passed since the first change.
  double ratio(State state, int64_t now_ms) const noexcept {
    if (!current_) return 0;
    const int64_t open = now_ms - since_ms_;
    int64_t total = open;
    for (const int64_t ms : spent_ms_) total += ms;
    if (total == 0) return 0;
    const int64_t mine = spent_ms_[index(state)] + (state == *current_ ? open : 0);
    return static_cast<double>(mine) / static_cast<double>(total);
  }

 private:
  static constexpr size_t kStates = static_cast<size_t>(State::Stopped) + 1;
  static size_t index(State state) noexcept { return static_cast<size_t>(state); }
  int64_t& spent(State state) noexcept { return spent_ms_[index(state)]; }

  std::optional<State> current_;
  int64_t since_ms_ = 0;
  std::array<int64_t, kStates> spent_ms_{};
};

}  // namespace millrace
