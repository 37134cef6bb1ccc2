#pragma once
// Content-Type and Accept against the one type the resources speak.

#include <string_view>

namespace millrace::rest {

/// `application/json` or a range that covers it, parameters ignored.
bool is_json(std::string_view content_type) noexcept;
/// Whether an Accept header (empty: anything) takes `type`, e.g. `application/json`. Ranges with
/// `q=0` do not.
bool accepts(std::string_view accept, std::string_view type) noexcept;

}  // namespace millrace::rest
