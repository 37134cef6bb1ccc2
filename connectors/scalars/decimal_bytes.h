#pragma once
// Unscaled numbers of decimals as Avro and Iceberg have them: two's complement, most significant byte first.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

__extension__ typedef __int128 Int128;

inline constexpr int32_t kMaxPrecision = 38;
inline constexpr size_t kMaxDecimalBytes = sizeof(Int128);

/// The bytes without repetitions of the sign; one byte at least.
std::string_view minimal_decimal(std::string_view bytes) noexcept;
std::string decimal_bytes(Int128 unscaled);
/// `bytes` are minimal and at most kMaxDecimalBytes; none are 0.
Int128 decimal_value(std::string_view bytes) noexcept;
/// `exponent` is 0 to kMaxPrecision.
Int128 power_of_ten(int32_t exponent) noexcept;
/// From one scale to another; false, with `number` undefined, when digits would be lost or there are too
/// many.
bool rescale(Int128& number, int32_t from, int32_t to) noexcept;
/// `-12.50`; plain digits, as many behind the point as `scale` says.
std::string decimal_text(Int128 unscaled, int32_t scale);

}  // namespace millrace
