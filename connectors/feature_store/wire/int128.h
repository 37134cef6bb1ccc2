#pragma once
// Decimals of up to 38 digits as numbers.

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::feature_store {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

/// Big-endian two's complement of any length, sign-extended; none when it has more than 128 bits.
inline std::optional<Int128> int128_of(std::string_view bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  const bool negative = (static_cast<uint8_t>(bytes[0]) & 0x80U) != 0;
  const char filler = negative ? '\xff' : '\0';
  while (bytes.size() > sizeof(Int128)) {
    const bool same_sign = ((static_cast<uint8_t>(bytes[1]) & 0x80U) != 0) == negative;
    if (bytes[0] != filler || !same_sign) return std::nullopt;
    bytes.remove_prefix(1);
  }
  Uint128 value = negative ? ~Uint128{0} : Uint128{0};
  for (const char byte : bytes) value = (value << 8U) | static_cast<uint8_t>(byte);
  return static_cast<Int128>(value);
}

/// 10 to the power of `digits`, 0 to 38.
constexpr Int128 power_of_ten(int32_t digits) noexcept {
  Int128 power = 1;
  for (int32_t i = 0; i < digits; ++i) power *= 10;
  return power;
}

}  // namespace millrace::feature_store
