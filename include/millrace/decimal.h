#pragma once
// BigDecimal as text: unscaled two's-complement bytes and a scale.

#include <span>
#include <string>
#include <string_view>

#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace {

/// BigDecimal.toString: plain, or scientific when the scale is negative or the number tiny.
void append_decimal(std::string& out, const DecimalData& decimal);

/// A decimal in `arena` from its scale and big-endian two's complement bytes (at least one).
const DecimalData* make_decimal(int32_t scale, std::span<const uint8_t> unscaled, Arena& arena);

/// Parses what `new BigDecimal(text)` takes; the scale is that of the literal. Null for other text
/// and for exponents beyond the int32 range.
Value parse_decimal(std::string_view text, Arena& arena);

}  // namespace millrace
