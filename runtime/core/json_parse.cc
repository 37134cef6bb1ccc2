// Single-pass JSON parser into arena values, with Jackson's leniencies (connect-data.md §3.1 "Read").

#include <charconv>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "millrace/json.h"
#include "millrace/decimal.h"
#include "millrace/utf8.h"

namespace millrace {
namespace {

constexpr size_t kSmallObject = 16;  // up to here duplicate keys are found by scanning

// Stacks of the values under construction; kept per thread so that parsing allocates nothing.
struct Scratch {
  std::vector<Value> values;
  std::vector<MapEntry> entries;
  std::string text;
};

Scratch& thread_scratch() {
  static thread_local Scratch scratch;
  scratch.values.clear();
  scratch.entries.clear();
  return scratch;
}

class Parser {
 public:
  Parser(std::string_view text, Arena& arena, JsonNumbers numbers)
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        arena_(arena),
        exact_(numbers == JsonNumbers::Exact) {}

  std::string parse(Value& out) {
    skip_blanks();
    if (at_ == end_) {
      out = Value();
      return {};
    }
    parse_value(out, 0);
    return std::move(error_);
  }

 private:
  bool fail(std::string message) {
    if (!error_.empty()) return false;
    size_t line = 1;
    const char* line_start = begin_;
    for (const char* p = begin_; p < at_; ++p) {
      if (*p == '\n') {
        ++line;
        line_start = p + 1;
      }
    }
    error_ = std::move(message) + "\n at [Source: UNKNOWN; line: " + std::to_string(line) +
             ", column: " + std::to_string(at_ - line_start + 1) + "]";
    return false;
  }
  bool fail_end(const char* where) {
    return fail(std::string("Unexpected end-of-input") + where);
  }
  bool fail_character(const char* expected) {
    if (at_ == end_) return fail_end("");
    const utf8::Decoded c = utf8::decode({at_, static_cast<size_t>(end_ - at_)});
    std::string shown;
    if (c.code_point < 0x20) {
      shown = "Illegal character ((CTRL-CHAR, code " + std::to_string(c.code_point) + "))";
    } else {
      shown = "Unexpected character ('";
      utf8::append(shown, c.code_point);
      shown += "' (code " + std::to_string(c.code_point) + "))";
    }
    return fail(shown + ": " + expected);
  }

  void skip_blanks() noexcept {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  bool parse_value(Value& out, int depth) {
    if (at_ == end_) return fail_end("");
    switch (*at_) {
      case '{': return parse_object(out, depth + 1);
      case '[': return parse_array(out, depth + 1);
      case '"': {
        std::string_view text;
        if (!parse_string(text)) return false;
        out = Value::string(text);
        return true;
      }
      case 't': return parse_word("true", Value::boolean(true), out);
      case 'f': return parse_word("false", Value::boolean(false), out);
      case 'n': return parse_word("null", Value(), out);
      default:
        if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9')) return parse_number(out);
        return fail_character(
            "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or "
            "'false')");
    }
  }

  static bool is_word_part(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
  }

  bool parse_word(std::string_view word, Value value, Value& out) {
    const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
    if (!rest.starts_with(word) || (rest.size() > word.size() && is_word_part(rest[word.size()]))) {
      size_t length = 0;
      while (length < rest.size() && is_word_part(rest[length])) ++length;
      return fail("Unrecognized token '" + std::string(rest.substr(0, length)) +
                  "': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
                  "'false')");
    }
    at_ += word.size();
    out = value;
    return true;
  }

  bool parse_number(Value& out) {
    const char* start = at_;
    const bool negative = *at_ == '-';
    if (negative) ++at_;
    const char* digits = at_;
    uint64_t integer = 0;  // wraps modulo 2^64, as the reference's longValue does
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') {
      integer = integer * 10 + static_cast<uint64_t>(*at_ - '0');
      ++at_;
    }
    if (at_ == digits) return fail_character("Expected digit (0-9) to follow minus sign, for valid numeric value");
    bool fraction = false;
    if (at_ < end_ && *at_ == '.') {
      fraction = true;
      if (!digits_after("Decimal point not followed by a digit")) return false;
    }
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
      fraction = true;
      if (at_ + 1 < end_ && (at_[1] == '+' || at_[1] == '-')) ++at_;
      if (!digits_after("Exponent indicator not followed by a digit")) return false;
    }
    if (at_ < end_ && is_word_part(*at_)) return fail_character("Expected space separating root-level values");
    constexpr ptrdiff_t kSafeDigits = 18;  // always fit in an int64
    if (exact_ && (fraction || at_ - digits > kSafeDigits)) {
      out = parse_decimal({start, static_cast<size_t>(at_ - start)}, arena_);
      if (fraction || !fits_int64(digits, negative)) return true;
    }
    if (!fraction) {
      out = Value::int64(static_cast<int64_t>(negative ? 0 - integer : integer));
      return true;
    }
    double value = 0;
    std::from_chars(start, at_, value);
    if (value == 0 || value != value) value = to_double(start);
    out = Value::float64(value);
    return true;
  }

  bool fits_int64(const char* digits, bool negative) const noexcept {
    uint64_t magnitude = 0;
    const auto [end, error] = std::from_chars(digits, at_, magnitude);
    const uint64_t most = uint64_t{1} << 63U;
    return error == std::errc() && (negative ? magnitude <= most : magnitude < most);
  }

  // Out of range: from_chars leaves the value alone, Java gives infinity or zero.
  double to_double(const char* start) const {
    return std::strtod(std::string(start, at_).c_str(), nullptr);
  }

  bool digits_after(const char* message) {
    const char* from = ++at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != from || fail_character(message);
  }

  bool parse_array(Value& out, int depth) {
    if (depth > kMaxJsonDepth) return fail_depth();
    const size_t mark = values_.size();
    ++at_;
    skip_blanks();
    if (at_ < end_ && *at_ == ']') {
      ++at_;
      out = Value::array({});
      return true;
    }
    while (true) {
      Value element;
      skip_blanks();
      if (!parse_value(element, depth)) return false;
      values_.push_back(element);
      skip_blanks();
      if (at_ == end_) return fail_end(": expected close marker for Array");
      if (*at_ == ']') break;
      if (*at_ != ',') return fail_character("was expecting comma to separate Array entries");
      ++at_;
    }
    ++at_;
    const auto elements = arena_.make_array<Value>(values_.size() - mark);
    std::copy(values_.begin() + static_cast<ptrdiff_t>(mark), values_.end(), elements.begin());
    values_.resize(mark);
    out = Value::array(elements);
    return true;
  }

  bool parse_object(Value& out, int depth) {
    if (depth > kMaxJsonDepth) return fail_depth();
    const size_t mark = entries_.size();
    ++at_;
    skip_blanks();
    if (at_ < end_ && *at_ == '}') {
      ++at_;
      out = Value::map({});
      return true;
    }
    while (true) {
      skip_blanks();
      if (at_ == end_) return fail_end(": expected close marker for Object");
      if (*at_ != '"') return fail_character("was expecting double-quote to start field name");
      std::string_view name;
      if (!parse_string(name)) return false;
      skip_blanks();
      if (at_ == end_ || *at_ != ':') {
        return fail_character("was expecting a colon to separate field name and value");
      }
      ++at_;
      skip_blanks();
      Value value;
      if (!parse_value(value, depth)) return false;
      add_entry(mark, name, value);
      skip_blanks();
      if (at_ == end_) return fail_end(": expected close marker for Object");
      if (*at_ == '}') break;
      if (*at_ != ',') return fail_character("was expecting comma to separate Object entries");
      ++at_;
    }
    ++at_;
    const auto entries = arena_.make_array<MapEntry>(entries_.size() - mark);
    std::copy(entries_.begin() + static_cast<ptrdiff_t>(mark), entries_.end(), entries.begin());
    entries_.resize(mark);
    if (entries.size() > kSmallObject) {
      out = Value::map(without_duplicates(entries));
    } else {
      out = Value::map(entries);
    }
    return true;
  }

  bool fail_depth() {
    return fail("Document nesting depth (" + std::to_string(kMaxJsonDepth + 1) +
                ") exceeds the maximum allowed (" + std::to_string(kMaxJsonDepth) + ")");
  }

  // Duplicate keys: the last value wins, at the place of the first.
  void add_entry(size_t mark, std::string_view name, Value value) {
    if (entries_.size() - mark < kSmallObject) {
      for (size_t i = mark; i < entries_.size(); ++i) {
        if (entries_[i].key.as_string() == name) {
          entries_[i].value = value;
          return;
        }
      }
    }
    entries_.push_back({Value::string(name), value});
  }

  // Large objects: sorted by name, later entries after earlier ones, instead of n^2 comparisons.
  static std::span<MapEntry> without_duplicates(std::span<MapEntry> entries) {
    std::vector<uint32_t> order(entries.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return entries[a].key.as_string() < entries[b].key.as_string();
    });
    std::vector<bool> drop(entries.size());
    bool any = false;
    for (size_t i = 1, first = 0; i < order.size(); ++i) {
      if (entries[order[i]].key.as_string() != entries[order[first]].key.as_string()) {
        first = i;
        continue;
      }
      entries[order[first]].value = entries[order[i]].value;
      drop[order[i]] = any = true;
    }
    if (!any) return entries;
    size_t kept = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (!drop[i]) entries[kept++] = entries[i];
    }
    return entries.first(kept);
  }

  // At an opening quote. Without escapes the result points into the input.
  bool parse_string(std::string_view& out) {
    const char* start = ++at_;
    bool ascii = true;
    while (at_ < end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        out = {start, static_cast<size_t>(at_ - start)};
        ++at_;
        return ascii || check_utf8(out);
      }
      if (c == '\\') return parse_escaped_string(start, out);
      if (c < 0x20) {
        return fail("Illegal unquoted character ((CTRL-CHAR, code " + std::to_string(c) +
                    ")): has to be escaped using backslash to be included in string value");
      }
      if (c >= 0x80) ascii = false;
      ++at_;
    }
    return fail_end(" in VALUE_STRING");
  }

  bool check_utf8(std::string_view text) {
    if (utf8::is_valid(text)) return true;
    while (true) {
      const utf8::Decoded decoded = utf8::decode(text);
      if (!decoded.valid) break;
      text.remove_prefix(decoded.length);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    char hex[8];
    const bool start_byte = text.size() < 2 || bytes[0] < 0xC2 || bytes[0] > 0xF4;
    std::snprintf(hex, sizeof hex, "%02x", start_byte ? bytes[0] : bytes[1]);
    return fail(std::string("Invalid UTF-8 ") + (start_byte ? "start" : "middle") + " byte 0x" +
                hex);
  }

  bool parse_escaped_string(const char* start, std::string_view& out) {
    scratch_.assign(start, at_);
    while (at_ < end_ && *at_ != '"') {
      const auto c = static_cast<unsigned char>(*at_++);
      if (c < 0x20) {
        return fail("Illegal unquoted character ((CTRL-CHAR, code " + std::to_string(c) +
                    ")): has to be escaped using backslash to be included in string value");
      }
      if (c != '\\') {
        scratch_ += static_cast<char>(c);
      } else if (!parse_escape()) {
        return false;
      }
    }
    if (at_ == end_) return fail_end(" in VALUE_STRING");
    ++at_;
    out = arena_.copy(scratch_);
    return check_utf8(out);
  }

  bool parse_escape() {
    if (at_ == end_) return fail_end(" in character escape sequence");
    switch (const char c = *at_++) {
      case 'b': scratch_ += '\b'; return true;
      case 't': scratch_ += '\t'; return true;
      case 'n': scratch_ += '\n'; return true;
      case 'f': scratch_ += '\f'; return true;
      case 'r': scratch_ += '\r'; return true;
      case '"':
      case '/':
      case '\\': scratch_ += c; return true;
      case 'u': return parse_unicode();
      default: --at_; return fail_character("Unrecognized character escape");
    }
  }

  bool parse_unicode() {
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
    if (code >= 0xD800 && code < 0xE000) code = '?';
    utf8::append(scratch_, code);
    return true;
  }

  bool hex4(uint32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      if (at_ == end_) return fail_end(" in character escape sequence");
      const char c = *at_;
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') unit = unit * 16 + static_cast<uint32_t>(c - '0');
      else if (lower >= 'a' && lower <= 'f') unit = unit * 16 + static_cast<uint32_t>(lower - 'a' + 10);
      else return fail_character("expected a hex-digit for character escape sequence");
      ++at_;
    }
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  Arena& arena_;
  bool exact_;
  std::string error_;
  Scratch& scratch_set_ = thread_scratch();
  std::vector<Value>& values_ = scratch_set_.values;
  std::vector<MapEntry>& entries_ = scratch_set_.entries;
  std::string& scratch_ = scratch_set_.text;
};

}  // namespace

std::string parse_json(std::string_view text, Arena& arena, Value& out, JsonNumbers numbers) {
  return Parser(text, arena, numbers).parse(out);
}

}  // namespace millrace
