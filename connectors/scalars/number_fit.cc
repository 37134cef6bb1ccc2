#include "connectors/scalars/number_fit.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "connectors/scalars/decimal_bytes.h"
#include "millrace/arena.h"
#include "millrace/decimal.h"
#include "millrace/text.h"

namespace millrace {
namespace {

/// False for more than 128 bits.
bool unscaled_of(const DecimalData& decimal, Int128& out) {
  const auto bytes = decimal.unscaled();
  const auto number = int128_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!number) return false;
  out = *number;
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
  std::string text;
  append_decimal(text, decimal);
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

}  // namespace

NumberFit to_decimal(const Value& value, int32_t precision, int32_t scale, DecimalBytes& out) {
  thread_local Arena arena;  // keeps its memory from value to value
  arena.reset();
  Value decimal = value;
  Int128 number = 0;
  int32_t from = 0;
  switch (value.type()) {
    case Type::Int8:
    case Type::Int16:
    case Type::Int32:
    case Type::Int64:
      number = value.as_int();
      break;
    case Type::Float32:
    case Type::Float64: {  // the shortest text that is this number
      char text[64];
      const auto end = value.type() == Type::Float32
                           ? std::to_chars(text, text + sizeof text, value.as_float())
                           : std::to_chars(text, text + sizeof text, value.as_double());
      decimal = parse_decimal({text, static_cast<size_t>(end.ptr - text)}, arena);
      break;
    }
    case Type::String:
      decimal = parse_decimal(value.as_string(), arena);
      break;
    case Type::Decimal:
      break;
    default:
      return NumberFit::NoNumber;
  }
  if (decimal.is_null()) return NumberFit::NoNumber;
  if (decimal.type() == Type::Decimal) {
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
    case Type::Int8:
    case Type::Int16:
    case Type::Int32:
    case Type::Int64:
      out = value.as_int();
      return NumberFit::Fits;
    case Type::Float32:
    case Type::Float64: {
      const double number = value.as_double();
      constexpr double kEnd = 9'223'372'036'854'775'808.0;  // 2^63
      if (!(number >= -kEnd && number < kEnd) || number != std::trunc(number)) return NumberFit::TooLarge;
      out = static_cast<int64_t>(number);
      return NumberFit::Fits;
    }
    case Type::Decimal:
      return decimal_to_int64(value.as_decimal(), out) ? NumberFit::Fits : NumberFit::TooLarge;
    case Type::String:
      return text_to_whole(value.as_string(), out);
    default:
      return NumberFit::NoNumber;
  }
}

NumberFit to_real(const Value& value, double& out) {
  switch (value.type()) {
    case Type::Int8:
    case Type::Int16:
    case Type::Int32:
    case Type::Int64:
      out = static_cast<double>(value.as_int());
      return NumberFit::Fits;
    case Type::Float32:
    case Type::Float64:
      out = value.as_double();
      return NumberFit::Fits;
    case Type::Decimal:
      return decimal_to_double(value.as_decimal(), out) ? NumberFit::Fits : NumberFit::TooLarge;
    case Type::String:
      return text_to_real(value.as_string(), out);
    default:
      return NumberFit::NoNumber;
  }
}

}  // namespace millrace
