#include "runtime/plugins/plugin_version.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace millrace {
namespace {

std::string_view next_part(std::string_view& rest) noexcept {
  const size_t end = std::min(rest.find_first_of(".-"), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part.empty() ? std::string_view("0") : part;
}

/// -1 for a word.
int64_t number(std::string_view part) noexcept {
  int64_t value = -1;
  std::from_chars(part.data(), part.data() + part.size(), value);
  return value;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) noexcept {
  while (!a.empty() || !b.empty()) {
    const std::string_view left = next_part(a);
    const std::string_view right = next_part(b);
    const int64_t x = number(left);
    const int64_t y = number(right);
    if (x != y) return x < y ? -1 : 1;
    if (x < 0 && left != right) return left < right ? -1 : 1;
  }
  return 0;
}

}  // namespace millrace
