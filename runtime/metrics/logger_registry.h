#pragma once
// All loggers by name, with explicit and inherited levels.

#include <spdlog/spdlog.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/metrics/level.h"
#include "runtime/metrics/line_sink.h"
#include "runtime/metrics/log.h"

namespace millrace::logging {

/// Any thread. Loggers live as long as the process: callers keep references in statics.
class LoggerRegistry {
 public:
  LoggerRegistry();
  static LoggerRegistry& instance();

  spdlog::logger& get(std::string_view name);
  std::map<std::string, LevelInfo> levels() const;
  std::optional<LevelInfo> level(std::string_view name) const;
  std::vector<std::string> set_level(std::string_view name_space, Level level, int64_t now_ms);
  /// As the log configuration does: no time of change.
  void configure(std::string_view name, Level level);
  LineSink& sink() noexcept { return *sink_; }

 private:
  struct Entry {
    std::shared_ptr<spdlog::logger> logger;
    std::optional<Level> explicit_level;
    std::optional<int64_t> last_modified;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  Entry& create(std::string_view name);
  Entry* find_or_create(std::string_view name);
  Level effective(std::string_view name) const;
  LevelInfo info(std::string_view name, const Entry& entry) const;
  void refresh_inherited();

  mutable std::shared_mutex mutex_;
  std::shared_ptr<LineSink> sink_;
  Entries entries_;  // `root` is one of them
};

}  // namespace millrace::logging
