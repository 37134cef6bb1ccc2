#include "connectors/transforms/date_pattern.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "millrace/errors.h"

namespace millrace::transforms {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr int64_t kMsPerDay = 86'400'000;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::IllegalArgument, message);
}

/// The fields of an instant of the Gregorian calendar; weeks begin on Sunday and the first one of a
/// year or month is that of its first day, as in the locale of English.
struct Moment {
  explicit Moment(int64_t epoch_ms) {
    const int64_t days = epoch_ms / kMsPerDay;
    const int64_t ms = epoch_ms % kMsPerDay;
    hour = ms / 3'600'000;
    minute = ms / 60'000 % 60;
    second = ms / 1000 % 60;
    milli = ms % 1000;
    weekday = (days + 4) % 7;  // the epoch was a Thursday
    set_date(days);
    const int64_t first_weekday = (weekday - (day_of_year - 1) % 7 + 7) % 7;
    week = (day_of_year - 1 + first_weekday) / 7 + 1;
    week_year = year;
    const int64_t year_length = leap() ? 366 : 365;
    if (day_of_year + (6 - weekday) > year_length) {  // its Saturday is in the next year
      week = 1;
      ++week_year;
    }
    week_of_month = (day - 1 + (weekday - (day - 1) % 7 + 7) % 7) / 7 + 1;
  }

  bool leap() const { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

  /// Years reach beyond what std::chrono counts: whole cycles of 400 years are taken off first.
  void set_date(int64_t days) {
    constexpr int64_t kCycle = 146'097;
    const auto rest = static_cast<int>(days % kCycle);
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{rest}}};
    year = int{date.year()} + days / kCycle * 400;
    month = static_cast<unsigned>(date.month());
    day = static_cast<unsigned>(date.day());
    const std::chrono::sys_days first{date.year() / std::chrono::January / 1};
    day_of_year = (std::chrono::sys_days{date} - first).count() + 1;
  }

  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0;
  int64_t weekday = 0;  // Sunday is 0
  int64_t day_of_year = 0, week = 0, week_year = 0, week_of_month = 0;
};

void append_number(std::string& out, int64_t value, int width) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  if (width > count) out.append(static_cast<size_t>(width - count), '0');
  while (count > 0) out += digits[--count];
}

void append_year(std::string& out, int64_t year, int count) {
  count == 2 ? append_number(out, year % 100, 2) : append_number(out, year, count);
}

void append_name(std::string& out, std::string_view name, int count) {
  out += count >= 4 ? name : name.substr(0, 3);
}

void append_month(std::string& out, int64_t month, int count) {
  if (count < 3) return append_number(out, month, count);
  append_name(out, kMonths[static_cast<size_t>(month - 1)], count);
}

/// The value of a letter that stands for a plain number.
int64_t number_of(const Moment& m, char letter) {
  switch (letter) {
    case 'w':
      return m.week;
    case 'W':
      return m.week_of_month;
    case 'D':
      return m.day_of_year;
    case 'd':
      return m.day;
    case 'F':
      return (m.day - 1) / 7 + 1;
    case 'u':
      return m.weekday == 0 ? 7 : m.weekday;
    case 'H':
      return m.hour;
    case 'k':
      return m.hour == 0 ? 24 : m.hour;
    case 'K':
      return m.hour % 12;
    case 'h':
      return m.hour % 12 == 0 ? 12 : m.hour % 12;
    case 'm':
      return m.minute;
    case 's':
      return m.second;
    default:
      return m.milli;
  }
}

void append_field(std::string& out, const Moment& m, char letter, int count) {
  switch (letter) {
    case 'G':
      out += "AD";
      return;
    case 'y':
      return append_year(out, m.year, count);
    case 'Y':
      return append_year(out, m.week_year, count);
    case 'M':
    case 'L':
      return append_month(out, m.month, count);
    case 'E':
      return append_name(out, kDays[static_cast<size_t>(m.weekday)], count);
    case 'a':
      out += m.hour < 12 ? "AM" : "PM";
      return;
    case 'z':
      out += count >= 4 ? "Coordinated Universal Time" : "UTC";
      return;
    case 'Z':
      out += "+0000";
      return;
    case 'X':
      out += 'Z';
      return;
    default:
      append_number(out, number_of(m, letter), count);
  }
}

}  // namespace

DatePattern::DatePattern(std::string_view pattern) {
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      at = add_quoted(pattern, at + 1);
    } else if (is_letter(c)) {
      const size_t end = std::min(pattern.find_first_not_of(c, at), pattern.size());
      add_letters(c, static_cast<int>(end - at));
      at = end;
    } else {
      add_text(c);
      ++at;
    }
  }
}

void DatePattern::add_text(char c) {
  if (items_.empty() || items_.back().letter != 0) items_.emplace_back();
  items_.back().text += c;
}

/// Reads from behind a quote; returns where to go on. Two quotes are one, inside and outside.
size_t DatePattern::add_quoted(std::string_view pattern, size_t at) {
  if (at < pattern.size() && pattern[at] == '\'') {
    add_text('\'');
    return at + 1;
  }
  for (; at < pattern.size(); ++at) {
    if (pattern[at] != '\'') {
      add_text(pattern[at]);
    } else if (pattern.substr(at, 2) == "''") {
      add_text(pattern[at++]);
    } else {
      return at + 1;
    }
  }
  refuse("Unterminated quote");
}

void DatePattern::add_letters(char letter, int count) {
  constexpr std::string_view kLetters = "GyMdkHmsSEDFwWahKzZYuXL";
  if (kLetters.find(letter) == std::string_view::npos) {
    refuse("Illegal pattern character '" + std::string(1, letter) + "'");
  }
  if (letter == 'X' && count > 3) {
    refuse("invalid ISO 8601 format: length=" + std::to_string(count));
  }
  items_.push_back({letter, count});
}

void DatePattern::append(std::string& out, int64_t epoch_ms) const {
  const Moment moment(epoch_ms);
  for (const Item& item : items_) {
    item.letter == 0 ? void(out += item.text) : append_field(out, moment, item.letter, item.count);
  }
}

}  // namespace millrace::transforms
