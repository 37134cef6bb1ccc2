#pragma once
// Conversions of decimals to primitive numbers as java.math.BigDecimal does them.

#include <cstdint>

#include "millrace/value.h"

namespace millrace::transforms {

/// BigDecimal.longValue: the fraction is cut off, what exceeds 64 bits wraps.
int64_t decimal_to_int64(const DecimalData& decimal);
/// BigDecimal.doubleValue and floatValue: nearest, infinite beyond the range.
double decimal_to_double(const DecimalData& decimal);
float decimal_to_float(const DecimalData& decimal);

}  // namespace millrace::transforms
