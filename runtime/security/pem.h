#pragma once
// PEM text as Java's properties carry it.

#include <string>
#include <string_view>

namespace millrace::security {

/// Puts every `-----BEGIN X-----...-----END X-----` block of `text` on lines of its own with 64
/// columns, because continuation lines of a properties file arrive as one line, which Java
/// accepts and OpenSSL does not. Throws ConfigException that names `key` and holds nothing of the
/// text when there is no block or one is not closed.
std::string rewrap_pem(std::string_view text, const std::string& key);

}  // namespace millrace::security
