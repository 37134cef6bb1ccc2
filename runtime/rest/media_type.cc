#include "runtime/rest/media_type.h"

#include <algorithm>

#include "runtime/rest/http_types.h"

namespace millrace::rest {
namespace {

/// Whether the range `pattern` (`*`, `*/*`, `text/*`, `text/plain`) covers `type`.
bool covers(std::string_view pattern, std::string_view type) noexcept {
  if (pattern == "*" || pattern == "*/*") return true;
  if (pattern.ends_with("/*")) {
    return equal_ignoring_case(pattern.substr(0, pattern.size() - 2),
                               type.substr(0, type.find('/')));
  }
  return equal_ignoring_case(pattern, type);
}

/// `;q=0`, `;q=0.000`.
bool has_zero_quality(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    const std::string_view one = trim(parameters.substr(0, parameters.find(';')));
    parameters.remove_prefix(std::min(parameters.size(), parameters.find(';')));
    if (!parameters.empty()) parameters.remove_prefix(1);
    if (one.size() < 3 || !equal_ignoring_case(one.substr(0, 2), "q=")) continue;
    return one.substr(2).find_first_not_of("0.") == std::string_view::npos;
  }
  return false;
}

}  // namespace

bool is_json(std::string_view content_type) noexcept {
  return covers(trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

bool accepts(std::string_view accept, std::string_view type) noexcept {
  if (trim(accept).empty()) return true;
  while (!accept.empty()) {
    const std::string_view one = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(accept.size(), one.size() + 1));
    const size_t semicolon = one.find(';');
    if (!covers(trim(one.substr(0, semicolon)), type)) continue;
    if (semicolon == std::string_view::npos || !has_zero_quality(one.substr(semicolon + 1))) {
      return true;
    }
  }
  return false;
}

}  // namespace millrace::rest
