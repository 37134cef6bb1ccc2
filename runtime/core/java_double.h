#pragma once
// Java's text of floating point numbers, into memory of the caller.

#include <cstddef>

namespace millrace {

/// Bytes that always hold one: sign, 17 digits, point, exponent.
inline constexpr size_t kJavaFloatSize = 40;

/// Writes what append_java_double() and append_java_float() append and returns its end.
char* write_java_double(char* out, double value) noexcept;
char* write_java_float(char* out, float value) noexcept;

}  // namespace millrace
