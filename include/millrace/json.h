#pragma once
// JSON text of Connect values, byte for byte as the Java worker's JsonConverter writes it
// (connect-data.md §3.1), and a parser with Jackson's leniencies that builds values in an arena.
// For record values and source offsets; configuration and REST use a JSON library.

#include <string>
#include <string_view>
#include <vector>

#include "millrace/arena.h"
#include "millrace/java_map_order.h"
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

/// How numbers that are no int64 come out.
enum class JsonNumbers : uint8_t {
  Double,  // integers wrap modulo 2^64, fractions are Float64
  Wide,    // such integers are Decimal of scale 0, fractions are Float64
  Exact,   // such integers and all fractions are Decimal with the scale of the literal
};

/// Parses the first JSON value of `text`; what follows it is ignored, as Jackson does, and
/// `consumed`, if given, is where it ends. Integers become Int64, other numbers as `numbers` says,
/// objects Maps with string keys in document order (duplicate keys: last wins), text is copied into
/// `arena` only when it has escapes, else it points into `text`. Blank input gives Null. Returns the
/// empty string, or the reason, with line and column, in Jackson's words where users match on them.
/// With `order`, the entries of objects stand as in a HashMap they are put into in document order.
std::string parse_json(std::string_view text, Arena& arena, Value& out,
                       JsonNumbers numbers = JsonNumbers::Double, size_t* consumed = nullptr,
                       JavaMapOrder* order = nullptr);

/// A value with the text it was read from.
struct JsonScalar {
  Value value;
  std::string_view text;
};
struct JsonMember {
  std::string_view name;
  JsonScalar scalar;
};

/// Members of a JSON object, one level deep, each with its own text; duplicate names are kept.
/// False with the reason in `error` for anything else.
bool parse_json_object(std::string_view text, Arena& arena, std::vector<JsonMember>& members,
                       std::string& error, JsonNumbers numbers = JsonNumbers::Double);

}  // namespace millrace
