#pragma once
// Base64 as Jackson's default variant reads it: standard alphabet, padding required, blanks allowed
// between groups of four and around the whole.

#include <optional>
#include <span>
#include <string_view>

#include "millrace/arena.h"

namespace millrace::converters {

/// Decoded bytes in `arena`; nullopt for other text.
std::optional<std::span<const uint8_t>> read_jackson_base64(std::string_view text, Arena& arena);

}  // namespace millrace::converters
