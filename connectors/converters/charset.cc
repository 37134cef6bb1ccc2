#include "connectors/converters/charset.h"

#include <cctype>

#include "millrace/utf8.h"

namespace millrace::converters {
namespace {

uint32_t unit_at(std::string_view bytes, size_t at, bool little) noexcept {
  const auto a = static_cast<unsigned char>(bytes[at]);
  const auto b = static_cast<unsigned char>(bytes[at + 1]);
  return little ? uint32_t{b} << 8U | a : uint32_t{a} << 8U | b;
}

std::string decode_utf16(std::string_view bytes, Charset charset) {
  bool little = charset == Charset::Utf16Le;
  size_t at = 0;
  if (charset == Charset::Utf16 && bytes.size() >= 2) {  // a byte order mark decides
    const uint32_t mark = unit_at(bytes, 0, false);
    little = mark == 0xFFFE;
    if (mark == 0xFEFF || little) at = 2;
  }
  std::string out;
  for (; at + 1 < bytes.size(); at += 2) {
    const uint32_t unit = unit_at(bytes, at, little);
    const bool high = unit >= 0xD800 && unit < 0xDC00;
    const uint32_t low = high && at + 3 < bytes.size() ? unit_at(bytes, at + 2, little) : 0;
    if (low >= 0xDC00 && low < 0xE000) {
      utf8::append(out, 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00));
      at += 2;
    } else {
      utf8::append(out, unit >= 0xD800 && unit < 0xE000 ? utf8::kReplacement : unit);
    }
  }
  if (at < bytes.size()) utf8::append(out, utf8::kReplacement);
  return out;
}

void append_unit(std::string& out, uint32_t unit, bool little) {
  const auto high = static_cast<char>(unit >> 8U);
  const auto low = static_cast<char>(unit);
  out += little ? low : high;
  out += little ? high : low;
}

}  // namespace

std::optional<Charset> charset_of(std::string_view name) {
  std::string upper;
  for (const char c : name) {
    if (c != '-' && c != '_') upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (upper == "UTF8") return Charset::Utf8;
  if (upper == "USASCII" || upper == "ASCII") return Charset::Ascii;
  if (upper == "ISO88591" || upper == "LATIN1") return Charset::Latin1;
  if (upper == "UTF16") return Charset::Utf16;
  if (upper == "UTF16BE") return Charset::Utf16Be;
  if (upper == "UTF16LE") return Charset::Utf16Le;
  return std::nullopt;
}

std::string decode_text(std::string_view bytes, Charset charset) {
  if (charset == Charset::Utf8) return utf8::sanitise(bytes);
  if (charset >= Charset::Utf16) return decode_utf16(bytes, charset);
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    utf8::append(out, charset == Charset::Ascii && byte >= 0x80 ? utf8::kReplacement : byte);
  }
  return out;
}

std::string encode_text(std::string_view text, Charset charset) {
  if (charset == Charset::Utf8) return std::string(text);
  const bool little = charset == Charset::Utf16Le;
  std::string out;
  if (charset == Charset::Utf16) append_unit(out, 0xFEFF, false);
  while (!text.empty()) {
    const utf8::Decoded c = utf8::decode(text);
    text.remove_prefix(c.length);
    if (charset < Charset::Utf16) {
      const char32_t limit = charset == Charset::Ascii ? 0x80 : 0x100;
      out += c.code_point < limit ? static_cast<char>(c.code_point) : '?';
    } else if (c.code_point < 0x10000) {
      append_unit(out, static_cast<uint32_t>(c.code_point), little);
    } else {
      const uint32_t v = static_cast<uint32_t>(c.code_point) - 0x10000;
      append_unit(out, 0xD800 + (v >> 10U), little);
      append_unit(out, 0xDC00 + (v & 0x3FFU), little);
    }
  }
  return out;
}

}  // namespace millrace::converters
