#pragma once
// Percent encoding (RFC 3986).

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::http {

/// All but letters, digits, `-._~` and what `keep` has as `%XX`.
std::string percent_encoded(std::string_view text, std::string_view keep = {});

/// `a=1&b=2`, each part encoded.
std::string query_text(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace millrace::http
