#include "runtime/worker/rest_validators.h"

#include <algorithm>
#include <array>

namespace millrace {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";
constexpr std::array<std::string_view, 4> kActions = {"set", "add", "setDate", "addDate"};

std::string trim(const std::string& text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

/// Splits at commas outside double quotes; the quotes are dropped.
std::vector<std::string> split_rules(const std::string& text) {
  std::vector<std::string> rules(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      rules.emplace_back();
    } else {
      rules.back() += c;
    }
  }
  return rules;
}

std::string check_rule(const std::string& text) {
  const std::string rule = trim(text);
  const size_t gap = rule.find_first_of(kBlanks);
  if (gap == std::string::npos) {
    return "Invalid format of header config '" + rule +
           "'. Expected: '[action] [header name]:[header value]'";
  }
  const std::string action = rule.substr(0, gap);
  if (std::none_of(kActions.begin(), kActions.end(), [&action](std::string_view known) {
        return lower(std::string(known)) == lower(action);
      })) {
    return "Invalid header config action: '" + action +
           "'. Expected one of [set, add, setDate, addDate]";
  }
  const std::string header = trim(rule.substr(gap));
  const size_t colon = header.find(':');
  if (colon == std::string::npos || header.find(':', colon + 1) != std::string::npos) {
    return "Invalid format of header name and header value pair '" + header +
           "'. Expected: '[header name]:[header value]'";
  }
  const std::string name = trim(header.substr(0, colon));
  if (name.empty() || name.find_first_of(kBlanks) != std::string::npos) {
    return "Invalid header name '" + name + "'. The '[header name]' cannot contain whitespace";
  }
  return {};
}

}  // namespace

ConfigValidator listener_urls(std::string key, bool may_be_empty) {
  return {[key = std::move(key), may_be_empty](const ConfigValue& value) -> std::string {
            const auto* urls = std::get_if<std::vector<std::string>>(&value);
            if (urls == nullptr || urls->empty()) {
              if (may_be_empty) return {};
              return "at least one URL is expected, ex: "
                     "http://localhost:8080,https://localhost:8443.";
            }
            const bool has_blank = std::any_of(urls->begin(), urls->end(),
                                               [](const auto& url) { return trim(url).empty(); });
            return has_blank ? "Empty URL found when parsing " + key + " list." : "";
          },
          "List of comma-separated URLs, ex: http://localhost:8080,https://localhost:8443."};
}

ConfigValidator header_rules() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr || trim(*text).empty()) return {};
            for (const std::string& rule : split_rules(*text)) {
              if (std::string error = check_rule(rule); !error.empty()) return error;
            }
            return {};
          },
          "Comma-separated rules '[action] [header name]:[header value]', each in double quotes "
          "when it has a comma"};
}

}  // namespace millrace
