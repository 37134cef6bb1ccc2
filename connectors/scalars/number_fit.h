#pragma once
// Connect values as numbers of a type.

#include <array>
#include <cstdint>

#include "millrace/value.h"

namespace millrace {

/// Little-endian two's complement, as Arrow keeps decimals.
using DecimalBytes = std::array<uint8_t, 16>;
enum class NumberFit : uint8_t { Fits, TooLarge, NoNumber };

/// A number, or a text that is one, as a decimal: digits behind `scale` must be zero.
NumberFit to_decimal(const Value& value, int32_t precision, int32_t scale, DecimalBytes& out);
/// A number that is whole, or a text of one (a sign and digits, as Java's parseLong). TooLarge: also one
/// with a fraction.
NumberFit to_whole(const Value& value, int64_t& out);
/// The nearest double of a number, or of a text of one. TooLarge: there is none.
NumberFit to_real(const Value& value, double& out);
}  // namespace millrace
