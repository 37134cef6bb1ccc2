#include "connectors/transforms/simple_date_format.h"

#include <algorithm>

#include "connectors/transforms/calendar.h"
#include "connectors/transforms/date_names.h"
#include "millrace/errors.h"

namespace millrace::transforms {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::IllegalArgument, message);
}

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The fields of an instant. Weeks begin on Sunday; the first one of a year or month holds its
/// first day.
struct Moment {
  explicit Moment(int64_t epoch_ms)
      : days(floor_div(epoch_ms, kMsPerDay)), date(date_of(days)), ms(floor_mod(epoch_ms, kMsPerDay)) {}

  int64_t hour() const noexcept { return ms / 3'600'000; }
  int64_t weekday() const noexcept { return floor_mod(days + 4, 7); }  // Sunday is 0
  int64_t day_of_year() const noexcept { return days - days_of({date.year, 1, 1}) + 1; }
  int64_t year_of_era() const noexcept { return date.year > 0 ? date.year : 1 - date.year; }
  /// Of the days there were: October 1582 begins anew with its 15th.
  int64_t day_in_month() const noexcept {
    const bool changed = date.year == kGregorianYear && date.month == 10;
    return changed && days >= kFirstGregorianDay ? days - kFirstGregorianDay + 1 : date.day;
  }
  bool ends_in_next_year() const noexcept {
    return days + (6 - weekday()) >= days_of({date.year + 1, 1, 1});
  }
  int64_t week_of(int64_t day) const noexcept {
    return (day - 1 + floor_mod(weekday() - (day - 1), 7)) / 7 + 1;
  }

  int64_t days;
  CivilDate date;
  int64_t ms;
};

void append_number(std::string& out, int64_t value, int width) {
  if (value < 0) out += '-';
  const std::string digits = std::to_string(value < 0 ? -value : value);
  const auto wanted = static_cast<size_t>(width);
  if (wanted > digits.size()) out.append(wanted - digits.size(), '0');
  out += digits;
}

void append_year(std::string& out, int64_t year, int count) {
  count == 2 ? append_number(out, year % 100, 2) : append_number(out, year, count);
}

void append_name(std::string& out, std::string_view name, int count) {
  out += count >= 4 ? name : name.substr(0, 3);
}

int64_t number_of(const Moment& m, char letter) noexcept {
  switch (letter) {
    case 'w': return m.ends_in_next_year() ? 1 : m.week_of(m.day_of_year());
    case 'W': return m.week_of(m.day_in_month());
    case 'D': return m.day_of_year();
    case 'd': return m.date.day;
    case 'F': return (m.day_in_month() - 1) / 7 + 1;
    case 'u': return m.weekday() == 0 ? 7 : m.weekday();
    case 'H': return m.hour();
    case 'k': return m.hour() == 0 ? 24 : m.hour();
    case 'K': return m.hour() % 12;
    case 'h': return m.hour() % 12 == 0 ? 12 : m.hour() % 12;
    case 'm': return m.ms / 60'000 % 60;
    case 's': return m.ms / 1000 % 60;
    default: return m.ms % 1000;
  }
}

void append_field(std::string& out, const Moment& m, char letter, int count) {
  switch (letter) {
    case 'G': out += m.date.year > 0 ? "AD" : "BC"; return;
    case 'y': return append_year(out, m.year_of_era(), count);
    case 'Y': return append_year(out, m.date.year + (m.ends_in_next_year() ? 1 : 0), count);
    case 'M':
    case 'L':
      if (count < 3) return append_number(out, m.date.month, count);
      return append_name(out, kMonthNames[static_cast<size_t>(m.date.month - 1)], count);
    case 'E': return append_name(out, kDayNames[static_cast<size_t>(m.weekday())], count);
    case 'a': out += m.hour() < 12 ? "AM" : "PM"; return;
    case 'z': out += count >= 4 ? "Coordinated Universal Time" : "UTC"; return;
    case 'Z': out += "+0000"; return;
    case 'X': out += 'Z'; return;
    default: append_number(out, number_of(m, letter), count);
  }
}

}  // namespace

SimpleDateFormat::SimpleDateFormat(std::string_view pattern, int64_t now_ms) : pattern_(pattern) {
  for (size_t at = 0; at < pattern_.size();) {
    const char c = pattern_[at];
    if (c == '\'') {
      at = add_quoted(at + 1);
    } else if (is_letter(c)) {
      const size_t end = std::min(pattern_.find_first_not_of(c, at), pattern_.size());
      add_letters(c, static_cast<int>(end - at));
      at = end;
    } else {
      add_text(c);
      ++at;
    }
  }
  CivilDate start = date_of(floor_div(now_ms, kMsPerDay));
  start.year -= 80;
  century_start_ms_ = days_of(start) * kMsPerDay + floor_mod(now_ms, kMsPerDay);
}

void SimpleDateFormat::add_text(char c) {
  if (items_.empty() || items_.back().letter != 0) items_.emplace_back();
  items_.back().text += c;
}

// Reads from behind a quote; returns where to go on. Two quotes are one, inside and outside.
size_t SimpleDateFormat::add_quoted(size_t at) {
  if (pattern_.compare(at, 1, "'") == 0) {
    add_text('\'');
    return at + 1;
  }
  for (; at < pattern_.size(); ++at) {
    if (pattern_[at] != '\'') {
      add_text(pattern_[at]);
    } else if (pattern_.compare(at, 2, "''") == 0) {
      add_text(pattern_[at++]);
    } else {
      return at + 1;
    }
  }
  refuse("Unterminated quote");
}

void SimpleDateFormat::add_letters(char letter, int count) {
  constexpr std::string_view kLetters = "GyMdkHmsSEDFwWahKzZYuXL";
  if (kLetters.find(letter) == std::string_view::npos) {
    refuse("Illegal pattern character '" + std::string(1, letter) + "'");
  }
  if (letter == 'X' && count > 3) {
    refuse("invalid ISO 8601 format: length=" + std::to_string(count));
  }
  items_.push_back({letter, count});
}

void SimpleDateFormat::format(int64_t epoch_ms, std::string& out) const {
  const Moment moment(epoch_ms);
  for (const Item& item : items_) {
    if (item.letter == 0) {
      out += item.text;
    } else {
      append_field(out, moment, item.letter, item.count);
    }
  }
}

}  // namespace millrace::transforms
