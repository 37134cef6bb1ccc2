// Reasons for refusing JSON text, in Jackson's words, because users match on them.

#include <algorithm>
#include <cstdio>

#include "millrace/utf8.h"
#include "runtime/core/json_parser.h"

namespace millrace::detail {
namespace {

constexpr const char* kSource =
    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: ";
constexpr const char* kValidValue =
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
constexpr size_t kMaxTokenShown = 256;

/// `'x' (code 120)`; mostly a byte is taken for the character of the same number.
std::string describe_byte(char32_t c) {
  std::string code = std::to_string(static_cast<uint32_t>(c));
  if (c > 0xFF) {
    char hex[16];
    std::snprintf(hex, sizeof hex, " / 0x%x", static_cast<unsigned>(c));
    code += hex;
  }
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return "(CTRL-CHAR, code " + code + ")";
  std::string out = "'";
  utf8::append(out, c);
  return out + "' (code " + code + ")";
}

// Character.isJavaIdentifierPart for one byte.
bool is_identifier_part(unsigned char c) noexcept {
  return (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z') || c == '_' ||
         c == '$' || c <= 8 || (c >= 0x0E && c <= 0x1B) || (c >= 0x7F && c < 0xA0) ||
         (c >= 0xA2 && c <= 0xA5) || c == 0xAA || c == 0xAD || c == 0xB5 || c == 0xBA ||
         (c >= 0xC0 && c != 0xD7 && c != 0xF7);
}
bool is_identifier_start(unsigned char c) noexcept {
  return c >= '$' && is_identifier_part(c) && !(c >= '0' && c <= '9') &&
         !(c >= 0x7F && c < 0xA0) && c != 0xAD;
}

}  // namespace

std::string JsonParser::location(const char* place) const {
  size_t line = 1;
  const char* line_start = begin_;
  // `place` may be one behind the end.
  for (const char* p = begin_; p < std::min(place, end_); ++p) {
    const bool line_end = *p == '\n' || (*p == '\r' && (p + 1 == end_ || p[1] != '\n'));
    if (!line_end) continue;
    ++line;
    line_start = p + 1;
  }
  return kSource + std::to_string(line) + ", column: " + std::to_string(place - line_start + 1) +
         "]";
}

bool JsonParser::fail(std::string message, const char* place) {
  if (error_.empty()) error_ = std::move(message) + "\n at " + location(place);
  return false;
}

bool JsonParser::fail_without_place(std::string message) {
  if (error_.empty()) error_ = std::move(message);
  return false;
}

bool JsonParser::fail_end(std::string_view where) {
  return fail("Unexpected end-of-input" + std::string(where), end_);
}

// `start` is where the open container began; null when a part of an entry was expected.
bool JsonParser::fail_open_end(Context context, const char* start) {
  if (context == Context::Root) return fail_end("");
  const std::string kind = context == Context::Array ? "Array" : "Object";
  if (start == nullptr) return fail_end(" within/between " + kind + " entries");
  return fail_end(": expected close marker for " + kind + " (start marker at " + location(start) +
                  ")");
}

bool JsonParser::fail_character(std::string_view comment, std::string_view where) {
  // Names and escapes are decoded, other places take the byte.
  const bool decodes = comment.empty() || comment.starts_with("was expecting double-quote");
  const std::string shown =
      describe_byte(decodes ? utf8::decode({at_, static_cast<size_t>(end_ - at_)}).code_point
                            : char32_t{static_cast<unsigned char>(*at_)});
  if (comment.empty()) return fail(std::string(where) + shown, at_);
  return fail("Unexpected character (" + shown + ")" + std::string(where) + ": " +
                  std::string(comment),
              at_);
}

// Where white space could have been.
bool JsonParser::fail_separator(std::string_view comment) {
  const auto c = static_cast<unsigned char>(*at_);
  if (c < 0x20) {
    return fail("Illegal character (" + describe_byte(c) +
                    "): only regular white space (\\r, \\n, \\t) is allowed between tokens",
                at_ + 1);
  }
  if (c == '/') {
    return fail_character(
        "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not "
        "enabled for parser)");
  }
  return fail_character(comment);
}

bool JsonParser::fail_close_marker(Context context, const char* start) {
  std::string message = std::string("Unexpected close marker '") + *at_ + "': ";
  if (context == Context::Root) {
    message += *at_ == ']' ? "no open Array to close" : "no open Object to close";
  } else {
    message += context == Context::Array ? "expected ']' (for Array" : "expected '}' (for Object";
    message += " starting at " + location(start) + ")";
  }
  return fail(std::move(message), at_);
}

bool JsonParser::fail_value(Context context) {
  const auto c = static_cast<unsigned char>(*at_);
  const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
  if (context == Context::Root && (c == ']' || c == '}')) return fail_close_marker(context, at_);
  if (c == ']' || c == '}' || c == ',') {
    if (c != ']' || context == Context::Array) return fail_character("expected a value");
  }
  for (const std::string_view word : {"NaN", "Infinity"}) {
    if (rest.starts_with(word) &&
        (rest.size() == word.size() ||
         !is_identifier_part(static_cast<unsigned char>(rest[word.size()])))) {
      at_ += word.size();
      return fail("Non-standard token '" + std::string(word) +
                      "': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
                  at_);
    }
  }
  if (c == '+' && rest.size() == 1) return fail_end(" in a Number value");
  if (c == '+') {
    return fail_character(
        "JSON spec does not allow numbers to have plus signs: enable "
        "`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow",
        " in numeric value");
  }
  if (is_identifier_start(c)) return fail_token();
  return fail_separator(std::string("expected a valid value ") + kValidValue);
}

bool JsonParser::fail_token() {
  std::string token;
  const char* p = at_;
  // The first byte is taken as it is, the rest decoded.
  utf8::append(token, static_cast<unsigned char>(*p++));
  while (p < end_ && token.size() < kMaxTokenShown) {
    const auto c = static_cast<unsigned char>(*p);
    if (c >= 0x80) {
      const utf8::Decoded decoded = utf8::decode({p, static_cast<size_t>(end_ - p)});
      if (!decoded.valid) {
        const bool start_byte = decoded.length == 1 && (c < 0xC2 || c > 0xF4);
        const auto bad = static_cast<unsigned char>(start_byte || p + 1 == end_ ? c : p[1]);
        char hex[8];
        std::snprintf(hex, sizeof hex, "%02x", bad);
        return fail(std::string("Invalid UTF-8 ") + (start_byte ? "start" : "middle") +
                        " byte 0x" + hex,
                    p + (start_byte ? 1 : 2));
      }
      token.append(p, decoded.length);
      p += decoded.length;
    } else if (is_identifier_part(c)) {
      token += static_cast<char>(c);
      ++p;
    } else {
      break;
    }
  }
  return fail("Unrecognized token '" + token + "': was expecting " + kValidValue,
              p < end_ ? p + 1 : p);
}

bool JsonParser::fail_control(bool name) {
  return fail("Illegal unquoted character (" + describe_byte(static_cast<unsigned char>(*at_)) +
                  "): has to be escaped using backslash to be included in " +
                  (name ? "name" : "string value"),
              at_);
}

bool JsonParser::fail_text_length(size_t length, size_t limit, bool name) {
  return fail_without_place(std::string(name ? "Name" : "String value") + " length (" +
                            std::to_string(length) + ") exceeds the maximum allowed (" +
                            std::to_string(limit) + ", from `StreamReadConstraints.getMax" +
                            (name ? "Name" : "String") + "Length()`)");
}

bool JsonParser::fail_depth() {
  return fail_without_place("Document nesting depth (" + std::to_string(kMaxJsonDepth + 1) +
                            ") exceeds the maximum allowed (" + std::to_string(kMaxJsonDepth) +
                            ", from `StreamReadConstraints.getMaxNestingDepth()`)");
}

}  // namespace millrace::detail
