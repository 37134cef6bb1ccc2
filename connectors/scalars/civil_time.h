#pragma once
// Days and microseconds since 1970-01-01 in the proleptic Gregorian calendar.

#include <cstdint>
#include <string>

namespace millrace {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerHour = 3'600 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

constexpr int64_t floor_div(int64_t a, int64_t b) noexcept {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

struct CivilDay {
  int64_t year = 1970;
  int32_t month = 1;  // 1..12
  int32_t day = 1;
};
CivilDay civil_day(int64_t days) noexcept;

/// `2017-11-16`
std::string day_text(int64_t days);
/// `22:31`, `22:31:08`, `22:31:08.000001`: as Java's LocalTime.
std::string time_text(int64_t micros_of_day);

}  // namespace millrace
