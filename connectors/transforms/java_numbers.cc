#include "connectors/transforms/java_numbers.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "millrace/decimal.h"

namespace millrace::transforms {
namespace {

/// Magnitude of a two's complement number, most significant byte first.
std::vector<uint8_t> magnitude(std::span<const uint8_t> bytes, bool negative) {
  std::vector<uint8_t> out(bytes.begin(), bytes.end());
  if (!negative) return out;
  unsigned carry = 1;
  for (size_t i = out.size(); i-- > 0;) {
    carry += static_cast<uint8_t>(~out[i]);
    out[i] = static_cast<uint8_t>(carry);
    carry >>= 8U;
  }
  return out;
}

void divide_by_ten(std::vector<uint8_t>& number) {
  unsigned rest = 0;
  for (uint8_t& byte : number) {
    const unsigned value = rest << 8U | byte;
    byte = static_cast<uint8_t>(value / 10);
    rest = value % 10;
  }
}

}  // namespace

int64_t decimal_to_int64(const DecimalData& decimal) {
  constexpr int32_t kBits = 64;  // 10^64 is a multiple of 2^64
  const auto bytes = decimal.unscaled();
  const bool negative = (bytes[0] & 0x80U) != 0;
  std::vector<uint8_t> number = magnitude(bytes, negative);
  // A byte has at most 2.5 digits, so that a huge scale ends early.
  const auto digits = static_cast<int64_t>(number.size()) * 5 / 2 + 1;
  if (decimal.scale > digits) return 0;
  for (int32_t i = 0; i < decimal.scale; ++i) divide_by_ten(number);
  uint64_t low = 0;
  for (const uint8_t byte : number) low = low << 8U | byte;
  if (decimal.scale <= -kBits) return 0;
  for (int32_t i = decimal.scale; i < 0; ++i) low *= 10;
  return static_cast<int64_t>(negative ? 0 - low : low);
}

double decimal_to_double(const DecimalData& decimal) {
  std::string text;
  append_decimal(text, decimal);
  return std::strtod(text.c_str(), nullptr);
}

float decimal_to_float(const DecimalData& decimal) {
  std::string text;
  append_decimal(text, decimal);
  return std::strtof(text.c_str(), nullptr);
}

}  // namespace millrace::transforms
