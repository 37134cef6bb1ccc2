#pragma once
// Single values of primitive types: partition values, bounds (iceberg-sink.md §5.7).

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

/// What a primitive value is kept as: nothing (null), bool, int32 (Int, Date), int64 (Long, Time and
/// timestamps), float, double, and bytes: UTF-8 of String, raw of Fixed and Binary, 16 big-endian of
/// Uuid, minimal two's complement big-endian of a Decimal's unscaled number.
using Literal = std::variant<std::monostate, bool, int32_t, int64_t, float, double, std::string>;

inline bool is_null(const Literal& value) noexcept { return value.index() == 0; }
/// The value as one of `type`, which its own type was promoted to (int -> long, float -> double).
Literal promoted(const Literal& value, const Type& type);
/// Order of values of one type, neither null nor NaN; text by bytes, decimals by number.
int compare(const Literal& a, const Literal& b, const Type& type);
/// Iceberg's binary form of single values (spec, appendix D); little-endian numbers.
std::string to_bytes(const Literal& value);
/// Throws DataException for bytes that are none of `type`.
Literal from_bytes(std::string_view bytes, const Type& type);

/// `f79c3e09-677c-4bbd-a479-3f349cb785e7` of a Uuid's 16 bytes.
std::string uuid_text(std::string_view bytes);

/// Bounds of text and binary are cut to so many code points or bytes.
inline constexpr int32_t kBoundLength = 16;
/// The longest prefix that is at most `length` code points.
std::string truncate_text(std::string_view text, int32_t length);
/// The shortest text of at most `length` code points that is not below `text`; empty optional (none)
/// when there is none. The same for bytes.
bool truncate_text_up(std::string_view text, int32_t length, std::string& out);
bool truncate_bytes_up(std::string_view bytes, int32_t length, std::string& out);

}  // namespace millrace::lakehouse
