#include "connectors/lakehouse/columns/cell_text.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "connectors/lakehouse/table/civil_time.h"
#include "connectors/lakehouse/table/decimal_bytes.h"
#include "millrace/arena.h"
#include "millrace/decimal.h"
#include "millrace/schema.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

Int128 power_of_ten(int32_t exponent) {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

/// False for more than 127 bits.
bool unscaled_of(const DecimalData& decimal, Int128& out) {
  const auto all = decimal.unscaled();
  const auto bytes = minimal_decimal({reinterpret_cast<const char*>(all.data()), all.size()});
  if (bytes.size() > kMaxDecimalBytes) return false;
  out = decimal_value(bytes);
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

/// False when it is no whole number, or none of 64 bits.
bool decimal_to_int64(const DecimalData& decimal, int64_t& out) {
  Int128 number = 0;
  if (!unscaled_of(decimal, number) || !rescale(number, decimal.scale, 0)) return false;
  if (number < std::numeric_limits<int64_t>::min() || number > std::numeric_limits<int64_t>::max()) {
    return false;
  }
  out = static_cast<int64_t>(number);
  return true;
}

/// The nearest one; false when it is beyond all doubles.
bool decimal_to_double(const DecimalData& decimal, double& out) {
  const std::string text = decimal_text(Value::decimal(&decimal));
  out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc()) return true;
  // Too large, or so near to 0 that it is 0.
  constexpr double kDigitsPerByte = 2.41;
  return decimal.length * kDigitsPerByte < decimal.scale;
}

/// `from_chars` knows no plus sign; two signs are none.
std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

NumberFit text_to_whole(std::string_view text, int64_t& out) {
  text = without_plus(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || end != text.data() + text.size()) return NumberFit::NoNumber;
  if (error == std::errc::result_out_of_range) return NumberFit::TooLarge;
  return error == std::errc() ? NumberFit::Fits : NumberFit::NoNumber;
}

/// As Java's parseDouble, but for hexadecimal digits and the suffixes f and d. What is nearer to 0 than
/// all doubles is 0.
NumberFit text_to_real(std::string_view text, double& out) {
  text = without_plus(java_trim(text));
  const bool is_word = text.ends_with("NaN") || text.ends_with("Infinity");
  const size_t digit = text.starts_with('-') ? 1 : 0;
  if (text.size() <= digit) return NumberFit::NoNumber;
  if (!is_word && text[digit] != '.' && (text[digit] < '0' || text[digit] > '9')) return NumberFit::NoNumber;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return NumberFit::NoNumber;
  if (error == std::errc()) return NumberFit::Fits;
  thread_local Arena arena;  // keeps its memory from value to value
  arena.reset();
  const Value exact = parse_decimal(text, arena);
  if (exact.is_null()) return NumberFit::NoNumber;
  return decimal_to_double(exact.as_decimal(), out) ? NumberFit::Fits : NumberFit::TooLarge;
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

NumberFit to_decimal(const Value& value, int32_t precision, int32_t scale, DecimalBytes& out) {
  thread_local Arena arena;  // keeps its memory from value to value
  arena.reset();
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
      return NumberFit::NoNumber;
  }
  if (decimal.is_null()) return NumberFit::NoNumber;
  if (decimal.type() == Kind::Decimal) {
    if (!unscaled_of(decimal.as_decimal(), number)) return NumberFit::TooLarge;
    from = decimal.as_decimal().scale;
  }
  if (!rescale(number, from, scale)) return NumberFit::TooLarge;
  const Int128 limit = power_of_ten(precision);
  if (number >= limit || number <= -limit) return NumberFit::TooLarge;
  std::memcpy(out.data(), &number, sizeof number);  // this machine is little-endian
  return NumberFit::Fits;
}

NumberFit to_whole(const Value& value, int64_t& out) {
  switch (value.type()) {
    case Kind::Int8:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
      out = value.as_int();
      return NumberFit::Fits;
    case Kind::Float32:
    case Kind::Float64: {
      const double number = value.as_double();
      constexpr double kEnd = 9'223'372'036'854'775'808.0;  // 2^63
      if (!(number >= -kEnd && number < kEnd) || number != std::trunc(number)) return NumberFit::TooLarge;
      out = static_cast<int64_t>(number);
      return NumberFit::Fits;
    }
    case Kind::Decimal:
      return decimal_to_int64(value.as_decimal(), out) ? NumberFit::Fits : NumberFit::TooLarge;
    case Kind::String:
      return text_to_whole(value.as_string(), out);
    default:
      return NumberFit::NoNumber;
  }
}

NumberFit to_real(const Value& value, double& out) {
  switch (value.type()) {
    case Kind::Int8:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
      out = static_cast<double>(value.as_int());
      return NumberFit::Fits;
    case Kind::Float32:
    case Kind::Float64:
      out = value.as_double();
      return NumberFit::Fits;
    case Kind::Decimal:
      return decimal_to_double(value.as_decimal(), out) ? NumberFit::Fits : NumberFit::TooLarge;
    case Kind::String:
      return text_to_real(value.as_string(), out);
    default:
      return NumberFit::NoNumber;
  }
}

std::optional<bool> to_bool(const Value& value) {
  if (value.type() == Kind::Boolean) return value.as_bool();
  if (value.type() != Kind::String) return std::nullopt;
  if (same_name(value.as_string(), "true", true)) return true;
  if (same_name(value.as_string(), "false", true)) return false;
  return std::nullopt;
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
  return days * kMicrosPerDay - offset * kMicrosPerSecond + micros;
}

bool parse_uuid(std::string_view text, std::array<char, 16>& out) {
  const bool hyphens = text.size() == 36;
  if (!hyphens && text.size() != 32) return false;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (hyphens && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (c != '-') return false;
      continue;
    }
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    char& byte = out[digits / 2];
    byte = static_cast<char>(digits % 2 == 0 ? digit << 4 : static_cast<uint8_t>(byte) | digit);
    ++digits;
  }
  return true;
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
