#pragma once
// Log levels by the names log4j users know.

#include <spdlog/common.h>

#include <cctype>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::logging {

inline constexpr std::string_view kRoot = "root";

/// OFF FATAL ERROR WARN INFO DEBUG TRACE ALL, any case; nullopt for other text.
inline std::optional<spdlog::level::level_enum> parse_level(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == "OFF") return spdlog::level::off;
  if (upper == "FATAL") return spdlog::level::critical;
  if (upper == "ERROR") return spdlog::level::err;
  if (upper == "WARN") return spdlog::level::warn;
  if (upper == "INFO") return spdlog::level::info;
  if (upper == "DEBUG") return spdlog::level::debug;
  if (upper == "TRACE" || upper == "ALL") return spdlog::level::trace;
  return std::nullopt;
}

inline std::string_view level_text(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::trace: return "TRACE";
    case spdlog::level::debug: return "DEBUG";
    case spdlog::level::info: return "INFO";
    case spdlog::level::warn: return "WARN";
    case spdlog::level::err: return "ERROR";
    case spdlog::level::critical: return "FATAL";
    default: return "OFF";
  }
}

}  // namespace millrace::logging
