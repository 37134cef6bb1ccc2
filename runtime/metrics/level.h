#pragma once
// Levels by the names operators know from Log4j; spdlog has no ALL and spells others differently.

#include <spdlog/common.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::logging {

enum class Level : uint8_t { Off, Fatal, Error, Warn, Info, Debug, Trace, All };

std::string_view level_name(Level level) noexcept;
/// Ignores case; nullopt when `text` is not a level.
std::optional<Level> parse_level(std::string_view text) noexcept;
spdlog::level::level_enum to_spdlog(Level level) noexcept;
/// Name of a message's level in a log line.
std::string_view line_level_name(spdlog::level::level_enum level) noexcept;

}  // namespace millrace::logging
