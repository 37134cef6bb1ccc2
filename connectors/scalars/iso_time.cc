#include "connectors/scalars/iso_time.h"

#include <charconv>
#include <chrono>

#include "connectors/scalars/civil_time.h"

namespace millrace {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool at_end() const { return text_.empty(); }
  bool skip(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool peek(char c) const { return !text_.empty() && text_.front() == c; }
  /// Exactly so many digits.
  bool digits(size_t count, int64_t& out) {
    if (text_.size() < count) return false;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + count, out);
    if (error != std::errc() || end != text_.data() + count || text_.front() == '-') return false;
    text_.remove_prefix(count);
    return true;
  }
  /// Digits of a fraction, as millionths; those behind the sixth are dropped.
  bool fraction(int64_t& micros) {
    int64_t value = 0;
    size_t count = 0;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      if (count++ < 6) value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    if (count == 0) return false;
    for (; count < 6; ++count) value *= 10;
    micros = value;
    return true;
  }

 private:
  std::string_view text_;
};

bool scan_date(Scanner& text, int64_t& days) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!text.digits(4, year) || !text.skip('-') || !text.digits(2, month) || !text.skip('-') ||
      !text.digits(2, day)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  days = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

bool scan_time(Scanner& text, int64_t& micros) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t fraction = 0;
  if (!text.digits(2, hour) || !text.skip(':') || !text.digits(2, minute)) return false;
  if (text.skip(':')) {
    if (!text.digits(2, second)) return false;
    if (text.skip('.') && !text.fraction(fraction)) return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros = ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

constexpr int64_t kMostEast = 18 * 3'600;  // seconds, as Java has it

/// Seconds east of UTC; what is missing is 0.
bool scan_offset(Scanner& text, int64_t& seconds) {
  seconds = 0;
  if (text.at_end() || text.skip('Z')) return true;
  const bool west = text.peek('-');
  if (!text.skip('+') && !text.skip('-')) return false;
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!text.digits(2, hours)) return false;
  const bool has_minutes = text.skip(':') || !text.at_end();
  if (has_minutes && !text.digits(2, minutes)) return false;
  seconds = (hours * 60 + minutes) * 60;
  if (minutes > 59 || seconds > kMostEast) return false;
  if (west) seconds = -seconds;
  return true;
}

}  // namespace

std::optional<int64_t> parse_iso_date(std::string_view text) {
  Scanner scanner(text);
  int64_t days = 0;
  if (!scan_date(scanner, days) || !scanner.at_end()) return std::nullopt;
  return days;
}

std::optional<int64_t> parse_iso_time(std::string_view text) {
  Scanner scanner(text);
  int64_t micros = 0;
  if (!scan_time(scanner, micros) || !scanner.at_end()) return std::nullopt;
  return micros;
}

std::optional<int64_t> parse_iso_moment(std::string_view text, IsoOffset offset) {
  Scanner scanner(text);
  int64_t days = 0;
  int64_t micros = 0;
  int64_t east = 0;
  if (!scan_date(scanner, days)) return std::nullopt;
  if (scanner.skip('T') || scanner.skip(' ')) {
    if (!scan_time(scanner, micros) || !scan_offset(scanner, east)) return std::nullopt;
  }
  if (!scanner.at_end()) return std::nullopt;
  if (offset == IsoOffset::Ignore) east = 0;
  return days * kMicrosPerDay - east * kMicrosPerSecond + micros;
}

}  // namespace millrace
