#pragma once
// Fields by their names.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

/// Places of names, exact or without regard to the case of ASCII letters. Finding allocates nothing but
/// for the first long name. Used by one thread.
class FieldNames {
 public:
  static constexpr int32_t kNone = -1;

  explicit FieldNames(bool ignore_case) : ignore_case_(ignore_case) {}
  FieldNames(const std::vector<NestedField>& fields, bool ignore_case) : ignore_case_(ignore_case) {
    for (const NestedField& field : fields) add(field.name);
  }

  /// The next place is that of the name. False: it has one; then it keeps that.
  bool add(std::string_view name) {
    return places_.try_emplace(std::string(folded(name)), next_++).second;
  }
  int32_t find(std::string_view name) {
    const auto at = places_.find(folded(name));
    return at == places_.end() ? kNone : at->second;
  }

 private:
  /// Finds by views of texts.
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
  };

  std::string_view folded(std::string_view name) {
    if (!ignore_case_) return name;
    lower_.assign(name);
    for (char& c : lower_) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower_;
  }

  bool ignore_case_;
  std::string lower_;
  std::unordered_map<std::string, int32_t, NameHash, std::equal_to<>> places_;
  int32_t next_ = 0;
};

}  // namespace millrace::lakehouse
