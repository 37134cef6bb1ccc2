// Numbers of JSON text. The reference reads fractions as BigDecimal and takes the double of that.

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "millrace/decimal.h"
#include "runtime/core/json_parser.h"

namespace millrace::detail {
namespace {

constexpr ptrdiff_t kMaxNumberLength = 1000;  // Jackson's limit
constexpr ptrdiff_t kSafeDigits = 18;         // always fit in an int64

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Jackson names the token before the number.
const char* in_token(JsonContext context) noexcept {
  if (context == JsonContext::Root) return " in null";
  return context == JsonContext::Object ? " in FIELD_NAME" : " in START_ARRAY";
}

bool fits_int64(std::string_view digits, bool negative) noexcept {
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
  const uint64_t most = uint64_t{1} << 63U;
  return error == std::errc() && (negative ? magnitude <= most : magnitude < most);
}

}  // namespace

bool JsonParser::parse_number(Value& out, Context context) {
  const char* start = at_;
  const bool negative = *at_ == '-';
  if (negative) ++at_;
  const char* digits = at_;
  uint64_t integer = 0;  // wraps modulo 2^64, as the reference's longValue does
  while (at_ < end_ && is_digit(*at_)) {
    integer = integer * 10 + static_cast<uint64_t>(*at_ - '0');
    ++at_;
  }
  if (at_ == digits) {
    if (at_ == end_) return fail_end(in_token(context));
    if (*at_ == '.') return fail_value(context);
    return fail_character("expected digit (0-9) to follow minus sign, for valid numeric value",
                          " in numeric value");
  }
  const bool whole = at_ == end_ || (*at_ != '.' && (*at_ | 0x20) != 'e');
  if (whole) {
    if (at_ - digits > kSafeDigits) {
      return check_number_end(context) && parse_big_integer(start, integer, out);
    }
    out = Value::int64(static_cast<int64_t>(negative ? 0 - integer : integer));
    return check_number_end(context);
  }
  bool zero = integer == 0 && at_ - digits <= kSafeDigits;
  if (*at_ == '.') {
    const char* fraction = at_ + 1;
    if (!digits_after("Decimal point not followed by a digit", context)) return false;
    for (const char* p = fraction; zero && p < at_; ++p) zero = *p == '0';
  }
  if (at_ < end_ && (*at_ | 0x20) == 'e') {
    if (at_ + 1 < end_ && (at_[1] == '+' || at_[1] == '-')) ++at_;
    if (!digits_after("Exponent indicator not followed by a digit", context)) return false;
  }
  return check_number_end(context) && parse_fraction(start, zero, out);
}

bool JsonParser::digits_after(const char* message, Context context) {
  const char* mark = at_++;
  const char* from = at_;
  while (at_ < end_ && is_digit(*at_)) ++at_;
  if (at_ != from) return true;
  if (at_ == end_ && *mark == '.') {
    at_ = mark;
    return fail_character(message, " in numeric value");
  }
  if (at_ == end_) return fail_end(in_token(context));
  return fail_character(message, " in numeric value");
}

bool JsonParser::check_number_end(Context context) {
  if (context != Context::Root || at_ == end_) return true;
  if (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r') return true;
  return fail_character("Expected space separating root-level values");
}

bool JsonParser::parse_big_integer(const char* start, uint64_t wrapped, Value& out) {
  const bool negative = *start == '-';
  const char* digits = start + (negative ? 1 : 0);
  if (at_ - digits > kMaxNumberLength) {
    return fail_length(at_ - digits);
  }
  if (numbers_ != JsonNumbers::Double &&
      !fits_int64({digits, static_cast<size_t>(at_ - digits)}, negative)) {
    out = parse_decimal({start, static_cast<size_t>(at_ - start)}, arena_);
  } else {
    out = Value::int64(static_cast<int64_t>(negative ? 0 - wrapped : wrapped));
  }
  return true;
}

bool JsonParser::parse_fraction(const char* start, bool zero, Value& out) {
  const std::string_view text(start, static_cast<size_t>(at_ - start));
  if (parse_short_fraction(text, out)) return true;
  const auto digits = std::count_if(text.begin(), text.end(), is_digit);
  if (digits > kMaxNumberLength) return fail_length(digits);
  double value = 0;
  bool in_range = true;
  // A BigDecimal has no negative zero.
  if (!zero) in_range = std::from_chars(start, at_, value).ec == std::errc();
  if (numbers_ == JsonNumbers::Exact || !in_range || zero) {
    const Value decimal = parse_decimal(text, arena_);
    if (decimal.is_null()) return fail_exponent(text);
    // Out of range: from_chars leaves the value alone, Java gives infinity or zero.
    if (!in_range) value = std::strtod(std::string(text).c_str(), nullptr);
    if (numbers_ == JsonNumbers::Exact) {
      out = decimal;
      return true;
    }
  }
  out = Value::float64(value);
  return true;
}

// Digits and power of ten are exact doubles, so that one division rounds as the best parser does.
bool JsonParser::parse_short_fraction(std::string_view text, Value& out) const noexcept {
  constexpr size_t kExactDigits = 15;
  constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (numbers_ == JsonNumbers::Exact || text.size() > kExactDigits + 1) return false;
  uint64_t digits = 0;
  size_t point = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      digits = digits * 10 + static_cast<uint64_t>(text[i] - '0');
    } else if (text[i] == '.') {
      point = i;
    } else {
      return false;  // an exponent
    }
  }
  if (point == text.size()) return false;
  const double value = static_cast<double>(digits) / kPowers[text.size() - point - 1];
  out = Value::float64(negative && digits != 0 ? -value : value);  // a BigDecimal has no -0
  return true;
}

bool JsonParser::fail_length(ptrdiff_t digits) {
  return fail_without_place("Number value length (" + std::to_string(digits) +
                            ") exceeds the maximum allowed (" + std::to_string(kMaxNumberLength) +
                            ", from `StreamReadConstraints.getMaxNumberLength()`)");
}

// What BigDecimal says of an exponent beyond its range.
bool JsonParser::fail_exponent(std::string_view text) {
  constexpr size_t kMaxExponentDigits = 10;
  std::string_view exponent = text.substr(text.find_first_of("eE") + 1);
  const bool negative = exponent.starts_with('-');
  if (negative || exponent.starts_with('+')) exponent.remove_prefix(1);
  exponent.remove_prefix(std::min(exponent.find_first_not_of('0'), exponent.size()));
  const char* reason = "Scale out of range.";
  if (exponent.size() > kMaxExponentDigits) {
    reason = "Too many nonzero exponent digits.";
  } else if (exponent.size() == kMaxExponentDigits &&
             exponent > std::string_view(negative ? "2147483648" : "2147483647")) {
    reason = "Exponent overflow.";
  }
  return fail_without_place("Value \"" + std::string(text) +
                            "\" can not be deserialized as `java.math.BigDecimal`, reason:  " +
                            reason);
}

}  // namespace millrace::detail
