#include "runtime/metrics/level.h"

#include <array>
#include <cstddef>

namespace millrace::logging {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"OFF",  "FATAL", "ERROR", "WARN",
                                                    "INFO", "DEBUG", "TRACE", "ALL"};

char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool equal_ignoring_case(std::string_view text, std::string_view upper_name) noexcept {
  if (text.size() != upper_name.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (upper(text[i]) != upper_name[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view level_name(Level level) noexcept {
  return kNames[static_cast<size_t>(level)];
}

std::optional<Level> parse_level(std::string_view text) noexcept {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (equal_ignoring_case(text, kNames[i])) return static_cast<Level>(i);
  }
  return std::nullopt;
}

spdlog::level::level_enum to_spdlog(Level level) noexcept {
  switch (level) {
    case Level::Off:
      return spdlog::level::off;
    case Level::Fatal:
      return spdlog::level::critical;
    case Level::Error:
      return spdlog::level::err;
    case Level::Warn:
      return spdlog::level::warn;
    case Level::Info:
      return spdlog::level::info;
    case Level::Debug:
      return spdlog::level::debug;
    case Level::Trace:
    case Level::All:
      break;
  }
  return spdlog::level::trace;
}

std::string_view line_level_name(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::trace:
      return "TRACE";
    case spdlog::level::debug:
      return "DEBUG";
    case spdlog::level::info:
      return "INFO";
    case spdlog::level::warn:
      return "WARN";
    case spdlog::level::err:
      return "ERROR";
    default:
      return "FATAL";
  }
}

}  // namespace millrace::logging
