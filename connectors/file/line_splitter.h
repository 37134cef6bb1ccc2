#pragma once
// Cuts a stretch of bytes into lines as java.io readers do: `\n`, `\r\n` or `\r` end a line; a `\r`
// at the end of what is known waits for the next byte.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace millrace::file {

struct Line {
  std::string_view text;  // without its line end
  size_t consumed;        // bytes including the line end
};

/// Looks at every byte at most once for each of the two line ends, whatever their mix.
class LineSplitter {
 public:
  /// `bytes` must outlive this; the first `clean` of them are known to hold no line end.
  explicit LineSplitter(std::string_view bytes, size_t clean = 0) noexcept
      : at_(bytes.data()), end_(at_ + bytes.size()), search_(at_ + clean) {
    feed_ = find('\n', search_, end_);
  }

  /// The next complete line; nullopt when there is none.
  std::optional<Line> next() noexcept {
    if (feed_ < at_) feed_ = find('\n', at_, end_);
    // Looked for only before the line feed, so that the rest is not scanned again for each line.
    const char* stop = find('\r', search_, feed_);
    search_ = stop;
    if (stop == end_) return std::nullopt;
    const char* after = stop + 1;
    if (*stop == '\r') {
      if (after == end_) return std::nullopt;
      if (*after == '\n') ++after;
    }
    const Line line{{at_, static_cast<size_t>(stop - at_)}, static_cast<size_t>(after - at_)};
    at_ = search_ = after;
    return line;
  }

  /// After next() gave nothing: how many of the bytes left are known to hold no line end.
  size_t clean() const noexcept { return static_cast<size_t>(search_ - at_); }

 private:
  static const char* find(char wanted, const char* from, const char* to) noexcept {
    if (from == to) return to;
    const void* found = std::memchr(from, wanted, static_cast<size_t>(to - from));
    return found == nullptr ? to : static_cast<const char*>(found);
  }

  const char* at_;  // start of the next line
  const char* end_;
  const char* search_;  // no line end between at_ and here
  const char* feed_;    // next `\n` at or after search_, or end_
};

}  // namespace millrace::file
