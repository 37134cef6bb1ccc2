#pragma once
// Cuts a stream of bytes into lines as java.io readers do: `\n`, `\r\n` or `\r` end a line; a `\r`
// at the end of what is known waits for the next byte.

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace millrace::file {

struct Line {
  std::string_view text;  // without its line end
  size_t consumed;        // bytes including the line end
};

/// First complete line of `bytes`; nullopt while there is none.
inline std::optional<Line> first_line(std::string_view bytes) noexcept {
  const auto* feed = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
  const size_t until = feed != nullptr ? static_cast<size_t>(feed - bytes.data()) : bytes.size();
  // Looked for only before the line feed, so a file without returns is scanned twice at most.
  const auto* ret = static_cast<const char*>(std::memchr(bytes.data(), '\r', until));
  if (ret == nullptr) {
    if (feed == nullptr) return std::nullopt;
    return Line{bytes.substr(0, until), until + 1};
  }
  const auto end = static_cast<size_t>(ret - bytes.data());
  if (end + 1 == bytes.size()) return std::nullopt;
  return Line{bytes.substr(0, end), end + (bytes[end + 1] == '\n' ? 2U : 1U)};
}

}  // namespace millrace::file
