#pragma once
// Date and time as a set of fields, any of which may be absent, out of range or in conflict, and the
// instant that java.util.GregorianCalendar makes of them: lenient, in UTC, weeks beginning on Sunday.

#include <array>
#include <cstddef>
#include <cstdint>

#include "connectors/transforms/calendar.h"

namespace millrace::transforms {

enum class DateField : uint8_t {
  Year,         // of the era
  WeekYear,
  Month,        // 1..12
  Day,
  DayOfYear,
  WeekOfMonth,
  WeekOfYear,
  Weekday,      // Sunday is 1
  WeekdayInMonth,
  Hour,         // 0..23
  HalfDayHour,  // 0..11
  AfterNoon,    // 0 or 1
};

/// Of fields that contradict each other those set last count.
class DateFields {
 public:
  void set(DateField field, int64_t value) noexcept {
    values_[index(field)] = value;
    stamps_[index(field)] = ++last_;
  }
  void add_years(int64_t years) noexcept {
    values_[index(DateField::Year)] += years;
    values_[index(DateField::WeekYear)] += years;
  }
  void set_before_christ(bool value) noexcept { before_christ_ = value; }

  /// Days since the epoch.
  int64_t days() const noexcept;
  /// Hours since midnight.
  int64_t hours() const noexcept;

 private:
  /// What tells the day.
  enum class Rule : uint8_t { Day, WeekOfMonth, WeekdayInMonth, DayOfYear, WeekOfYear };

  static constexpr size_t kCount = static_cast<size_t>(DateField::AfterNoon) + 1;
  static constexpr size_t index(DateField field) noexcept { return static_cast<size_t>(field); }
  int64_t value(DateField field) const noexcept { return values_[index(field)]; }
  int stamp(DateField field) const noexcept { return stamps_[index(field)]; }
  bool has(DateField field) const noexcept { return stamp(field) != 0; }
  int complete(DateField field, DateField other) const noexcept;

  Rule rule() const noexcept;
  int64_t days_by(Rule rule, int64_t year, Calendar calendar) const noexcept;
  int64_t day_in_month(Rule rule, int64_t first, int64_t next) const noexcept;
  int64_t days_of_week_date() const noexcept;
  int64_t days_of_year_date() const noexcept;

  std::array<int64_t, kCount> values_{1970, 1970, 1, 1};
  std::array<int, kCount> stamps_{};
  int last_ = 0;
  bool before_christ_ = false;
};

}  // namespace millrace::transforms
