#pragma once
// Single values as JSON and text, the same at the top of a row and within complex values.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::feature_store {

void append_integer(std::string& out, int64_t value);

/// As Java prints it, which JSON takes: `9.25`, `1.0`, `1.0E22`; what is not finite is null.
void append_json_real(std::string& out, double value);
void append_json_real(std::string& out, float value);

/// What is not UTF-8 is replaced by U+FFFD.
void append_json_text(std::string& out, std::string_view text);

/// Base64 without quotes.
void append_base64_text(std::string& out, std::string_view bytes);
inline void append_json_base64(std::string& out, std::string_view bytes) {
  out += '"';
  append_base64_text(out, bytes);
  out += '"';
}

/// Longer numbers have no text: it would take time with the square of their length.
inline constexpr size_t kMaxDecimalTextBytes = 1'024;
inline constexpr int64_t kMaxDecimalTextScale = 1'024;

/// Plain digits, as many behind the point as `scale` says. `unscaled` is big-endian two's complement with
/// any number of repetitions of its sign; no bytes are 0. False, with nothing appended, beyond the limits.
bool append_plain_decimal(std::string& out, std::string_view unscaled, int64_t scale);

/// `micros` of the second, 0 to 999'999; `digits` as append_timestamp has it.
void append_instant(std::string& out, int64_t seconds, int64_t micros, char separator, int digits);

}  // namespace millrace::feature_store
