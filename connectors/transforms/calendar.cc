#include "connectors/transforms/calendar.h"

namespace millrace::transforms {
namespace {

constexpr int64_t kEpoch = 719'468;     // days from 1 March of year 0 to the epoch, Gregorian
constexpr int64_t kJulianShift = 2;     // the Julian calendar's 1 March of year 0 is earlier

/// Days from 1 March of `year` to the first of `month`, counted from March.
constexpr int64_t month_start(int64_t month_from_march) noexcept {
  return (153 * month_from_march + 2) / 5;
}

}  // namespace

int64_t days_of(const CivilDate& date, Calendar calendar) noexcept {
  const int64_t months = date.year * 12 + date.month - 1;
  int64_t year = floor_div(months, 12);
  const int64_t month = floor_mod(months, 12);  // from 0
  if (month < 2) --year;
  const int64_t leap_days = calendar == Calendar::Gregorian
                                ? floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400)
                                : floor_div(year, 4) - kJulianShift;
  return year * 365 + leap_days + month_start((month + 10) % 12) + date.day - 1 - kEpoch;
}

int64_t days_of(const CivilDate& date) noexcept {
  const int64_t days = days_of(date, Calendar::Gregorian);
  return days >= kFirstGregorianDay ? days : days_of(date, Calendar::Julian);
}

CivilDate date_of(int64_t days) noexcept {
  const bool gregorian = days >= kFirstGregorianDay;
  constexpr int64_t kQuad = 1461;  // days of four years
  int64_t rest = days + kEpoch + (gregorian ? 0 : kJulianShift);
  int64_t year = 0;
  if (gregorian) {
    constexpr int64_t kCycle = 146'097;
    const int64_t in_cycle = floor_mod(rest, kCycle);
    const int64_t in_year = (in_cycle - in_cycle / 1460 + in_cycle / 36'524 - in_cycle / 146'096);
    year = in_year / 365;
    const int64_t start = year * 365 + year / 4 - year / 100;
    year += floor_div(rest, kCycle) * 400;
    rest = in_cycle - start;
  } else {
    const int64_t in_quad = floor_mod(rest, kQuad);
    const int64_t quarter = (in_quad - in_quad / 1460) / 365;
    year = floor_div(rest, kQuad) * 4 + quarter;
    rest = in_quad - quarter * 365;
  }
  const int64_t month_from_march = (5 * rest + 2) / 153;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {year + (month <= 2 ? 1 : 0), month, rest - month_start(month_from_march) + 1};
}

}  // namespace millrace::transforms
