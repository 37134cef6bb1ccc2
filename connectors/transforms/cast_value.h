#pragma once
// Conversion of one value to another type, as the Cast transformation does it.

#include <string_view>

#include "connectors/transforms/side.h"

namespace millrace::transforms {

/// `value` as `target` (Int8..String, not Bytes). `schema` is that of the value; null: none. Text
/// it makes lives in `arena`. Null stays null.
bool cast_value(const Schema* schema, const Value& value, Type target, Arena& arena, Value& out,
                Failure& failure);

/// `[INT8, ..., STRING]` and, with `bytes`, BYTES: what Cast takes or makes, as messages list it.
std::string_view cast_types(bool bytes) noexcept;

/// Integer.parseInt and its kin: a sign, then ASCII digits. False for other text
/// and outside of the range.
bool parse_java_integer(std::string_view text, int64_t min, int64_t max, int64_t& out);
/// Double.parseDouble, of `float` when `single`. False for other text.
bool parse_java_real(std::string_view text, bool single, double& out);

}  // namespace millrace::transforms
