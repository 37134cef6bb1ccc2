#include "connectors/transforms/date_fields.h"

#include <algorithm>

namespace millrace::transforms {
namespace {

constexpr int64_t kSunday = 1;
constexpr int64_t kWeek = 7;

int64_t on_or_before(int64_t days, int64_t weekday) noexcept {
  constexpr int64_t kEpochWeekday = 5;  // a Thursday
  return days - floor_mod(days + kEpochWeekday - weekday, kWeek);
}

/// The Sunday on or before the first day of a month or year: there its first week begins.
int64_t first_week(int64_t first_day) noexcept { return on_or_before(first_day, kSunday); }

/// The calendar follows the year; around its change, the day.
template <class DaysIn>
int64_t in_calendar_of(int64_t year, bool by_year, const DaysIn& days_in) {
  const int64_t julian = days_in(Calendar::Julian);
  if (year < kGregorianYear || (year == kGregorianYear && by_year)) return julian;
  const int64_t gregorian = days_in(Calendar::Gregorian);
  return gregorian >= kFirstGregorianDay ? gregorian : julian;
}

}  // namespace

/// When the later of both was set; 0 when one is missing.
int DateFields::complete(DateField field, DateField other) const noexcept {
  return has(field) && has(other) ? std::max(stamp(field), stamp(other)) : 0;
}

// The last complete group of fields; without one, the last week or weekday alone; else the day.
DateFields::Rule DateFields::rule() const noexcept {
  const int weekday = stamp(DateField::Weekday);
  int day = stamp(DateField::Day);
  int week_of_month = complete(DateField::WeekOfMonth, DateField::Weekday);
  int in_month = complete(DateField::WeekdayInMonth, DateField::Weekday);
  int week_of_year = complete(DateField::WeekOfYear, DateField::Weekday);
  const int day_of_year = stamp(DateField::DayOfYear);
  int best = std::max({day, week_of_month, in_month, day_of_year, week_of_year});
  if (best == 0) {
    week_of_month = stamp(DateField::WeekOfMonth);
    in_month = std::max(stamp(DateField::WeekdayInMonth), weekday);
    week_of_year = stamp(DateField::WeekOfYear);
    best = std::max({week_of_month, in_month, week_of_year});
    if (best == 0) return Rule::Day;
    day = 0;
  }
  if (best == day) return Rule::Day;
  const int year_week = stamp(DateField::WeekOfYear);
  const bool by_week = best == week_of_month && stamp(DateField::WeekOfMonth) >= year_week;
  const bool by_weekday = best == in_month && stamp(DateField::WeekdayInMonth) >= year_week;
  if (by_week || by_weekday) {
    const bool week_first = stamp(DateField::WeekOfMonth) >= stamp(DateField::WeekdayInMonth);
    const bool week = week_of_month == in_month ? week_first : best == week_of_month;
    return week ? Rule::WeekOfMonth : Rule::WeekdayInMonth;
  }
  return best == day_of_year ? Rule::DayOfYear : Rule::WeekOfYear;
}

/// `first` and `next`: the first days of the month and of the one after it.
int64_t DateFields::day_in_month(Rule rule, int64_t first, int64_t next) const noexcept {
  const bool with_weekday = has(DateField::Weekday);
  const int64_t weekday = with_weekday ? value(DateField::Weekday) : kSunday;
  if (rule == Rule::Day) return first + value(DateField::Day) - 1;
  if (rule == Rule::WeekOfMonth) {
    const int64_t week = first_week(first);
    return on_or_before(week + 6, weekday) + kWeek * (value(DateField::WeekOfMonth) - 1);
  }
  const int64_t count = has(DateField::WeekdayInMonth) ? value(DateField::WeekdayInMonth) : 1;
  if (count >= 0) return on_or_before(first + kWeek * count - 1, weekday);
  return on_or_before(next + kWeek * (count + 1) - 1, weekday);
}

int64_t DateFields::days_by(Rule rule, int64_t year, Calendar calendar) const noexcept {
  if (rule != Rule::DayOfYear && rule != Rule::WeekOfYear) {
    const int64_t month = value(DateField::Month);
    return day_in_month(rule, days_of({year, month, 1}, calendar),
                        days_of({year, month + 1, 1}, calendar));
  }
  const int64_t first = days_of({year, 1, 1}, calendar);
  if (rule == Rule::DayOfYear) return first + value(DateField::DayOfYear) - 1;
  const int64_t weekday = has(DateField::Weekday) ? value(DateField::Weekday) : kSunday;
  return on_or_before(first_week(first) + 6, weekday) + kWeek * (value(DateField::WeekOfYear) - 1);
}

/// By the year that its weeks belong to.
int64_t DateFields::days_of_week_date() const noexcept {
  int64_t week = has(DateField::WeekOfYear) ? value(DateField::WeekOfYear) : 1;
  int64_t weekday = has(DateField::Weekday) ? value(DateField::Weekday) : kSunday;
  if (weekday < 1 || weekday > kWeek) {  // a number of ISO, Monday being 1
    const int64_t monday_first = weekday - 1;
    week += floor_div(monday_first, kWeek);
    weekday = floor_mod(monday_first, kWeek) + 2;
    if (weekday > kWeek) weekday = kSunday;
  }
  // Its era is that of the date without it.
  const bool before_christ = date_of(days_of_year_date()).year <= 0;
  const int64_t year = before_christ ? 1 - value(DateField::WeekYear) : value(DateField::WeekYear);
  const int64_t start = in_calendar_of(year, true, [year](Calendar calendar) {
    return first_week(days_of({year, 1, 1}, calendar));
  });
  return start + weekday - kSunday + kWeek * (week - 1);
}

int64_t DateFields::days() const noexcept {
  const bool by_week = stamp(DateField::WeekYear) > stamp(DateField::Year);
  return by_week ? days_of_week_date() : days_of_year_date();
}

int64_t DateFields::days_of_year_date() const noexcept {
  const int64_t year = before_christ_ ? 1 - value(DateField::Year) : value(DateField::Year);
  const Rule by = rule();
  const bool by_year = by == Rule::DayOfYear || by == Rule::WeekOfYear;
  return in_calendar_of(year, by_year, [&](Calendar calendar) { return days_by(by, year, calendar); });
}

int64_t DateFields::hours() const noexcept {
  int half = complete(DateField::HalfDayHour, DateField::AfterNoon);
  const int whole = stamp(DateField::Hour);
  if (half == 0 && whole == 0) {
    half = std::max(stamp(DateField::HalfDayHour), stamp(DateField::AfterNoon));
  }
  if (whole >= half) return value(DateField::Hour);
  return value(DateField::HalfDayHour) + (value(DateField::AfterNoon) != 0 ? 12 : 0);
}

}  // namespace millrace::transforms
