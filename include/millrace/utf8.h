#pragma once
// UTF-8: decoding with replacement as Java's decoder does it, encoding, and a fast validity check.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::utf8 {

inline constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t code_point;  // kReplacement for malformed input
  size_t length;        // bytes consumed, at least 1
  bool valid;
};

/// First character of non-empty `text`. Malformed input consumes its maximal well-formed prefix,
/// as Java's CharsetDecoder replaces it.
Decoded decode(std::string_view text) noexcept;

void append(std::string& out, char32_t code_point);

/// True when all of `text` is well-formed. ASCII runs at memory speed.
bool is_valid(std::string_view text) noexcept;

/// Order of Java's String.compareTo for well-formed text: by UTF-16 units, which puts characters from
/// U+10000 on before U+E000.
bool utf16_less(std::string_view left, std::string_view right) noexcept;

/// `text` with each malformed sequence replaced by U+FFFD.
std::string sanitise(std::string_view text);

}  // namespace millrace::utf8
