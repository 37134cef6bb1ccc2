#pragma once
// Standard base64 (RFC 4648 §4), padded, without line breaks, as java.util.Base64 has it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace {

void append_base64(std::string& out, std::span<const uint8_t> bytes);
/// Appends the decoded bytes; false (with `out` unchanged in meaning) for anything but padded
/// standard base64.
bool decode_base64(std::string_view text, std::string& out);

}  // namespace millrace
