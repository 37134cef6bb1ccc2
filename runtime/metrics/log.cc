#include "runtime/metrics/log.h"

#include <cstdlib>
#include <utility>

#include "millrace/log.h"
#include "runtime/metrics/level.h"
#include "runtime/metrics/logger_registry.h"

namespace millrace::logging {
namespace {

std::string& context_of_thread() noexcept {
  thread_local std::string text;
  return text;
}

spdlog::level::level_enum plugin_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Trace:
      return spdlog::level::trace;
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warn:
      return spdlog::level::warn;
    case LogLevel::Error:
      break;
  }
  return spdlog::level::err;
}

void from_plugin(LogLevel level, std::string_view logger, std::string_view message) {
  get(logger).log(plugin_level(level), message);
}

}  // namespace

spdlog::logger& get(std::string_view name) {
  return LoggerRegistry::instance().get(name);
}

Context::Context(std::string text)
    : previous_(std::exchange(context_of_thread(), std::move(text))) {}

Context::~Context() {
  context_of_thread() = std::move(previous_);
}

const std::string& Context::current() noexcept {
  return context_of_thread();
}

void initialise() {
  set_log_sink(from_plugin);
  const char* text = std::getenv(kLevelVariable);
  if (text == nullptr || *text == '\0') return;
  if (const auto level = parse_level(text)) {
    LoggerRegistry::instance().configure("root", *level);
  } else {
    get("org.apache.kafka.connect.runtime.Loggers")
        .warn(
            "Ignoring {}={}: not a level; use one of OFF, FATAL, ERROR, WARN, INFO, DEBUG, TRACE, "
            "ALL",
            kLevelVariable, text);
  }
}

void set_line_writer(std::function<void(std::string_view line)> writer) {
  LoggerRegistry::instance().sink().set_writer(std::move(writer));
}

std::map<std::string, LevelInfo> levels() {
  return LoggerRegistry::instance().levels();
}

std::optional<LevelInfo> level(std::string_view name) {
  return LoggerRegistry::instance().level(name);
}

std::vector<std::string> set_level(std::string_view name_space, std::string_view level,
                                   int64_t now_ms) {
  const auto parsed = parse_level(level);
  if (!parsed) return {};
  return LoggerRegistry::instance().set_level(name_space, *parsed, now_ms);
}

}  // namespace millrace::logging
