// Parsing and printing of single configuration values (connect-configs.md §1).

#include <charconv>
#include <cstdlib>

#include "millrace/config_def.h"
#include "millrace/json.h"
#include "millrace/text.h"

namespace millrace {
namespace {

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

template <class Int>
bool parse_integer(std::string_view text, ConfigValue& out) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  out = value;
  return true;
}

size_t skip_digits(std::string_view text, size_t at, bool hexadecimal) noexcept {
  const auto is_digit = [hexadecimal](char c) {
    return (c >= '0' && c <= '9') ||
           (hexadecimal && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
  };
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// Length of the number that unsigned `text` starts with, by Java's grammar; 0: none.
size_t double_length(std::string_view text) noexcept {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const size_t begin = hexadecimal ? 2 : 0;
  size_t at = skip_digits(text, begin, hexadecimal);
  size_t digits = at - begin;
  if (at < text.size() && text[at] == '.') {
    const size_t end = skip_digits(text, at + 1, hexadecimal);
    digits += end - at - 1;
    at = end;
  }
  if (digits == 0) return 0;
  const std::string_view marks = hexadecimal ? "pP" : "eE";
  if (at == text.size() || marks.find(text[at]) == std::string_view::npos) {
    return hexadecimal ? 0 : at;  // a hexadecimal number needs its exponent
  }
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const size_t end = skip_digits(text, at, false);
  return end == at ? 0 : end;
}

// Double.parseDouble: no "inf" or "nan" as C has, but a type suffix.
bool parse_double(std::string_view text, ConfigValue& out) {
  std::string_view number = text;
  if (number.starts_with('+') || number.starts_with('-')) number.remove_prefix(1);
  if (number != "NaN" && number != "Infinity") {
    const size_t length = double_length(number);
    if (length == 0) return false;
    const std::string_view suffix = number.substr(length);
    if (suffix.size() > 1 || std::string_view("dDfF").find(suffix) == std::string_view::npos) {
      return false;
    }
  }
  out = std::strtod(std::string(text).c_str(), nullptr);
  return true;
}

std::string java_double_text(double value) {
  std::string text;
  append_java_double(text, value);
  return text;
}

/// Empty when parsed, else the detail.
std::string parse_text(ConfigType type, std::string_view text, ConfigValue& out) {
  switch (type) {
    case ConfigType::Boolean:
      if (equals_ignoring_case(text, "true") || equals_ignoring_case(text, "false")) {
        out = equals_ignoring_case(text, "true");
        return {};
      }
      return "Expected value to be either true or false";
    case ConfigType::Int:
      return parse_integer<int32_t>(text, out) ? "" : "Not a number of type INT";
    case ConfigType::Short:
      return parse_integer<int16_t>(text, out) ? "" : "Not a number of type SHORT";
    case ConfigType::Long:
      return parse_integer<int64_t>(text, out) ? "" : "Not a number of type LONG";
    case ConfigType::Double:
      return parse_double(text, out) ? "" : "Not a number of type DOUBLE";
    case ConfigType::List: {
      const std::string copy(text);
      out = split_list(&copy);
      return {};
    }
    case ConfigType::Password:
      out = Password(std::string(text));
      return {};
    case ConfigType::String:
    case ConfigType::Class:
      out = std::string(text);
      return {};
  }
  return "unknown type";
}

}  // namespace

std::string parse_config_value(const ConfigKey& key, const std::string* text, ConfigValue& out) {
  out = std::monostate{};
  if (text == nullptr) {
    if (key.required) {
      return "Missing required configuration \"" + key.name + "\" which has no default value.";
    }
    if (!key.default_text) return {};
    text = &*key.default_text;
  }
  const std::string detail = parse_text(key.type, java_trim(*text), out);
  if (detail.empty()) return {};
  // As given, blanks included. Types that may be secret take any text, so none is shown here.
  return "Invalid value " + *text + " for configuration " + key.name + ": " + detail;
}

namespace detail {
std::string default_text(const ConfigValue& value) {
  if (const auto* secret = std::get_if<Password>(&value)) return secret->value();
  return config_value_text(value).value_or("");
}
}  // namespace detail

std::optional<std::string> config_value_text(const ConfigValue& value) {
  struct Printer {
    std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
    std::optional<std::string> operator()(bool v) const { return v ? "true" : "false"; }
    std::optional<std::string> operator()(const std::string& v) const { return v; }
    std::optional<std::string> operator()(int16_t v) const { return std::to_string(v); }
    std::optional<std::string> operator()(int32_t v) const { return std::to_string(v); }
    std::optional<std::string> operator()(int64_t v) const { return std::to_string(v); }
    std::optional<std::string> operator()(double v) const { return java_double_text(v); }
    std::optional<std::string> operator()(const std::vector<std::string>& v) const {
      return join(v, ",");
    }
    std::optional<std::string> operator()(const Password&) const {
      return std::string(Password::kHidden);
    }
  };
  return std::visit(Printer{}, value);
}

std::string_view config_type_name(ConfigType type) noexcept {
  static constexpr std::string_view kNames[] = {"BOOLEAN", "STRING", "INT",   "SHORT",   "LONG",
                                                "DOUBLE",  "LIST",   "CLASS", "PASSWORD"};
  return kNames[static_cast<size_t>(type)];
}
std::string_view importance_name(Importance importance) noexcept {
  static constexpr std::string_view kNames[] = {"HIGH", "MEDIUM", "LOW"};
  return kNames[static_cast<size_t>(importance)];
}
std::string_view width_name(Width width) noexcept {
  static constexpr std::string_view kNames[] = {"NONE", "SHORT", "MEDIUM", "LONG"};
  return kNames[static_cast<size_t>(width)];
}

}  // namespace millrace
