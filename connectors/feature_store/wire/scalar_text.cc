#include "connectors/feature_store/wire/scalar_text.h"

#include <charconv>
#include <cmath>

#include "connectors/feature_store/wire/cell_text.h"
#include "connectors/scalars/civil_time.h"
#include "connectors/scalars/decimal_bytes.h"
#include "millrace/arena.h"
#include "millrace/base64.h"
#include "millrace/decimal.h"
#include "millrace/json.h"
#include "millrace/utf8.h"

namespace millrace::feature_store {
namespace {

std::span<const uint8_t> as_span(std::string_view bytes) noexcept {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

/// `value` with leading zeros, `width` digits.
char* put_digits(char* at, uint64_t value, int width) noexcept {
  for (int i = width; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + width;
}

/// More than 127 bits.
void append_long_decimal(std::string& out, std::string_view unscaled, size_t scale) {
  Arena arena;
  std::string digits;
  append_decimal(digits, *make_decimal(0, as_span(unscaled), arena));
  const size_t sign = digits[0] == '-' ? 1 : 0;
  if (digits.size() - sign <= scale) digits.insert(sign, scale + 1 - (digits.size() - sign), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  out += digits;
}

}  // namespace

void append_integer(std::string& out, int64_t value) {
  char buffer[24];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end);
}

void append_json_real(std::string& out, double value) {
  if (std::isfinite(value)) append_java_double(out, value);
  else out += "null";
}

void append_json_real(std::string& out, float value) {
  if (std::isfinite(value)) append_java_float(out, value);
  else out += "null";
}

void append_json_text(std::string& out, std::string_view text) {
  if (utf8::is_valid(text)) append_json_string(out, text, false);
  else append_json_string(out, utf8::sanitise(text), false);
}

void append_base64_text(std::string& out, std::string_view bytes) { append_base64(out, as_span(bytes)); }

bool append_plain_decimal(std::string& out, std::string_view unscaled, int64_t scale) {
  const std::string_view bytes = minimal_decimal(unscaled);
  if (bytes.size() > kMaxDecimalTextBytes || scale < 0 || scale > kMaxDecimalTextScale) return false;
  if (bytes.size() <= kMaxDecimalBytes) {
    out += decimal_text(decimal_value(bytes), static_cast<int32_t>(scale));
  } else {
    append_long_decimal(out, bytes, static_cast<size_t>(scale));
  }
  return true;
}

void append_date(std::string& out, int64_t days) {
  constexpr int64_t kPlainYears = 10'000;
  const CivilDay date = civil_day(days);
  char buffer[32];
  char* at = buffer;
  const auto year = static_cast<uint64_t>(date.year < 0 ? -date.year : date.year);
  if (date.year < 0) *at++ = '-';
  at = year < kPlainYears ? put_digits(at, year, 4) : std::to_chars(at, at + 20, year).ptr;
  *at++ = '-';
  at = put_digits(at, static_cast<uint64_t>(date.month), 2);
  *at++ = '-';
  at = put_digits(at, static_cast<uint64_t>(date.day), 2);
  out.append(buffer, at);
}

void append_instant(std::string& out, int64_t seconds, int64_t micros, char separator, int digits) {
  constexpr int64_t kSecondsPerDay = kMicrosPerDay / kMicrosPerSecond;
  constexpr int kAll = 6;
  const int64_t day = floor_div(seconds, kSecondsPerDay);
  const auto second = static_cast<uint64_t>(seconds - day * kSecondsPerDay);
  append_date(out, day);
  char buffer[24];
  char* at = buffer;
  *at++ = separator;
  at = put_digits(at, second / 3'600, 2);
  *at++ = ':';
  at = put_digits(at, second / 60 % 60, 2);
  *at++ = ':';
  at = put_digits(at, second % 60, 2);
  if (digits < 0) digits = micros == 0 ? 0 : micros % 1'000 == 0 ? 3 : kAll;
  if (digits > 0) {
    *at++ = '.';
    put_digits(at, static_cast<uint64_t>(micros), kAll);
    at += digits < kAll ? digits : kAll;
  }
  out.append(buffer, at);
}

void append_timestamp(std::string& out, int64_t micros, char separator, int digits) {
  const int64_t seconds = floor_div(micros, kMicrosPerSecond);
  // Not by multiplying back: that leaves the range at its lower end.
  const int64_t rest = micros % kMicrosPerSecond;
  append_instant(out, seconds, rest < 0 ? rest + kMicrosPerSecond : rest, separator, digits);
}

}  // namespace millrace::feature_store
