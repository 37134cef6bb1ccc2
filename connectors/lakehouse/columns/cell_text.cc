#include "connectors/lakehouse/columns/cell_text.h"

#include <charconv>
#include <cstring>
#include <limits>

#include "millrace/arena.h"
#include "millrace/base64.h"
#include "millrace/decimal.h"
#include "millrace/schema.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;
__extension__ using Int128 = __int128;

constexpr int32_t kMaxPrecision = 38;
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

Int128 power_of_ten(int32_t exponent) {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

/// False for more than 127 bits.
bool unscaled_of(const DecimalData& decimal, Int128& out) {
  const auto bytes = decimal.unscaled();
  const bool negative = (bytes[0] & 0x80) != 0;
  size_t first = 0;  // sign extension is skipped
  while (bytes.size() - first > sizeof(Int128) && bytes[first] == (negative ? 0xff : 0)) ++first;
  if (bytes.size() - first > sizeof(Int128)) return false;
  Int128 number = negative ? -1 : 0;
  for (size_t i = first; i < bytes.size(); ++i) number = number * 256 + bytes[i];
  out = number;
  return true;
}

/// To another scale; false when digits would be lost or there are too many.
bool rescale(Int128& number, int32_t from, int32_t to) {
  if (number == 0) return true;
  const int64_t up = int64_t{to} - from;
  if (up > kMaxPrecision || up < -kMaxPrecision) return false;
  const Int128 power = power_of_ten(static_cast<int32_t>(up < 0 ? -up : up));
  if (up >= 0) return !__builtin_mul_overflow(number, power, &number);
  if (number % power != 0) return false;
  number /= power;
  return true;
}

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

/// Days since 1970 in the proleptic Gregorian calendar.
int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

bool scan_date(Scanner& text, int64_t& days) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!text.digits(4, year) || !text.skip('-') || !text.digits(2, month) || !text.skip('-') ||
      !text.digits(2, day)) {
    return false;
  }
  static constexpr int kLengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1 || day > kLengths[month - 1]) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (month == 2 && day == 29 && !leap) return false;
  days = days_of(year, month, day);
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

/// Seconds east of UTC; what is missing is 0.
bool scan_offset(Scanner& text, int64_t& seconds) {
  seconds = 0;
  if (text.at_end() || text.skip('Z')) return true;
  const bool west = text.peek('-');
  if (!text.skip('+') && !text.skip('-')) return false;
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!text.digits(2, hours)) return false;
  text.skip(':');
  if (!text.at_end() && !text.digits(2, minutes)) return false;
  if (hours > 18 || minutes > 59) return false;
  seconds = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
  return true;
}

}  // namespace

DecimalFit to_decimal(const Value& value, int32_t precision, int32_t scale, DecimalBytes& out) {
  Arena arena;
  Value decimal = value;
  Int128 number = 0;
  int32_t from = 0;
  switch (value.type()) {
    case Kind::Int8:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
      number = value.as_int();
      break;
    case Kind::Float32:
    case Kind::Float64: {  // the shortest text that is this number
      char text[64];
      const auto end = value.type() == Kind::Float32
                           ? std::to_chars(text, text + sizeof text, value.as_float())
                           : std::to_chars(text, text + sizeof text, value.as_double());
      decimal = parse_decimal({text, static_cast<size_t>(end.ptr - text)}, arena);
      break;
    }
    case Kind::String:
      decimal = parse_decimal(value.as_string(), arena);
      break;
    case Kind::Decimal:
      break;
    default:
      return DecimalFit::NoNumber;
  }
  if (decimal.is_null()) return DecimalFit::NoNumber;
  if (decimal.type() == Kind::Decimal) {
    if (!unscaled_of(decimal.as_decimal(), number)) return DecimalFit::TooLarge;
    from = decimal.as_decimal().scale;
  }
  if (!rescale(number, from, scale)) return DecimalFit::TooLarge;
  const Int128 limit = power_of_ten(precision);
  if (number >= limit || number <= -limit) return DecimalFit::TooLarge;
  std::memcpy(out.data(), &number, sizeof number);  // this machine is little-endian
  return DecimalFit::Fits;
}

bool decimal_to_int64(const DecimalData& decimal, int64_t& out) {
  Int128 number = 0;
  if (!unscaled_of(decimal, number) || !rescale(number, decimal.scale, 0)) return false;
  if (number < std::numeric_limits<int64_t>::min() || number > std::numeric_limits<int64_t>::max()) {
    return false;
  }
  out = static_cast<int64_t>(number);
  return true;
}

double decimal_to_double(const DecimalData& decimal) {
  const std::string text = decimal_text(Value::decimal(&decimal));
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string decimal_text(const Value& decimal) {
  std::string text;
  append_decimal(text, decimal.as_decimal());
  return text;
}

std::optional<int64_t> parse_temporal(std::string_view text, TypeId type) {
  Scanner scanner(text);
  int64_t days = 0;
  int64_t micros = 0;
  int64_t offset = 0;
  if (type == TypeId::Time) {
    if (!scan_time(scanner, micros) || !scanner.at_end()) return std::nullopt;
    return micros;
  }
  if (!scan_date(scanner, days)) return std::nullopt;
  if (type == TypeId::Date) return scanner.at_end() ? std::optional(days) : std::nullopt;
  if (scanner.skip('T') || scanner.skip(' ')) {
    if (!scan_time(scanner, micros) || !scan_offset(scanner, offset)) return std::nullopt;
  }
  if (!scanner.at_end()) return std::nullopt;
  if (type == TypeId::Timestamp) offset = 0;  // the wall clock's reading, wherever it was
  return (days * kSecondsPerDay - offset) * kMicrosPerSecond + micros;
}

bool parse_uuid(std::string_view text, std::string& out) {
  out.clear();
  int high = -1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-' && (i == 8 || i == 13 || i == 18 || i == 23)) continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    if (high < 0) {
      high = digit;
    } else {
      out += static_cast<char>(high * 16 + digit);
      high = -1;
    }
  }
  return out.size() == 16 && high < 0;
}

bool parse_base64(std::string_view text, std::string& out) {
  out.clear();
  return decode_base64(text, out);
}

const Value* member_of(const Value& object, std::string_view name) {
  if (object.type() == Kind::Map) {
    for (const MapEntry& entry : object.as_map()) {
      if (entry.key.type() == Kind::String && entry.key.as_string() == name) return &entry.value;
    }
    return nullptr;
  }
  const StructData& data = object.as_struct();
  const Field* field = data.schema->field(name);
  return field == nullptr ? nullptr : &data.values[field->index];
}

}  // namespace millrace::lakehouse
