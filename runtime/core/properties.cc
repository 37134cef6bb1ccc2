#include "millrace/properties.h"

#include "millrace/text.h"

namespace millrace {

Properties with_prefix(const Properties& properties, std::string_view prefix) {
  Properties result;
  for (auto at = properties.lower_bound(prefix);
       at != properties.end() && at->first.starts_with(prefix); ++at) {
    result.emplace(at->first.substr(prefix.size()), at->second);
  }
  return result;
}

const std::string* find(const Properties& properties, std::string_view key) noexcept {
  const auto at = properties.find(key);
  return at == properties.end() ? nullptr : &at->second;
}

namespace {

// \s of java.util.regex, which LIST elements are split with.
bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view strip(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<std::string> split_list(const std::string* text) {
  std::vector<std::string> elements;
  if (text == nullptr) return elements;
  std::string_view rest = java_trim(*text);
  if (rest.empty()) return elements;
  while (true) {
    const size_t comma = rest.find(',');
    elements.emplace_back(strip(rest.substr(0, comma)));
    if (comma == std::string_view::npos) return elements;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace millrace
