#pragma once
// JSON text of Connect values, byte for byte as the Java worker's JsonConverter writes it
// (connect-data.md §3.1), and a parser with Jackson's leniencies that builds values in an arena.
// For record values and source offsets; configuration and REST use a JSON library.

#include <string>
#include <string_view>

#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace {

/// Appends compact JSON. Integers plain, floats as Java prints them, NaN and infinities as strings,
/// bytes and decimals as base64, astral characters as escaped surrogate pairs when
/// `escape_astral` (Jackson's byte output: `\uD83D\uDE00`), raw otherwise.
/// Maps whose keys are all strings become objects, others arrays of pairs.
void append_json(std::string& out, const Value& value, bool escape_astral = true);
void append_json_string(std::string& out, std::string_view text, bool escape_astral = true);

/// As Java's Float.toString/Double.toString with the shortest digits that round-trip (JDK 19+).
void append_java_double(std::string& out, double value);
void append_java_float(std::string& out, float value);

/// Nesting above this is refused, so that hostile input cannot exhaust the stack (Jackson: 1000).
inline constexpr int kMaxJsonDepth = 1000;

/// Parses the first JSON value of `text`; what follows it is ignored, as Jackson does. Integers
/// become Int64 (wrapping modulo 2^64), other numbers Float64, objects Maps with string keys in
/// document order (duplicate keys: last wins), text is copied into `arena` only when it has
/// escapes, else it points into `text`. Blank input gives Null. Returns the empty string, or the
/// reason, with line and column, in Jackson's words where users match on them.
enum class JsonNumbers : uint8_t {
  Double,  // as said above
  Exact,   // numbers that are no int64 become Decimal with the scale of the literal
};
std::string parse_json(std::string_view text, Arena& arena, Value& out,
                       JsonNumbers numbers = JsonNumbers::Double);

}  // namespace millrace
