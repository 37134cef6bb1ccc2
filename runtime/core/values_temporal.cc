// Dates and times as SimpleDateFormat reads them: a prefix of the text, any number of digits in a
// field, values out of range carried over, Julian before October 1582.

#include <ctime>
#include <limits>
#include <string>

#include "runtime/core/values_detail.h"

namespace millrace::detail {
namespace {

constexpr size_t kTimeLength = 13;       // HH:mm:ss.SSSZ
constexpr size_t kTimestampLength = 24;  // yyyy-MM-ddTHH:mm:ss.SSSZ
constexpr size_t kDateLength = 10;       // yyyy-MM-dd
constexpr size_t kMaxText = 2 * kTimestampLength;

constexpr int64_t floor_div(int64_t a, int64_t b) noexcept {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// Days from 1970-01-01 to day 1 of a month (0-based, any value) of the Gregorian calendar, or of
/// the Julian one.
int64_t days_to_month(int64_t year, int64_t month, bool julian) noexcept {
  year += floor_div(month, 12);
  month -= floor_div(month, 12) * 12;
  // Years that start in March put the leap day last.
  const int64_t y = month < 2 ? year - 1 : year;
  const int64_t m = month < 2 ? month + 10 : month - 2;
  const int64_t leap_days = julian ? floor_div(y, 4)
                                   : floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
  constexpr int64_t kGregorianEpoch = 719'468;  // 0000-03-01 to 1970-01-01
  constexpr int64_t kJulianEpoch = 719'470;
  return y * 365 + leap_days + (153 * m + 2) / 5 - (julian ? kJulianEpoch : kGregorianEpoch);
}

int64_t days_since_epoch(int64_t year, int64_t month, int64_t day) noexcept {
  constexpr int64_t kCutover = -141'427;  // 1582-10-15
  const int64_t gregorian = days_to_month(year, month, false) + day - 1;
  const int64_t julian = days_to_month(year, month, true) + day - 1;
  const int64_t normal_year = year + floor_div(month, 12);
  constexpr int64_t kCutoverYear = 1582;
  if (normal_year > kCutoverYear) return gregorian;
  if (normal_year < kCutoverYear) return julian;
  return gregorian >= kCutover ? gregorian : julian;
}

/// Reads the fields of a pattern one after the other.
class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {}
  bool literal(char c) noexcept {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool number(int64_t& out) noexcept {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) text_.remove_prefix(1);
    const bool negative = !text_.empty() && text_[0] == '-';
    if (negative) text_.remove_prefix(1);
    const size_t before = text_.size();
    out = 0;
    bool fits = true;
    while (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') {
      fits = fits && !__builtin_mul_overflow(out, 10, &out) &&
             !__builtin_add_overflow(out, text_[0] - '0', &out);
      text_.remove_prefix(1);
    }
    if (negative) out = -out;
    // Java reads what is no long as a double, which becomes the nearest int.
    using Int = std::numeric_limits<int32_t>;
    if (!fits) out = negative ? Int::min() : Int::max();
    return text_.size() != before;
  }

 private:
  std::string_view text_;
};

struct Moment {
  int64_t year = 1970;
  int64_t month = 1;
  int64_t day = 1;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t ms = 0;
};

bool read_date(Fields& fields, Moment& m) noexcept {
  return fields.number(m.year) && fields.literal('-') && fields.number(m.month) &&
         fields.literal('-') && fields.number(m.day);
}

bool read_clock(Fields& fields, Moment& m) noexcept {
  return fields.number(m.hour) && fields.literal(':') && fields.number(m.minute) &&
         fields.literal(':') && fields.number(m.second) && fields.literal('.') &&
         fields.number(m.ms) && fields.literal('Z');
}

/// Epoch milliseconds of local wall-clock time.
int64_t to_epoch_ms(const Moment& m) {
  constexpr int64_t kMsPerSecond = 1000;
  constexpr int64_t kSecondsPerDay = 86'400;
  // Java keeps calendar fields in 32 bits.
  const auto field = [](int64_t v) { return int64_t{static_cast<int32_t>(v)}; };
  int64_t ms = field(m.ms) + kMsPerSecond * (field(m.second) + 60 * (field(m.minute) +
                                                                   60 * field(m.hour)));
  const int64_t days = days_since_epoch(field(m.year), field(m.month) - 1, field(m.day)) +
                       floor_div(ms, kSecondsPerDay * kMsPerSecond);
  ms -= floor_div(ms, kSecondsPerDay * kMsPerSecond) * kSecondsPerDay * kMsPerSecond;
  const std::time_t local_seconds = days * kSecondsPerDay + ms / kMsPerSecond;
  std::tm wall{};
  if (gmtime_r(&local_seconds, &wall) == nullptr) return local_seconds * kMsPerSecond;
  wall.tm_isdst = -1;
  return int64_t{std::mktime(&wall)} * kMsPerSecond + ms % kMsPerSecond;
}

}  // namespace

std::optional<ParsedValue> parse_temporal(std::string_view raw) {
  constexpr size_t kMaxBytes = kMaxText * 3;  // of a UTF-16 unit
  if (raw.size() < kDateLength || raw.size() > kMaxBytes) return std::nullopt;
  char buffer[kMaxBytes];
  size_t bytes = 0;
  size_t size = 0;  // in UTF-16 units: what follows the fields counts too
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size() && raw[i + 1] == ':') continue;
    const auto byte = static_cast<unsigned char>(raw[i]);
    if ((byte & 0xC0U) != 0x80) size += byte >= 0xF0 ? 2 : 1;
    buffer[bytes++] = raw[i];
  }
  Fields fields({buffer, bytes});
  Moment moment;
  static const SchemaPtr kTime = logical::time().build();
  static const SchemaPtr kDate = logical::date().build();
  static const SchemaPtr kTimestamp = logical::timestamp().build();
  const SchemaPtr* schema = nullptr;
  if (size == kTimeLength && read_clock(fields, moment)) {
    schema = &kTime;
  } else if (size == kDateLength && read_date(fields, moment)) {
    schema = &kDate;
  } else if (size == kTimestampLength && read_date(fields, moment) && fields.literal('T') &&
             read_clock(fields, moment)) {
    schema = &kTimestamp;
  }
  if (schema == nullptr) return std::nullopt;
  return ParsedValue{*schema, Value::date(to_epoch_ms(moment))};
}

}  // namespace millrace::detail
