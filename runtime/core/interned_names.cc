#include "runtime/core/interned_names.h"

#include <array>
#include <cstring>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace millrace {
namespace {

// No destructor runs before the last thread that holds a value has ended.
std::array<char, kInternedBytes> memory;

struct Names {
  std::mutex mutex;
  std::unordered_set<std::string_view> known;
  size_t used = 0;
};

Names& names() {
  static Names& instance = *new Names;
  return instance;
}

}  // namespace

bool intern_names(std::span<std::string_view> wanted) {
  Names& all = names();
  const std::lock_guard lock(all.mutex);
  size_t missing = 0;
  for (const std::string_view name : wanted) {
    if (!all.known.contains(name)) missing += name.size() + 1;
  }
  if (missing > memory.size() - all.used) return false;
  for (std::string_view& name : wanted) {
    auto known = all.known.find(name);
    if (known == all.known.end()) {
      char* const copy = memory.data() + all.used;
      if (!name.empty()) std::memcpy(copy, name.data(), name.size());
      all.used += name.size() + 1;  // the empty name has an address of its own too
      known = all.known.emplace(copy, name.size()).first;
    }
    name = *known;
  }
  return true;
}

bool is_interned(const char* text) noexcept {
  const auto at = reinterpret_cast<uintptr_t>(text);
  const auto begin = reinterpret_cast<uintptr_t>(memory.data());
  return at - begin < memory.size();
}

}  // namespace millrace
