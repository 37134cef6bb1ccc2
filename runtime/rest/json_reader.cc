#include "runtime/rest/json_reader.h"

#include <fmt/format.h>

#include "millrace/utf8.h"

namespace millrace::rest {
namespace {

constexpr std::string_view kValueExpected =
    "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or "
    "'false')";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_word(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

bool is_fraction(std::string_view number) noexcept {
  return number.find_first_of(".eE") != std::string_view::npos;
}

}  // namespace

std::string_view JsonReader::token_name() const noexcept {
  static constexpr std::string_view kNames[] = {
      "JsonToken.START_OBJECT",     "JsonToken.END_OBJECT",   "JsonToken.START_ARRAY",
      "JsonToken.END_ARRAY",        "JsonToken.FIELD_NAME",   "JsonToken.VALUE_STRING",
      "JsonToken.VALUE_NUMBER_INT", "JsonToken.VALUE_TRUE",   "JsonToken.VALUE_FALSE",
      "JsonToken.VALUE_NULL",       "JsonToken.NOT_AVAILABLE"};
  if (token_ == JsonToken::Number && is_fraction(value_)) return "JsonToken.VALUE_NUMBER_FLOAT";
  return kNames[static_cast<size_t>(token_)];
}

std::string_view JsonReader::token_description() const noexcept {
  static constexpr std::string_view kNames[] = {"Object value",  "Object value",  "Array value",
                                                "Array value",   "Object value",  "String value",
                                                "Integer value", "Boolean value", "Boolean value",
                                                "Null value",    "end of input"};
  if (token_ == JsonToken::Number && is_fraction(value_)) return "Floating-point value";
  return kNames[static_cast<size_t>(token_)];
}

JsonReader::JsonReader(std::string_view text) : text_(text) {
  if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
  size_t at = 0;
  if (utf8::is_valid(text_)) return;
  while (true) {
    const auto decoded = utf8::decode(text_.substr(at));
    if (!decoded.valid) break;
    at += decoded.length;
  }
  fail(fmt::format("Invalid UTF-8 start byte 0x{:02x}", static_cast<unsigned char>(text_[at])), at);
}

JsonToken JsonReader::next() {
  if (state_ == State::Done) return token_ = JsonToken::End;
  skip_blanks();
  token_begin_ = position_;
  switch (state_) {
    case State::Value:
      if (at_end() && open_.empty()) {
        state_ = State::Done;
        return token_ = JsonToken::End;
      }
      return token_ = value(require_char());
    case State::FirstItem:
      if (require_char() == ']') return token_ = close(false);
      return token_ = value(text_[position_]);
    case State::FirstField:
      return token_ = field_or_end(true);
    case State::Colon:
      if (require_char() != ':') {
        unexpected("was expecting a colon to separate field name and value");
      }
      ++position_;
      skip_blanks();
      token_begin_ = position_;
      return token_ = value(require_char());
    case State::AfterValue:
    case State::Done:
      break;
  }
  return token_ = after_value();
}

JsonToken JsonReader::after_value() {
  const bool object = open_.back().object;
  const char c = require_char();
  if (c == '}' || c == ']') return close(c == '}');
  if (c != ',') {
    unexpected(object ? "was expecting comma to separate Object entries"
                      : "was expecting comma to separate Array entries");
  }
  ++position_;
  skip_blanks();
  token_begin_ = position_;
  if (object) return field_or_end(false);
  return value(require_char());
}

JsonToken JsonReader::field_or_end(bool may_end) {
  const char c = require_char();
  if (c == '}' && may_end) return close(true);
  if (c != '"') unexpected("was expecting double-quote to start field name");
  string(value_);
  state_ = State::Colon;
  return JsonToken::FieldName;
}

JsonToken JsonReader::value(char c) {
  switch (c) {
    case '{':
      return open(true);
    case '[':
      return open(false);
    case '"':
      string(value_);
      return finish(JsonToken::String);
    default:
      break;
  }
  if (c == '-' || is_digit(c)) return number();
  if (is_word(c)) return literal();
  if (c == '/') {
    unexpected(
        "maybe a (non-standard) comment? (not recognized as one since Feature "
        "'ALLOW_COMMENTS' not enabled for parser)");
  }
  unexpected(kValueExpected);
}

JsonToken JsonReader::open(bool object) {
  if (open_.size() == kMaxBodyDepth) {
    throw JsonError(
        fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({}, from "
                    "`StreamReadConstraints.getMaxNestingDepth()`)",
                    open_.size() + 1, kMaxBodyDepth));
  }
  open_.push_back({object, position_++});
  state_ = object ? State::FirstField : State::FirstItem;
  return object ? JsonToken::StartObject : JsonToken::StartArray;
}

JsonToken JsonReader::close(bool object) {
  const Container last = open_.back();
  if (last.object != object) {
    fail(fmt::format("Unexpected close marker '{}': expected '{}' (for {} starting at {})",
                     object ? '}' : ']', last.object ? '}' : ']', last.object ? "Object" : "Array",
                     source_of(last.begin)),
         position_);
  }
  ++position_;
  open_.pop_back();
  return finish(object ? JsonToken::EndObject : JsonToken::EndArray);
}

JsonToken JsonReader::finish(JsonToken token) {
  state_ = open_.empty() ? State::Done : State::AfterValue;
  return token;
}

JsonToken JsonReader::literal() {
  const size_t begin = position_;
  while (!at_end() && is_word(text_[position_])) ++position_;
  value_ = text_.substr(begin, position_ - begin);
  if (value_ == "true") return finish(JsonToken::True);
  if (value_ == "false") return finish(JsonToken::False);
  if (value_ == "null") return finish(JsonToken::Null);
  constexpr size_t kShown = 256;
  if (value_ == "NaN" || value_ == "Infinity") {
    fail(fmt::format("Non-standard token '{}': enable "
                     "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
                     value_),
         begin);
  }
  if (value_.size() > kShown) value_ = value_.substr(0, kShown) + "...";
  fail(fmt::format("Unrecognized token '{}': was expecting (JSON String, Number, Array, Object or "
                   "token 'null', 'true' or 'false')",
                   value_),
       begin);
}

size_t JsonReader::digits() {
  const size_t begin = position_;
  while (!at_end() && is_digit(text_[position_])) ++position_;
  return position_ - begin;
}

JsonToken JsonReader::number() {
  const size_t begin = position_;
  if (text_[position_] == '-') {
    ++position_;
    if (at_end() || !is_digit(text_[position_])) {
      fail(
          "Unexpected character in numeric value: expected digit (0-9) to follow minus sign, for "
          "valid numeric value",
          position_);
    }
  }
  const bool zero = text_[position_] == '0';
  if (digits() > 1 && zero) fail("Invalid numeric value: Leading zeroes not allowed", begin);
  if (!at_end() && text_[position_] == '.') {
    ++position_;
    if (digits() == 0) {
      fail("Unexpected character in numeric value: Decimal point not followed by a digit",
           position_);
    }
  }
  if (!at_end() && (text_[position_] == 'e' || text_[position_] == 'E')) {
    ++position_;
    if (!at_end() && (text_[position_] == '+' || text_[position_] == '-')) ++position_;
    if (digits() == 0) {
      fail("Unexpected character in numeric value: Exponent indicator not followed by a digit",
           position_);
    }
  }
  if (position_ - begin > kMaxNumberLength) {
    throw JsonError(
        fmt::format("Number value length ({}) exceeds the maximum allowed ({}, from "
                    "`StreamReadConstraints.getMaxNumberLength()`)",
                    position_ - begin, kMaxNumberLength));
  }
  if (!at_end() && is_word(text_[position_])) {
    unexpected("Expected space separating root-level values");
  }
  value_ = text_.substr(begin, position_ - begin);
  return finish(JsonToken::Number);
}

void JsonReader::string(std::string& out) {
  out.clear();
  ++position_;
  while (true) {
    const size_t run = position_;
    while (!at_end() && text_[position_] != '"' && text_[position_] != '\\' &&
           static_cast<unsigned char>(text_[position_]) >= 0x20) {
      ++position_;
    }
    out.append(text_, run, position_ - run);
    if (at_end()) {
      fail("Unexpected end-of-input: was expecting closing quote for a string value", position_);
    }
    const char c = text_[position_];
    if (c == '"') break;
    if (c != '\\') {
      fail(fmt::format("Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using "
                       "backslash to be included in string value",
                       static_cast<int>(c)),
           position_);
    }
    escape(out);
  }
  ++position_;
}

void JsonReader::escape(std::string& out) {
  ++position_;
  if (at_end()) fail("Unexpected end-of-input in character escape sequence", position_);
  const char c = text_[position_++];
  constexpr std::string_view kShort = "\"\\/bfnrt";
  constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
  if (const size_t index = kShort.find(c); index != std::string_view::npos) {
    out.push_back(kMeaning[index]);
    return;
  }
  if (c != 'u') {
    fail(fmt::format("Unrecognized character escape '{}' (code {})", c,
                     static_cast<int>(static_cast<unsigned char>(c))),
         position_ - 1);
  }
  char32_t code = hex4();
  const bool high = code >= 0xD800 && code < 0xDC00;
  if (high && text_.substr(position_).starts_with("\\u")) {
    const size_t before = position_;
    position_ += 2;
    const char32_t low = hex4();
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else {
      position_ = before;
    }
  }
  // Half of a surrogate pair has no UTF-8 form.
  utf8::append(out, code >= 0xD800 && code < 0xE000 ? utf8::kReplacement : code);
}

uint32_t JsonReader::hex4() {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_end()) fail("Unexpected end-of-input in character escape sequence", position_);
    const char c = text_[position_];
    uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      unexpected("expected a hex-digit for character escape sequence");
    }
    code = code * 16 + digit;
    ++position_;
  }
  return code;
}

std::string_view JsonReader::skip_value() {
  const size_t begin = token_begin_;
  if (token_ == JsonToken::StartObject || token_ == JsonToken::StartArray) {
    const size_t depth = open_.size();
    while (open_.size() >= depth) next();
  }
  return text_.substr(begin, position_ - begin);
}

void JsonReader::skip_blanks() {
  while (!at_end()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++position_;
  }
}

char JsonReader::require_char() {
  if (at_end()) unexpected_end();
  return text_[position_];
}

void JsonReader::unexpected_end() const {
  if (open_.empty()) fail("Unexpected end-of-input", position_);
  const Container last = open_.back();
  fail(fmt::format("Unexpected end-of-input: expected close marker for {} (start marker at {})",
                   last.object ? "Object" : "Array", source_of(last.begin)),
       position_);
}

void JsonReader::unexpected(std::string_view expectation) const {
  if (at_end()) unexpected_end();
  const auto decoded = utf8::decode(text_.substr(position_));
  const auto code = static_cast<uint32_t>(decoded.code_point);
  const std::string shown =
      code < 0x20 ? fmt::format("(CTRL-CHAR, code {})", code)
                  : fmt::format("'{}' (code {})", text_.substr(position_, decoded.length), code);
  fail(fmt::format("Unexpected character ({}): {}", shown, expectation), position_);
}

std::string JsonReader::source_of(size_t position) const {
  size_t line = 1;
  size_t column = 1;
  for (size_t i = 0; i < position && i < text_.size(); ++i) {
    ++column;
    if (text_[i] == '\n') {
      ++line;
      column = 1;
    }
  }
  return fmt::format(
      "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
      "line: {}, column: {}]",
      line, column);
}

std::string JsonReader::location_of(size_t position) const {
  return "\n at " + source_of(position);
}

void JsonReader::fail(const std::string& message, size_t position) const {
  throw JsonError(message + location_of(position));
}

}  // namespace millrace::rest
