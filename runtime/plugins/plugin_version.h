#pragma once
// Order of plugin versions.

#include <string_view>

namespace millrace {

/// Maven's order for the usual versions: numbers by value, words before numbers and among
/// themselves by spelling, so `2.0-SNAPSHOT` < `2.0` < `10.0`. Negative, 0 or positive.
int compare_versions(std::string_view a, std::string_view b) noexcept;

}  // namespace millrace
