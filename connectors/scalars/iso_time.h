#pragma once
// Dates and times from ISO 8601.

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

enum class IsoOffset : uint8_t {
  Apply,   // the instant; without an offset it is UTC
  Ignore,  // the wall clock's reading, wherever it was
};

/// Days of `2017-11-16`, years 0000 to 9999. nullopt for anything else, as from the others.
std::optional<int64_t> parse_iso_date(std::string_view text);
/// Microseconds of the day of `22:31`, `22:31:08`, `22:31:08.123456`; digits behind the sixth are dropped.
std::optional<int64_t> parse_iso_time(std::string_view text);
/// Microseconds of `2017-11-16T22:31:08.1`, with a blank for the T, or a date alone; then `Z`, `+01:00`,
/// `+0100`, `+01` or nothing.
std::optional<int64_t> parse_iso_moment(std::string_view text, IsoOffset offset);

}  // namespace millrace
