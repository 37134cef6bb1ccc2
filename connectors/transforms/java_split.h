#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::transforms {

/// String.split at one character: empty parts at the end are left out; text without the character
/// is one part, even when empty.
inline std::vector<std::string> java_split(std::string_view text, char at) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end = text.find(at); end != std::string_view::npos; end = text.find(at, begin)) {
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.emplace_back(text.substr(begin));
  if (parts.size() == 1) return parts;
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace millrace::transforms
