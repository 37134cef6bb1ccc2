// Numbers in Values text, and how the elements of a collection agree on one type.

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "millrace/decimal.h"
#include "runtime/core/values_detail.h"

namespace millrace::detail {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;

/// The value when it is integral and fits an int64, whatever its scale.
std::optional<int64_t> exact_integer(const DecimalData& decimal, Arena& arena) {
  std::string digits;
  append_decimal(digits, *make_decimal(0, decimal.unscaled(), arena));
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (digits == "0") return 0;
  int64_t scale = decimal.scale;
  while (scale > 0 && digits.back() == '0') {
    digits.pop_back();
    --scale;
  }
  constexpr int64_t kMostDigits = 19;
  if (scale > 0 || static_cast<int64_t>(digits.size()) - scale > kMostDigits) return std::nullopt;
  digits.append(static_cast<size_t>(-scale), '0');
  uint64_t magnitude = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
  const uint64_t most = uint64_t{1} << 63U;
  if (negative ? magnitude > most : magnitude >= most) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

template <class Int>
bool fits(int64_t v) noexcept {
  return v >= std::numeric_limits<Int>::min() && v <= std::numeric_limits<Int>::max();
}

ParsedValue smallest(int64_t v) {
  if (fits<int8_t>(v)) return {primitive_schema(Type::Int8), Value::int8(static_cast<int8_t>(v))};
  if (fits<int16_t>(v)) {
    return {primitive_schema(Type::Int16), Value::int16(static_cast<int16_t>(v))};
  }
  if (fits<int32_t>(v)) {
    return {primitive_schema(Type::Int32), Value::int32(static_cast<int32_t>(v))};
  }
  return {primitive_schema(Type::Int64), Value::int64(v)};
}

bool is_number(Type type) noexcept {
  return type >= Type::Int8 && type <= Type::Float64;
}

/// Number.longValue: what exceeds 64 bits becomes the largest or smallest long.
int64_t long_of(const Value& number) noexcept {
  if (number.type() < Type::Float32) return number.as_int();
  constexpr double kLimit = 0x1p63;
  const double value = number.as_double();
  if (value >= kLimit) return std::numeric_limits<int64_t>::max();
  if (value < -kLimit) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);  // never NaN: no text of a number gives one
}

/// A number as the Date, Time or Timestamp `schema`; what is one of these already stays.
bool to_temporal(const Schema& schema, Value& value) {
  if (value.type() == Type::Date) return true;
  const int64_t number = long_of(value);
  const auto narrow = int64_t{static_cast<int32_t>(number)};
  if (*schema.name() == logical::kTimestamp) {
    value = Value::date(number);
  } else if (*schema.name() == logical::kDate) {
    value = Value::date(narrow * kMsPerDay);
  } else {
    value = Value::date(narrow);
    return narrow >= 0 && narrow <= kMsPerDay;
  }
  return true;
}

}  // namespace

std::optional<ParsedValue> parse_value_number(std::string_view text, Arena& arena) {
  const Value decimal = parse_decimal(text, arena);
  if (decimal.is_null()) return std::nullopt;
  if (const auto integer = exact_integer(decimal.as_decimal(), arena)) return smallest(*integer);
  const int32_t scale = decimal.as_decimal().scale;
  if (scale != 0) {
    const std::string copy(text);
    const float single = std::strtof(copy.c_str(), nullptr);
    if (std::isfinite(single)) {
      return ParsedValue{primitive_schema(Type::Float32), Value::float32(single)};
    }
    const double wide = std::strtod(copy.c_str(), nullptr);
    if (std::isfinite(wide)) {
      return ParsedValue{primitive_schema(Type::Float64), Value::float64(wide)};
    }
  }
  return ParsedValue{logical::decimal(scale).build(), decimal};
}

SchemaPtr common_schema(const std::vector<ParsedValue>& elements) {
  SchemaPtr common;
  for (const ParsedValue& element : elements) {
    const SchemaPtr& next = element.schema;
    if (!next) continue;
    if (!common || common->type() == next->type()) {
      common = next;
    } else if (!is_number(common->type()) || !is_number(next->type())) {
      return nullptr;
    } else if (next->type() > common->type()) {
      common = next;
    }
  }
  return common;
}

bool convert_element(const Schema& schema, const ParsedValue& element, Value& out) {
  out = element.value;
  if (out.is_null()) return false;
  if (!is_number(schema.type())) return true;
  if (schema.value_class() == Type::Date) return to_temporal(schema, out);
  if (out.type() == schema.type()) return true;
  if (!is_number(out.type())) return false;  // a date without its schema has no number
  const int64_t whole = long_of(out);
  const bool real = out.type() >= Type::Float32;
  const double number = real ? out.as_double() : static_cast<double>(whole);
  switch (schema.type()) {
    case Type::Int16:
      out = Value::int16(static_cast<int16_t>(whole));
      return true;
    case Type::Int32:
      out = Value::int32(static_cast<int32_t>(whole));
      return true;
    case Type::Int64:
      out = Value::int64(whole);
      return true;
    case Type::Float32:
      out = Value::float32(static_cast<float>(number));
      return true;
    default:
      out = Value::float64(number);
      return true;
  }
}

}  // namespace millrace::detail
