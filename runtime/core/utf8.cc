#include "millrace/utf8.h"

#include <algorithm>
#include <cstring>

namespace millrace::utf8 {
namespace {

constexpr bool is_continuation(unsigned char c) noexcept { return (c & 0xC0U) == 0x80; }

/// Length announced by a lead byte and the range its second byte must be in (Unicode table 3-7, but
/// Java takes an encoded surrogate for one malformed sequence, not for several).
struct Lead {
  size_t length;
  unsigned char second_min;
  unsigned char second_max;
};

constexpr Lead lead_of(unsigned char c) noexcept {
  if (c < 0x80) return {1, 0, 0};
  if (c < 0xC2) return {0, 0, 0};
  if (c < 0xE0) return {2, 0x80, 0xBF};
  if (c == 0xE0) return {3, 0xA0, 0xBF};
  if (c < 0xF0) return {3, 0x80, 0xBF};
  if (c == 0xF0) return {4, 0x90, 0xBF};
  if (c < 0xF4) return {4, 0x80, 0xBF};
  if (c == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

Decoded decode(std::string_view text) noexcept {
  const auto* s = reinterpret_cast<const unsigned char*>(text.data());
  const Lead lead = lead_of(s[0]);
  if (lead.length == 1) return {s[0], 1, true};
  if (lead.length == 0) return {kReplacement, 1, false};
  if (text.size() < 2 || s[1] < lead.second_min || s[1] > lead.second_max) {
    return {kReplacement, 1, false};
  }
  char32_t code = s[0] & (0x7FU >> lead.length);
  code = (code << 6U) | (s[1] & 0x3FU);
  for (size_t i = 2; i < lead.length; ++i) {
    if (i >= text.size() || !is_continuation(s[i])) return {kReplacement, i, false};
    code = (code << 6U) | (s[i] & 0x3FU);
  }
  // A surrogate in three bytes is one malformed piece, unlike other bad sequences.
  if (code >= 0xD800 && code < 0xE000) return {kReplacement, lead.length, false};
  return {code, lead.length, true};
}

void append(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t v) { out.push_back(static_cast<char>(v)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6U));
    byte(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12U));
    byte(0x80 | ((c >> 6U) & 0x3FU));
    byte(0x80 | (c & 0x3FU));
  } else {
    byte(0xF0 | (c >> 18U));
    byte(0x80 | ((c >> 12U) & 0x3FU));
    byte(0x80 | ((c >> 6U) & 0x3FU));
    byte(0x80 | (c & 0x3FU));
  }
}

bool is_valid(std::string_view text) noexcept {
  constexpr uint64_t kHighBits = 0x8080808080808080ULL;
  while (!text.empty()) {
    while (text.size() >= sizeof(uint64_t)) {
      uint64_t word;
      std::memcpy(&word, text.data(), sizeof word);
      if ((word & kHighBits) != 0) break;
      text.remove_prefix(sizeof word);
    }
    if (text.empty()) return true;
    const Decoded decoded = decode(text);
    if (!decoded.valid) return false;
    text.remove_prefix(decoded.length);
  }
  return true;
}

bool utf16_less(std::string_view left, std::string_view right) noexcept {
  const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (l == left.end() || r == right.end()) return l == left.end() && r != right.end();
  const auto a = static_cast<unsigned char>(*l);
  const auto b = static_cast<unsigned char>(*r);
  constexpr unsigned char kFromE000 = 0xEE;   // first byte of U+E000 and above
  constexpr unsigned char kFrom10000 = 0xF0;  // in UTF-16 a surrogate, below U+E000
  if (a >= kFromE000 && b >= kFromE000 && (a >= kFrom10000) != (b >= kFrom10000)) return a > b;
  return a < b;
}

std::string sanitise(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded decoded = decode(text);
    append(out, decoded.code_point);
    text.remove_prefix(decoded.length);
  }
  return out;
}

}  // namespace millrace::utf8
