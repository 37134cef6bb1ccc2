// Java's text of floating point numbers: shortest digits that round-trip (JDK 19 and newer), laid
// out as Double.toString does: plain for 1e-3 <= |x| < 1e7, else computerised scientific notation.

#include <charconv>
#include <cmath>

#include "millrace/json.h"

namespace millrace {
namespace {

constexpr int kPlainMinExponent = -3;
constexpr int kPlainMaxExponent = 7;

template <class Float>
void append_finite(std::string& out, Float value) {
  // "d.ddde[+-]xx": digits and exponent of the shortest form.
  char buffer[40];
  constexpr auto kScientific = std::chars_format::scientific;
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, kScientific).ptr;
  // Java shows two digits at least, and where one would do the nearest of two: 4.9E-324.
  if (std::string_view(buffer, static_cast<size_t>(end - buffer)).find('.') == std::string_view::npos) {
    end = std::to_chars(buffer, buffer + sizeof buffer, value, kScientific, 1).ptr;
  }
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2 && text.substr(2, e - 2) != "0") digits += text.substr(2, e - 2);
  int exponent = 0;
  std::string_view exponent_text = text.substr(e + 1);
  if (exponent_text.front() == '+') exponent_text.remove_prefix(1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);

  if (exponent >= kPlainMinExponent && exponent < 0) {
    out += "0.";
    out.append(static_cast<size_t>(-exponent - 1), '0');
    out += digits;
  } else if (exponent >= 0 && exponent < kPlainMaxExponent) {
    const auto whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole - digits.size() + 1, '0');
    out.append(digits, 0, whole);
    out += '.';
    out.append(digits, whole);
  } else {
    out += digits[0];
    out += '.';
    if (digits.size() > 1) {
      out.append(digits, 1);
    } else {
      out += '0';
    }
    out += 'E';
    out += std::to_string(exponent);
  }
}

template <class Float>
void append(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else if (value == 0) {
    out += std::signbit(value) ? "-0.0" : "0.0";
  } else {
    append_finite(out, value);
  }
}

}  // namespace

void append_java_double(std::string& out, double value) { append(out, value); }
void append_java_float(std::string& out, float value) { append(out, value); }

}  // namespace millrace
