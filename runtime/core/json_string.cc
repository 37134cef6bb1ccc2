// Strings of JSON text: a word-wise scan for the plain ones, copies only where there are escapes.

#include <bit>
#include <cstring>

#include "millrace/utf8.h"
#include "runtime/core/json_parser.h"

namespace millrace::detail {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101ULL;
constexpr uint64_t kHighs = 0x8080808080808080ULL;

constexpr uint64_t zero_bytes(uint64_t v) noexcept { return (v - kOnes) & ~v & kHighs; }

/// High bit of every byte that ends a run of plain text: quote, backslash, control. Borrows may
/// mark bytes above the first marked one, never below it.
constexpr uint64_t special_bytes(uint64_t word) noexcept {
  return zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\')) |
         ((word - kOnes * 0x20) & ~word & kHighs);
}

constexpr size_t kMaxNameBytes = 50'000;        // Jackson's limits (StreamReadConstraints);
constexpr size_t kMaxStringUnits = 20'000'000;  // strings are counted in chars of Java

size_t utf16_length(std::string_view text) noexcept {
  size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0U) != 0x80 ? (byte >= 0xF0 ? 2U : 1U) : 0U;
  }
  return units;
}

bool is_surrogate(uint32_t unit) noexcept {
  return unit >= 0xD800 && unit < 0xE000;
}

}  // namespace

// At an opening quote. Without escapes the result points into the input.
bool JsonParser::parse_string(std::string_view& out, bool name) {
  const char* start = ++at_;
  uint64_t high = 0;
  while (end_ - at_ >= static_cast<ptrdiff_t>(sizeof(uint64_t))) {
    uint64_t word;
    std::memcpy(&word, at_, sizeof word);
    const uint64_t special = special_bytes(word);
    if (special == 0) {
      high |= word;
      at_ += sizeof word;
      continue;
    }
    const int index = std::countr_zero(special) / 8;
    if (index != 0) high |= word << (64 - 8 * index);
    at_ += index;
    break;
  }
  while (at_ < end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) {
    high |= static_cast<unsigned char>(*at_);
    ++at_;
  }
  if (at_ == end_ && name && at_ == start) return fail_end(": was expecting closing '\"' for name");
  if (at_ == end_) return fail_end(name ? " in field name" : " in VALUE_STRING");
  if (*at_ != '"') return parse_string_slowly(start, out, name);
  out = {start, static_cast<size_t>(at_ - start)};
  if ((high & kHighs) != 0 && !utf8::is_valid(out)) return parse_string_slowly(start, out, name);
  ++at_;
  return out.size() <= kMaxNameBytes || check_length(out, name);
}

bool JsonParser::check_length(std::string_view text, bool name) {
  if (name) {
    return text.size() <= kMaxNameBytes || fail_text_length(text.size(), kMaxNameBytes, true);
  }
  if (text.size() <= kMaxStringUnits) return true;
  const size_t units = utf16_length(text);
  return units <= kMaxStringUnits || fail_text_length(units, kMaxStringUnits, false);
}

// At an escape, a control character, or the closing quote of text that is not UTF-8.
bool JsonParser::parse_string_slowly(const char* start, std::string_view& out, bool name) {
  scratch_.text.clear();
  at_ = start;
  while (true) {
    const char* run = at_;
    while (at_ < end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) {
      ++at_;
    }
    const char* run_end = at_;
    if (!append_lenient({run, static_cast<size_t>(run_end - run)}, name)) {
      return error_.empty() ? fail_end(name ? " in field name" : " in VALUE_STRING") : false;
    }
    if (at_ == end_) return fail_end(name ? " in field name" : " in VALUE_STRING");
    if (*at_ == '"') break;
    if (*at_ != '\\') return fail_control(name);
    ++at_;
    if (!parse_escape()) return false;
  }
  ++at_;
  out = arena_.copy(scratch_.text);
  return out.size() <= kMaxNameBytes || check_length(out, name);
}

// Jackson checks lead and middle bytes only: overlong forms and surrogates in three bytes each
// (CESU-8) pass, and come out as Java would encode them again.
bool JsonParser::append_lenient(std::string_view raw, bool name) {
  if (utf8::is_valid(raw)) {
    scratch_.text += raw;
    return true;
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  const auto reject = [&](const char* what, size_t index) {
    static constexpr char kHex[] = "0123456789abcdef";
    const unsigned char byte = bytes[index];
    return fail(std::string("Invalid UTF-8 ") + what + " byte 0x" + kHex[byte >> 4U] +
                    kHex[byte & 0xFU],
                raw.data() + index + 1);
  };
  uint32_t high = 0;  // a high surrogate that waits for its other half
  const auto append_unit = [&](uint32_t unit) {
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (high != 0 && low) {
      utf8::append(scratch_.text, 0x10000 + ((high - 0xD800) << 10U) + (unit - 0xDC00));
      high = 0;
      return;
    }
    if (high != 0) scratch_.text += '?';
    high = unit >= 0xD800 && unit < 0xDC00 ? unit : 0;
    if (high == 0) utf8::append(scratch_.text, low ? U'?' : char32_t{unit});
  };
  for (size_t i = 0; i < raw.size();) {
    const unsigned char lead = bytes[i];
    const size_t length = lead < 0x80             ? 1
                          : (lead & 0xE0U) == 0xC0 ? 2
                          : (lead & 0xF0U) == 0xE0 ? 3
                          : (lead & 0xF8U) == 0xF0 ? 4
                                                   : 0;
    if (length == 0) return reject("start", i);
    uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (size_t k = 1; k < length; ++k) {
      if (i + k == raw.size() && at_ == end_) return false;  // cut off by the end of the input
      // A quote or escape inside a sequence is a bad middle byte, too.
      if (i + k == raw.size() || (bytes[i + k] & 0xC0U) != 0x80) return reject("middle", i + k);
      code = (code << 6U) | (bytes[i + k] & 0x3FU);
    }
    i += length;
    if (length < 4) {
      append_unit(code);
    } else {  // Jackson splits whatever four bytes gave
      const auto v = static_cast<int32_t>(code) - 0x10000;
      append_unit(static_cast<uint16_t>(name ? 0xD800 + (v >> 10) : 0xD800 | (v >> 10)));
      append_unit(0xDC00 | (static_cast<uint32_t>(v) & 0x3FFU));
    }
  }
  if (high != 0) scratch_.text += '?';
  return true;
}

bool JsonParser::parse_escape() {
  std::string& text = scratch_.text;
  if (at_ == end_) return fail_end(" in character escape sequence");
  switch (const char c = *at_++) {
    case 'b':
      text += '\b';
      return true;
    case 't':
      text += '\t';
      return true;
    case 'n':
      text += '\n';
      return true;
    case 'f':
      text += '\f';
      return true;
    case 'r':
      text += '\r';
      return true;
    case '"':
    case '/':
    case '\\':
      text += c;
      return true;
    case 'u':
      return parse_unicode();
    default:
      --at_;
      return fail_character({}, "Unrecognized character escape ");
  }
}

bool JsonParser::parse_unicode() {
  uint32_t unit = 0;
  if (!hex4(unit)) return false;
  char32_t code = unit;
  const bool high = unit >= 0xD800 && unit < 0xDC00;
  if (high && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
    const char* back = at_;
    at_ += 2;
    uint32_t low = 0;
    if (!hex4(low)) return false;
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
    } else {
      at_ = back;
    }
  }
  // A lone surrogate cannot be written as UTF-8; Java's encoder gives '?' for it.
  utf8::append(scratch_.text, is_surrogate(code) ? U'?' : code);
  return true;
}

bool JsonParser::hex4(uint32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_ == end_) return fail_end(" in character escape sequence");
    const char c = *at_;
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      unit = unit * 16 + static_cast<uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return fail_character("expected a hex-digit for character escape sequence");
    }
    ++at_;
  }
  return true;
}

}  // namespace millrace::detail
