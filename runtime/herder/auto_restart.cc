#include "runtime/herder/auto_restart.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr size_t kMaxDoublings = 30;

}  // namespace

const ConfigDef<AutoRestartOptions>& AutoRestartOptions::def() {
  using O = AutoRestartOptions;
  static const auto instance =
      ConfigDef<O>{}
          .optional(&O::enable, {.name = "millrace.errors.restart.enable",
                                 .importance = Importance::Low,
                                 .doc = "Whether failed tasks are started again by themselves."})
          .optional(&O::backoff_ms,
                    {.name = "millrace.errors.restart.backoff.ms",
                     .importance = Importance::Low,
                     .doc = "Wait before a failed task is first started again, in milliseconds; it "
                            "doubles with each further attempt.",
                     .validator = at_least(0)})
          .optional(&O::backoff_max_ms,
                    {.name = "millrace.errors.restart.backoff.max.ms",
                     .importance = Importance::Low,
                     .doc = "Longest wait before a failed task is started again, in milliseconds.",
                     .validator = at_least(0)})
          .optional(&O::max_attempts,
                    {.name = "millrace.errors.restart.max.attempts",
                     .importance = Importance::Low,
                     .doc = "How often a task is started again within "
                            "millrace.errors.restart.window.ms; then it stays FAILED.",
                     .validator = at_least(0)})
          .optional(&O::window_ms,
                    {.name = "millrace.errors.restart.window.ms",
                     .importance = Importance::Low,
                     .doc = "Time in which attempts are counted, in milliseconds.",
                     .validator = at_least(1)})
          .optional(&O::classes,
                    {.name = "millrace.errors.restart.classes",
                     .importance = Importance::Low,
                     .doc = "Class names of errors, as the trace of a failed task shows them, after "
                            "which it is started again; empty for all errors."});
  return instance;
}

bool is_restartable(std::string_view trace, const std::vector<std::string>& classes) {
  if (classes.empty()) return true;
  constexpr std::string_view kCausedBy = "Caused by: ";
  while (!trace.empty()) {
    const size_t end = trace.find('\n');
    std::string_view line = trace.substr(0, end);
    trace.remove_prefix(end == std::string_view::npos ? trace.size() : end + 1);
    if (line.substr(0, kCausedBy.size()) == kCausedBy) line.remove_prefix(kCausedBy.size());
    const std::string_view name = line.substr(0, line.find(':'));
    if (std::find(classes.begin(), classes.end(), name) != classes.end()) return true;
  }
  return false;
}

std::optional<AutoRestart::Millis> AutoRestart::next(const ConnectorTaskId& id,
                                                     std::string_view trace,
                                                     const AutoRestartOptions& options,
                                                     Millis now) {
  if (!options.enable || !is_restartable(trace, options.classes)) return std::nullopt;
  std::deque<Millis>& made = attempts_[id];
  while (!made.empty() && made.front() <= now - Millis{options.window_ms}) made.pop_front();
  if (made.size() >= static_cast<size_t>(options.max_attempts)) return std::nullopt;
  const size_t doublings = std::min(made.size(), kMaxDoublings);
  made.push_back(now);
  const int64_t wait =
      options.backoff_ms > (options.backoff_max_ms >> doublings)
          ? options.backoff_max_ms
          : options.backoff_ms << doublings;
  return Millis{std::min(wait, options.backoff_max_ms)};
}

void AutoRestart::forget(const std::string& connector) {
  std::erase_if(attempts_, [&](const auto& entry) { return entry.first.connector == connector; });
}

}  // namespace millrace
