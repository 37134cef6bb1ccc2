#pragma once

#include <string>
#include <string_view>

namespace millrace::lakehouse {

bool is_gzip(std::string_view bytes) noexcept;
std::string gzip(std::string_view bytes);
/// Throws DataException for what is no gzip, or would be above `limit` bytes.
std::string gunzip(std::string_view bytes, size_t limit);

}  // namespace millrace::lakehouse
