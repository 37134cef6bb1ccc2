#pragma once
// "Did you mean": names at a small edit distance.

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Damerau-Levenshtein distance (adjacent transpositions count one), ignoring ASCII case.
size_t edit_distance(std::string_view a, std::string_view b);

/// Those of `names` close to `wanted` (at most a third of its length, at least 2), best first.
std::vector<std::string> nearest_names(std::string_view wanted,
                                       const std::vector<std::string>& names, size_t limit);

}  // namespace millrace
