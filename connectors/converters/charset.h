#pragma once
// The character sets every JVM has (java.nio.charset.StandardCharsets).

#include <optional>
#include <string>
#include <string_view>

#include "connectors/converters/simple_codecs.h"

namespace millrace::converters {

inline constexpr std::string_view kCharsetNames =
    "UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE, UTF-16LE";

/// By Java name or a usual alias, any case.
std::optional<Charset> charset_of(std::string_view name);
/// Bytes to UTF-8; malformed input becomes U+FFFD.
std::string decode_text(std::string_view bytes, Charset charset);
/// UTF-8 to bytes; what the charset does not have becomes `?`.
std::string encode_text(std::string_view text, Charset charset);

}  // namespace millrace::converters
