#include "millrace/log.h"

#include <atomic>
#include <cstdio>

namespace millrace {
namespace {

void to_standard_error(LogLevel level, std::string_view logger, std::string_view message) {
  static constexpr const char* kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};
  std::fprintf(stderr, "%s %.*s (%.*s)\n", kNames[static_cast<size_t>(level)],
               static_cast<int>(message.size()), message.data(), static_cast<int>(logger.size()),
               logger.data());
}

std::atomic<LogSink> sink{to_standard_error};

}  // namespace

void log(LogLevel level, std::string_view logger, std::string_view message) noexcept {
  try {
    sink.load(std::memory_order_relaxed)(level, logger, message);
  } catch (...) {
    // A message that cannot be written must not take the caller down.
  }
}

void set_log_sink(LogSink new_sink) noexcept {
  sink.store(new_sink != nullptr ? new_sink : to_standard_error);
}

}  // namespace millrace
