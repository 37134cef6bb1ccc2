#include "connectors/converters/charset.h"

#include <cctype>

#include "millrace/utf8.h"

namespace millrace::converters {
namespace {

constexpr uint32_t kMark = 0xFEFF;
constexpr uint32_t kReversedMark = 0xFFFE;

/// Java's names and aliases of each, in lower case.
struct CharsetName {
  Charset charset;
  std::string_view name;
};
constexpr CharsetName kNames[] = {
    {Charset::Utf8, "utf-8"},
    {Charset::Utf8, "utf8"},
    {Charset::Utf8, "unicode-1-1-utf-8"},
    {Charset::Ascii, "us-ascii"},
    {Charset::Ascii, "ascii"},
    {Charset::Ascii, "us"},
    {Charset::Ascii, "646"},
    {Charset::Ascii, "ascii7"},
    {Charset::Ascii, "cp367"},
    {Charset::Ascii, "ibm367"},
    {Charset::Ascii, "csascii"},
    {Charset::Ascii, "default"},
    {Charset::Ascii, "iso646-us"},
    {Charset::Ascii, "iso-ir-6"},
    {Charset::Ascii, "ansi_x3.4-1968"},
    {Charset::Ascii, "ansi_x3.4-1986"},
    {Charset::Ascii, "iso_646.irv:1983"},
    {Charset::Ascii, "iso_646.irv:1991"},
    {Charset::Latin1, "iso-8859-1"},
    {Charset::Latin1, "iso8859-1"},
    {Charset::Latin1, "iso8859_1"},
    {Charset::Latin1, "iso_8859-1"},
    {Charset::Latin1, "iso_8859_1"},
    {Charset::Latin1, "iso_8859-1:1987"},
    {Charset::Latin1, "8859_1"},
    {Charset::Latin1, "latin1"},
    {Charset::Latin1, "l1"},
    {Charset::Latin1, "819"},
    {Charset::Latin1, "cp819"},
    {Charset::Latin1, "ibm819"},
    {Charset::Latin1, "ibm-819"},
    {Charset::Latin1, "iso-ir-100"},
    {Charset::Latin1, "csisolatin1"},
    {Charset::Utf16, "utf-16"},
    {Charset::Utf16, "utf_16"},
    {Charset::Utf16, "utf16"},
    {Charset::Utf16, "unicode"},
    {Charset::Utf16, "unicodebig"},
    {Charset::Utf16Be, "utf-16be"},
    {Charset::Utf16Be, "utf_16be"},
    {Charset::Utf16Be, "x-utf-16be"},
    {Charset::Utf16Be, "iso-10646-ucs-2"},
    {Charset::Utf16Be, "unicodebigunmarked"},
    {Charset::Utf16Le, "utf-16le"},
    {Charset::Utf16Le, "utf_16le"},
    {Charset::Utf16Le, "x-utf-16le"},
    {Charset::Utf16Le, "unicodelittleunmarked"}};

uint32_t unit_at(std::string_view bytes, size_t at, bool little) noexcept {
  const auto a = static_cast<unsigned char>(bytes[at]);
  const auto b = static_cast<unsigned char>(bytes[at + 1]);
  return little ? uint32_t{b} << 8U | a : uint32_t{a} << 8U | b;
}

// As Java's decoder: a high surrogate without its low half takes the following unit with it.
std::string decode_utf16(std::string_view bytes, Charset charset) {
  bool little = charset == Charset::Utf16Le;
  size_t at = 0;
  if (charset == Charset::Utf16 && bytes.size() >= 2) {  // a byte order mark decides
    const uint32_t mark = unit_at(bytes, 0, false);
    little = mark == kReversedMark;
    if (mark == kMark || little) at = 2;
  }
  std::string out;
  for (; at + 1 < bytes.size(); at += 2) {
    const uint32_t unit = unit_at(bytes, at, little);
    if (unit < 0xD800 || unit >= 0xE000) {
      utf8::append(out, unit);
      continue;
    }
    if (unit >= 0xDC00) {
      utf8::append(out, utf8::kReplacement);
      continue;
    }
    if (at + 3 >= bytes.size()) break;  // cut off: all that is left is one malformed piece
    const uint32_t low = unit_at(bytes, at + 2, little);
    const bool pair = low >= 0xDC00 && low < 0xE000;
    utf8::append(out, pair ? 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00)
                           : uint32_t{utf8::kReplacement});
    at += 2;
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
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const CharsetName& known : kNames) {
    if (known.name == lower) return known.charset;
  }
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
  if (charset == Charset::Utf16 && !text.empty()) append_unit(out, kMark, false);
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
