#pragma once
// Java's GregorianCalendar in UTC: Julian before 15 October 1582. Years are astronomical: 0 is 1 BC.

#include <cstdint>

namespace millrace::transforms {

inline constexpr int64_t kMsPerDay = 86'400'000;

struct CivilDate {
  int64_t year = 1970;
  int64_t month = 1;  // 1..12
  int64_t day = 1;
};

constexpr int64_t floor_div(int64_t a, int64_t b) noexcept {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}
constexpr int64_t floor_mod(int64_t a, int64_t b) noexcept {
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

enum class Calendar : uint8_t { Julian, Gregorian };
inline constexpr int64_t kGregorianYear = 1582;
inline constexpr int64_t kFirstGregorianDay = -141'427;  // 15 October 1582

/// Days since the epoch; month and day may be out of range and carry over.
int64_t days_of(const CivilDate& date, Calendar calendar) noexcept;
/// The same in the calendar that was in use.
int64_t days_of(const CivilDate& date) noexcept;
CivilDate date_of(int64_t days) noexcept;

}  // namespace millrace::transforms
