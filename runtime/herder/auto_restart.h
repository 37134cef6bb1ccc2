#pragma once
// When a failed task is started again without anybody asking (millrace.errors.restart.*, off by
// default: Kafka leaves failed tasks alone).

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/config_def.h"
#include "millrace/ids.h"

namespace millrace {

/// Keys of the worker; a connector's configuration may set them for itself.
struct AutoRestartOptions {
  bool enable = false;
  int64_t backoff_ms = 10'000;      // before the first attempt; doubles with each further one
  int64_t backoff_max_ms = 600'000;
  int32_t max_attempts = 10;        // within a window
  int64_t window_ms = 3'600'000;
  std::vector<std::string> classes = {};  // of errors; empty: all

  static const ConfigDef<AutoRestartOptions>& def();
};

/// Whether a trace names one of `classes`, as its error or as a cause. No classes: any does.
bool is_restartable(std::string_view trace, const std::vector<std::string>& classes);

/// The attempts made so far. Control thread only; time is handed in, monotonic.
class AutoRestart {
 public:
  using Millis = std::chrono::milliseconds;

  /// The wait before the next attempt for `id`, which counts from now on; nullopt when the options,
  /// the error or the budget say no.
  std::optional<Millis> next(const ConnectorTaskId& id, std::string_view trace,
                             const AutoRestartOptions& options, Millis now);
  /// Somebody changed or restarted it: the budget is whole again.
  void forget(const ConnectorTaskId& id) { attempts_.erase(id); }
  void forget(const std::string& connector);
  void count_restart() noexcept { ++restarts_; }
  /// Automatic restarts made by this worker.
  uint64_t restarts() const noexcept { return restarts_; }

 private:
  std::map<ConnectorTaskId, std::deque<Millis>> attempts_;
  uint64_t restarts_ = 0;
};

}  // namespace millrace
