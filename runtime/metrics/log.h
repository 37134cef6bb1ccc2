#pragma once
// The worker's log: spdlog behind Java-like logger names, whose levels REST reads and changes
// (connect-rest-api.md §3.11), and Kafka's connector context in front of each message.

#include <spdlog/spdlog.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::logging {

/// The logger of a dotted name, created on first use with the level of its nearest configured
/// ancestor. Any thread. Keep the reference in a static: the registry never drops loggers.
spdlog::logger& get(std::string_view name);

/// Text put in front of every message of this thread while it lives, e.g. `[orders|task-0] `
/// (KIP-449). Nested contexts replace and restore.
class Context {
 public:
  explicit Context(std::string text);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  static const std::string& current() noexcept;

 private:
  std::string previous_;
};

/// Sets up the console sink (stdout) in Kafka's line format
/// `[date] LEVEL [context] message (logger:line)` and routes millrace::log() of plugins here.
void initialise();

struct LevelInfo {
  std::string level;                     // OFF FATAL ERROR WARN INFO DEBUG TRACE ALL
  std::optional<int64_t> last_modified;  // ms since the epoch; null unless changed over REST
};
/// Explicitly levelled loggers and `root`, sorted.
std::map<std::string, LevelInfo> levels();
/// nullopt for a name never used.
std::optional<LevelInfo> level(std::string_view name);
/// Applies to every logger whose name starts with `name_space`, and to it; returns them sorted.
/// Empty result: `level` is not a level.
std::vector<std::string> set_level(std::string_view name_space, std::string_view level,
                                   int64_t now_ms);

}  // namespace millrace::logging
