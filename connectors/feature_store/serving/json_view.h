#pragma once
// Parsed JSON of requests (millrace/json.h): members by name, and values written as they came.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace::feature_store {

/// Deeper requests are refused; those of clients have 5 levels and what a complex value brings.
inline constexpr int kMaxRequestDepth = 64;

/// The whole of `text` as one JSON value, numbers exact. Throws RequestError (BadInput).
Value parse_request(std::string_view text, Arena& arena);

/// Null when `object` is none, or has no such member, or the member is null.
const Value* member(const Value& object, std::string_view name) noexcept;
/// As member(); throws RequestError (BadInput) that names `name` when it is of another type.
std::optional<std::string_view> text_member(const Value& object, std::string_view name);
std::optional<int64_t> integer_member(const Value& object, std::string_view name);
std::optional<bool> boolean_member(const Value& object, std::string_view name);

/// Compact JSON of a parsed value, numbers as exact as they came.
void append_raw_json(std::string& out, const Value& value);

}  // namespace millrace::feature_store
