#pragma once
// Unscaled numbers of decimals as Avro and Iceberg have them: two's complement, most significant byte first.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

inline constexpr int32_t kMaxPrecision = 38;
inline constexpr size_t kMaxDecimalBytes = sizeof(Int128);

/// The bytes without repetitions of the sign; one byte at least.
std::string_view minimal_decimal(std::string_view bytes) noexcept;
std::string decimal_bytes(Int128 unscaled);
/// `bytes` are minimal and at most kMaxDecimalBytes; none are 0.
Int128 decimal_value(std::string_view bytes) noexcept;
/// Bytes with any number of repetitions of the sign; none for more than 128 bits, and for no bytes.
std::optional<Int128> int128_of(std::string_view bytes) noexcept;
/// `exponent` is 0 to kMaxPrecision.
constexpr Int128 power_of_ten(int32_t exponent) noexcept {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}
/// From one scale to another; false, with `number` undefined, when digits would be lost or there are too
/// many.
bool rescale(Int128& number, int32_t from, int32_t to) noexcept;
/// `-12.50`; plain digits, as many behind the point as `scale` says.
std::string decimal_text(Int128 unscaled, int32_t scale);

}  // namespace millrace
