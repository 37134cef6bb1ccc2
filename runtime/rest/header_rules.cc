#include "runtime/rest/header_rules.h"

#include <fmt/format.h>

#include <charconv>

#include "millrace/errors.h"
#include "runtime/rest/http_date.h"

namespace millrace::rest {
namespace {

using Action = HeaderRule::Action;

/// Splits at commas outside double quotes, drops the quotes.
std::vector<std::string> split_quoted(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

Action parse_action(std::string_view text) {
  if (equal_ignoring_case(text, "set")) return Action::Set;
  if (equal_ignoring_case(text, "add")) return Action::Add;
  if (equal_ignoring_case(text, "setDate")) return Action::SetDate;
  if (equal_ignoring_case(text, "addDate")) return Action::AddDate;
  throw ConfigException(fmt::format(
      "Invalid header config action: '{}'. Expected one of [set, add, setDate, addDate]", text));
}

[[noreturn]] void bad_format(std::string_view rule) {
  throw ConfigException(fmt::format(
      "Invalid format of header config '{}'. Expected: '[action] [header name]:[header value]'",
      rule));
}

[[noreturn]] void bad_pair(std::string_view pair) {
  throw ConfigException(fmt::format(
      "Invalid format of header name and header value pair '{}'. Expected: '[header "
      "name]:[header value]'",
      pair));
}

/// Characters RFC 9110 allows in a field name; a line feed in a value would forge headers.
bool is_field_name(std::string_view name) {
  for (const char c : name) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alphanumeric && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !name.empty();
}

int64_t parse_offset(std::string_view text, std::string_view rule) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) bad_format(rule);
  return value;
}

HeaderRule parse_rule(std::string_view text) {
  text = trim(text);
  const size_t blank = text.find_first_of(" \t");
  if (blank == std::string_view::npos) bad_format(text);
  HeaderRule rule;
  rule.action = parse_action(text.substr(0, blank));
  const std::string_view pair = trim(text.substr(blank));
  const size_t colon = pair.find(':');
  if (colon == std::string_view::npos) bad_pair(pair);
  const std::string_view name = trim(pair.substr(0, colon));
  const std::string_view value = trim(pair.substr(colon + 1));
  if (value.find_first_of(":\r\n") != std::string_view::npos) bad_pair(pair);
  if (!is_field_name(name)) {
    throw ConfigException(fmt::format(
        "Invalid header name '{}'. The '[header name]' cannot contain whitespace", name));
  }
  rule.name = std::string(name);
  rule.value = std::string(value);
  const bool date = rule.action == Action::SetDate || rule.action == Action::AddDate;
  if (date) rule.offset_ms = parse_offset(value, text);
  return rule;
}

}  // namespace

std::vector<HeaderRule> parse_header_rules(std::string_view text) {
  std::vector<HeaderRule> rules;
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return rules;
  for (const auto& part : split_quoted(text)) rules.push_back(parse_rule(part));
  return rules;
}

void apply(const std::vector<HeaderRule>& rules, HttpHeaders& headers, int64_t now_ms) {
  for (const auto& rule : rules) {
    switch (rule.action) {
      case Action::Set:
        headers.set(rule.name, rule.value);
        break;
      case Action::Add:
        headers.add(rule.name, rule.value);
        break;
      case Action::SetDate:
        headers.set(rule.name, http_date(now_ms + rule.offset_ms));
        break;
      case Action::AddDate:
        headers.add(rule.name, http_date(now_ms + rule.offset_ms));
        break;
    }
  }
}

}  // namespace millrace::rest
