// SimpleDateFormat.parse, lenient: fields may be out of range and carry over.

#include <span>

#include "connectors/transforms/calendar.h"
#include "connectors/transforms/date_fields.h"
#include "connectors/transforms/date_names.h"
#include "connectors/transforms/simple_date_format.h"

namespace millrace::transforms {
namespace {

constexpr int64_t kMsPerMinute = 60'000;
constexpr int64_t kMsPerHour = 3'600'000;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

struct Zone {
  std::string_view name;
  int64_t hours;
};
constexpr Zone kZones[] = {{"UTC", 0},  {"GMT", 0},  {"EST", -5}, {"EDT", -4}, {"CST", -6},
                           {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7},
                           {"CET", 1},  {"CEST", 2}};

}  // namespace

/// One reading of one text.
class DateParser {
 public:
  DateParser(const SimpleDateFormat& format, std::string_view text)
      : format_(format), text_(text) {}

  bool parse(int64_t& epoch_ms) {
    const auto& items = format_.items_;
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i].letter == 0) {
        if (!text_.substr(at_).starts_with(items[i].text)) return false;
        at_ += items[i].text.size();
        continue;
      }
      const bool abuts = i + 1 < items.size() && is_number(items[i + 1].letter, items[i + 1].count);
      if (!field(items[i].letter, items[i].count, abuts)) return false;
    }
    epoch_ms = instant();
    if (two_digits_ == floor_mod(date_of(floor_div(format_.century_start_ms_, kMsPerDay)).year, 100) &&
        epoch_ms < format_.century_start_ms_) {
      date_.add_years(100);
      epoch_ms = instant();
    }
    return true;
  }

 private:
  static bool is_number(char letter, int count) noexcept {
    if (letter == 'M' || letter == 'L') return count <= 2;
    constexpr std::string_view kOthers = "GEazZX";  // names and zones
    return letter != 0 && kOthers.find(letter) == std::string_view::npos;
  }

  // Blanks are passed over before numbers and zones, not before names. A number that another one
  // follows ends `count` characters from where its blanks begin.
  bool field(char letter, int count, bool abuts) {
    const size_t begin = at_;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (at_ >= text_.size()) return false;
    int64_t index = 0;
    const bool named = letter == 'G' || letter == 'E' || letter == 'a' ||
                       ((letter == 'M' || letter == 'L') && count > 2);
    if (named && at_ != begin) return false;
    switch (letter) {
      case 'G':
        if (!starts_with("BC") && !starts_with("AD")) return false;
        date_.set_before_christ(starts_with("BC"));
        at_ += 2;
        return true;
      case 'E':
        if (!name(kDayNames, index)) return false;
        date_.set(DateField::Weekday, index + 1);
        return true;
      case 'a':
        if (!starts_with("PM") && !starts_with("AM")) return false;
        date_.set(DateField::AfterNoon, starts_with("PM") ? 1 : 0);
        at_ += 2;
        return true;
      case 'z':
      case 'Z': return zone();
      case 'X': return iso_zone(count);
      case 'M':
      case 'L':
        if (count < 3) break;
        if (!name(kMonthNames, index)) return false;
        date_.set(DateField::Month, index + 1);
        return true;
      default: break;
    }
    const size_t start = at_;
    int64_t value = 0;
    const size_t end = abuts ? begin + static_cast<size_t>(count) : text_.size();
    if (end > text_.size() || !number(end, value)) return false;
    set(letter, count, at_ - start, value);
    return true;
  }

  void set(char letter, int count, size_t length, int64_t value) {
    switch (letter) {
      case 'y': return set_year(DateField::Year, count, length, value);
      case 'Y': return set_year(DateField::WeekYear, count, length, value);
      case 'M':
      case 'L': return date_.set(DateField::Month, value);
      case 'd': return date_.set(DateField::Day, value);
      case 'D': return date_.set(DateField::DayOfYear, value);
      case 'w': return date_.set(DateField::WeekOfYear, value);
      case 'W': return date_.set(DateField::WeekOfMonth, value);
      case 'F': return date_.set(DateField::WeekdayInMonth, value);
      case 'u':  // Monday is 1; what is none stays as it is
        if (value >= 1 && value <= 7) value = value % 7 + 1;
        return date_.set(DateField::Weekday, value);
      case 'H': return date_.set(DateField::Hour, value);
      case 'k': return date_.set(DateField::Hour, value == 24 ? 0 : value);
      case 'K': return date_.set(DateField::HalfDayHour, value);
      case 'h': return date_.set(DateField::HalfDayHour, value == 12 ? 0 : value);
      case 'm': minute_ = value; return;
      case 's': second_ = value; return;
      default: milli_ = value;
    }
  }

  void set_year(DateField field, int count, size_t length, int64_t value) {
    if (count <= 2 && length == 2 && value >= 0) {
      const int64_t start = date_of(floor_div(format_.century_start_ms_, kMsPerDay)).year;
      two_digits_ = value;
      value += start - floor_mod(start, 100) + (value < floor_mod(start, 100) ? 100 : 0);
    }
    date_.set(field, value);
  }

  /// The digits there are before `end`.
  bool number(size_t end, int64_t& out) {
    constexpr int64_t kLimit = 1'000'000'000'000;  // more digits change nothing sensible
    const bool negative = at_ < end && text_[at_] == '-';
    size_t at = at_ + (negative ? 1 : 0);
    if (at >= end || !is_digit(text_[at])) return false;
    int64_t value = 0;
    for (; at < end && is_digit(text_[at]); ++at) {
      if (value < kLimit) value = value * 10 + (text_[at] - '0');
    }
    out = static_cast<int32_t>(negative ? -value : value);  // Number.intValue
    at_ = at;
    return true;
  }

  bool starts_with(std::string_view name) const noexcept {
    if (text_.size() - at_ < name.size()) return false;
    for (size_t i = 0; i < name.size(); ++i) {
      if (lower(text_[at_ + i]) != lower(name[i])) return false;
    }
    return true;
  }

  /// A whole name or its first three letters, in any case.
  bool name(std::span<const std::string_view> names, int64_t& index) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (!starts_with(names[i].substr(0, 3))) continue;
      at_ += starts_with(names[i]) ? names[i].size() : 3;
      index = static_cast<int64_t>(i);
      return true;
    }
    return false;
  }

  bool is_sign() const noexcept {
    return at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-');
  }

  bool zone() {
    if (is_sign()) return offset(0, false);
    for (const Zone& zone : kZones) {
      if (!starts_with(zone.name)) continue;
      at_ += zone.name.size();
      zone_ms_ = zone.hours * kMsPerHour;
      return zone.name != "GMT" || !is_sign() || offset(0, true);
    }
    return false;
  }

  bool iso_zone(int count) {
    if (text_[at_] == 'Z') {
      ++at_;
      return true;
    }
    return is_sign() && offset(count, count == 3);
  }

  /// `+hh`, `+hhmm` or `+hh:mm`; `count` 1 is hours alone, 0 is not ISO.
  bool offset(int count, bool colon) {
    const int64_t sign = text_[at_] == '-' ? -1 : 1;
    size_t at = at_ + 1;
    const auto digit = [&](int64_t& out) {
      if (at >= text_.size() || !is_digit(text_[at])) return false;
      out = out * 10 + (text_[at++] - '0');
      return true;
    };
    int64_t hours = 0;
    int64_t minutes = 0;
    if (!digit(hours) || (!digit(hours) && (count > 0 || !colon)) || hours > 23) return false;
    if (count != 1) {
      if (colon && (at >= text_.size() || text_[at++] != ':')) return false;
      if (!digit(minutes) || !digit(minutes) || minutes > 59) return false;
    }
    at_ = at;
    zone_ms_ = sign * (hours * kMsPerHour + minutes * kMsPerMinute);
    return true;
  }

  int64_t instant() const noexcept {
    // Unsigned: years beyond 292 million wrap, as in Java.
    const auto days = static_cast<uint64_t>(date_.days()) * static_cast<uint64_t>(kMsPerDay);
    const int64_t in_day = date_.hours() * kMsPerHour + minute_ * kMsPerMinute + second_ * 1000 +
                           milli_ - zone_ms_;
    return static_cast<int64_t>(days + static_cast<uint64_t>(in_day));
  }

  const SimpleDateFormat& format_;
  std::string_view text_;
  size_t at_ = 0;
  DateFields date_;
  int64_t two_digits_ = -1;
  int64_t minute_ = 0, second_ = 0, milli_ = 0, zone_ms_ = 0;
};

bool SimpleDateFormat::parse(std::string_view text, int64_t& epoch_ms) const {
  return DateParser(*this, text).parse(epoch_ms);
}

}  // namespace millrace::transforms
