#include "millrace/properties.h"

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

}  // namespace millrace
