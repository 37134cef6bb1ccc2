#include "connectors/converters/jackson_base64.h"

namespace millrace::converters {
namespace {

constexpr int kBad = -1;

constexpr int digit(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : kBad;
}

bool is_blank(char c) noexcept {
  return static_cast<unsigned char>(c) <= ' ';
}

}  // namespace

std::optional<std::span<const uint8_t>> read_jackson_base64(std::string_view text, Arena& arena) {
  constexpr size_t kGroup = 4;
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  const auto out = arena.make_array<uint8_t>(text.size() / kGroup * 3 + 3);
  size_t size = 0;
  size_t at = 0;
  while (true) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at == text.size()) return out.first(size);
    if (text.size() - at < kGroup) return std::nullopt;
    const int a = digit(text[at]);
    const int b = digit(text[at + 1]);
    const int c = digit(text[at + 2]);
    const int d = digit(text[at + 3]);
    if (a == kBad || b == kBad) return std::nullopt;
    const bool one_byte = text[at + 2] == '=' && text[at + 3] == '=';
    const bool two_bytes = c != kBad && text[at + 3] == '=';
    if (!one_byte && (c == kBad || (d == kBad && !two_bytes))) return std::nullopt;
    out[size++] = static_cast<uint8_t>(a << 2 | b >> 4);
    if (!one_byte) out[size++] = static_cast<uint8_t>(b << 4 | c >> 2);
    if (!one_byte && !two_bytes) out[size++] = static_cast<uint8_t>(c << 6 | d);
    at += kGroup;
  }
}

}  // namespace millrace::converters
