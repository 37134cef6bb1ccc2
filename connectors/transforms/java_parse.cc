// Text to numbers as Integer.parseInt and Double.parseDouble read it.

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

#include "connectors/transforms/cast_value.h"

namespace millrace::transforms {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) noexcept {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/// Walks over the grammar of Double.valueOf.
class RealScanner {
 public:
  explicit RealScanner(std::string_view text) : text_(text) {}

  /// True when the whole text is a number; number() is then what strtod reads.
  bool scan() {
    if (at('+') || at('-')) ++at_;
    if (rest() == "NaN" || rest() == "Infinity") {
      end_ = text_.size();
      return true;
    }
    const bool hex = text_.size() > at_ + 1 && text_[at_] == '0' && (text_[at_ + 1] | 0x20) == 'x';
    if (hex) at_ += 2;
    if (!digits(hex) || !exponent(hex)) return false;
    end_ = at_;
    if (at_ < text_.size() && ((text_[at_] | 0x20) == 'f' || (text_[at_] | 0x20) == 'd')) ++at_;
    return at_ == text_.size();
  }
  std::string_view number() const noexcept { return text_.substr(0, end_); }

 private:
  bool at(char c) const noexcept { return at_ < text_.size() && text_[at_] == c; }
  std::string_view rest() const noexcept { return text_.substr(at_); }
  size_t run(bool hex) noexcept {
    const size_t begin = at_;
    while (at_ < text_.size() && (hex ? is_hex(text_[at_]) : is_digit(text_[at_]))) ++at_;
    return at_ - begin;
  }
  bool digits(bool hex) noexcept {
    size_t count = run(hex);
    if (at('.')) {
      ++at_;
      count += run(hex);
    }
    return count > 0;
  }
  bool exponent(bool hex) noexcept {
    const bool present = at_ < text_.size() && (text_[at_] | 0x20) == (hex ? 'p' : 'e');
    if (!present) return !hex;
    ++at_;
    if (at('+') || at('-')) ++at_;
    return run(false) > 0;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t end_ = 0;
};

}  // namespace

bool parse_java_integer(std::string_view text, int64_t min, int64_t max, int64_t& out) {
  std::string_view digits = text;
  if (digits.starts_with('+') || digits.starts_with('-')) digits.remove_prefix(1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, out);
  return ec == std::errc() && at == end && out >= min && out <= max;
}

bool parse_java_real(std::string_view text, bool single, double& out) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  RealScanner scanner(text);
  if (!scanner.scan()) return false;
  constexpr size_t kShort = 64;
  char buffer[kShort];
  std::string copy;
  const std::string_view number = scanner.number();
  const char* begin = buffer;
  if (number.size() < kShort) {
    buffer[number.copy(buffer, number.size())] = '\0';
  } else {
    copy = number;
    begin = copy.c_str();
  }
  out = single ? double{std::strtof(begin, nullptr)} : std::strtod(begin, nullptr);
  return true;
}

}  // namespace millrace::transforms
