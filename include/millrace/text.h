#pragma once
// Text helpers plugins share with the worker.

#include <charconv>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace {

/// `bytes` as well-formed UTF-8: itself when it is that already, else a copy in `arena` with
/// malformed sequences replaced by U+FFFD, as Java decodes.
std::string_view valid_utf8(std::string_view bytes, Arena& arena);

/// Java's String.trim(): without characters up to U+0020 at both ends.
std::string_view java_trim(std::string_view text) noexcept;

/// All of `text` as a whole number: decimal digits with at most a minus before them, in the type's range.
template <std::integral Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

/// ASCII letters in lower case.
std::string to_lower(std::string_view text);

/// The parts with `separator` between them.
std::string join(std::span<const std::string> parts, std::string_view separator);

/// Java's List.toString(): `[a, b]`.
std::string java_list_text(std::span<const std::string> list);

/// Appends what Java's toString() gives for the value: strings raw, `Struct{a=1,b=x}`, maps
/// `{a=1, b=2}`, lists `[1, 2]`, null `null`, byte arrays `[B@` and eight hex digits.
void append_java_string(std::string& out, const Value& value);

}  // namespace millrace
