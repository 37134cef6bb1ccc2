#pragma once
// The worker's log: spdlog behind Java-like logger names, whose levels REST reads and changes
// (connect-rest-api.md §3.11), and Kafka's connector context in front of each message.

#include <spdlog/spdlog.h>

#include <cstdint>
#include <functional>
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

/// Environment variable with the level of the root logger at start.
inline constexpr const char* kLevelVariable = "MILLRACE_LOG_LEVEL";

/// Takes the root level from kLevelVariable (a text that is no level is reported and ignored) and
/// routes millrace::log() of plugins here. Lines go to standard output, before and after, in
/// Kafka's format `[date] LEVEL [context] message (logger:line)`; the line number only when known.
void initialise();

/// Redirects whole lines, line feed included; null: standard output again. For tests. The writer
/// is called under a lock and must not log.
void set_line_writer(std::function<void(std::string_view line)> writer);

/// Above this many names, get() gives the root logger: names come from plugins and from REST.
inline constexpr size_t kMaxLoggers = 10'000;

struct LevelInfo {
  std::string level;                     // OFF FATAL ERROR WARN INFO DEBUG TRACE ALL
  std::optional<int64_t> last_modified;  // ms since the epoch; null unless changed over REST
};
/// Explicitly levelled loggers and `root`, sorted. Any thread, as all below.
std::map<std::string, LevelInfo> levels();
/// The explicit or inherited level; nullopt for a name never used. `root` in any case.
std::optional<LevelInfo> level(std::string_view name);
/// Applies to every logger whose name starts with `name_space` (plain prefix, not dot-bounded) and
/// to it, which is created; for `root` to all. Returns them sorted. Loggers that have the level
/// already, by themselves or by an ancestor, are left alone, as Kafka does. `level` in any case.
/// Empty result: `level` is not a level.
std::vector<std::string> set_level(std::string_view name_space, std::string_view level,
                                   int64_t now_ms);

}  // namespace millrace::logging
