// Java's text of floating point numbers: shortest digits that round-trip (JDK 19 and newer), laid
// out as Double.toString does: plain for 1e-3 <= |x| < 1e7, else computerised scientific notation.

#include "runtime/core/java_double.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "millrace/json.h"

namespace millrace {
namespace {

constexpr int kPlainMinExponent = -3;
constexpr int kPlainMaxExponent = 7;

/// Writes into memory that the caller has made large enough.
class Pen {
 public:
  explicit Pen(char* at) noexcept : at_(at) {}
  void put(char c) noexcept { *at_++ = c; }
  void put(std::string_view text) noexcept {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void fill(size_t count, char c) noexcept {
    std::memset(at_, c, count);
    at_ += count;
  }
  char* at() const noexcept { return at_; }

 private:
  char* at_;
};

/// Values with up to three decimals, the common ones: `value` is `thousandths` / 1000 correctly
/// rounded, and of decimals with at most 15 digits only one is, which is the shortest therefore.
bool write_thousandths(Pen& pen, double value) noexcept {
  constexpr double kScale = 1000;
  const auto thousandths = static_cast<uint64_t>(value * kScale + 0.5);
  if (static_cast<double>(thousandths) / kScale != value) return false;
  uint64_t fraction = thousandths % 1000;
  char* const whole_end = std::to_chars(pen.at(), pen.at() + 8, thousandths / 1000).ptr;
  pen = Pen(whole_end);
  pen.put('.');
  do {
    pen.put(static_cast<char>('0' + fraction / 100));
    fraction = fraction % 100 * 10;
  } while (fraction != 0);
  return true;
}

/// The digits of the shortest form without sign and point, at least one, and the exponent of the
/// first.
template <class Float>
int shortest_digits(Float value, char* buffer, size_t size, std::string_view& digits) noexcept {
  constexpr auto kScientific = std::chars_format::scientific;
  char* end = std::to_chars(buffer, buffer + size, value, kScientific).ptr;
  // Java shows two digits at least, and where one would do the nearest of two: 4.9E-324.
  if (buffer[1] != '.') end = std::to_chars(buffer, buffer + size, value, kScientific, 1).ptr;
  char* const e = std::find(buffer, end, 'e');
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
  buffer[1] = buffer[0];  // "d.ddde[+-]xx": the point goes
  const bool one = e == buffer + 3 && buffer[2] == '0';
  digits = {buffer + 1, one ? 1 : static_cast<size_t>(e - buffer - 1)};
  return exponent;
}

template <class Float>
void write_shortest(Pen& pen, Float value) noexcept {
  char buffer[40];
  std::string_view digits;
  const int exponent = shortest_digits(value, buffer, sizeof buffer, digits);
  if (exponent >= kPlainMinExponent && exponent < 0) {
    pen.put("0.");
    pen.fill(static_cast<size_t>(-exponent - 1), '0');
    pen.put(digits);
  } else if (exponent >= 0 && exponent < kPlainMaxExponent) {
    const auto whole = static_cast<size_t>(exponent) + 1;
    pen.put(digits.substr(0, whole));
    if (digits.size() <= whole) pen.fill(whole - digits.size(), '0');
    pen.put('.');
    pen.put(digits.size() <= whole ? "0" : digits.substr(whole));
  } else {
    pen.put(digits[0]);
    pen.put('.');
    pen.put(digits.size() == 1 ? "0" : digits.substr(1));
    pen.put('E');
    pen = Pen(std::to_chars(pen.at(), pen.at() + 8, exponent).ptr);
  }
}

template <class Float>
char* write(char* out, Float value) noexcept {
  Pen pen(out);
  if (std::isnan(value)) {
    pen.put("NaN");
    return pen.at();
  }
  if (std::signbit(value)) pen.put('-');
  const Float magnitude = std::fabs(value);
  if (std::isinf(value)) {
    pen.put("Infinity");
  } else if (value == 0) {
    pen.put("0.0");
  } else {
    constexpr double kLeast = 1e-3;
    constexpr double kLimit = 1e7;
    const bool plain = std::is_same_v<Float, double> && magnitude >= kLeast && magnitude < kLimit;
    if (!plain || !write_thousandths(pen, magnitude)) write_shortest(pen, magnitude);
  }
  return pen.at();
}

template <class Float>
void append(std::string& out, Float value) {
  char buffer[kJavaFloatSize];
  out.append(buffer, static_cast<size_t>(write(buffer, value) - buffer));
}

}  // namespace

char* write_java_double(char* out, double value) noexcept { return write(out, value); }
char* write_java_float(char* out, float value) noexcept { return write(out, value); }
void append_java_double(std::string& out, double value) { append(out, value); }
void append_java_float(std::string& out, float value) { append(out, value); }

}  // namespace millrace
