#pragma once
// java.text.SimpleDateFormat in UTC and English: instants to text and leniently back.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::transforms {

/// Immutable after construction; any thread may use it. Dates before 15 October 1582 are of the
/// Julian calendar, as Java's are.
class SimpleDateFormat {
 public:
  /// Throws ErrorKind::IllegalArgument with Java's message for a malformed pattern. Years of two
  /// digits are read as those from 80 years before `now_ms` on.
  SimpleDateFormat(std::string_view pattern, int64_t now_ms);

  /// Appends the text of an instant, in milliseconds since the epoch.
  void format(int64_t epoch_ms, std::string& out) const;
  /// Reads the beginning of `text`; what follows is ignored. False when it does not match.
  bool parse(std::string_view text, int64_t& epoch_ms) const;
  const std::string& pattern() const noexcept { return pattern_; }

 private:
  friend class DateParser;
  /// A run of one letter, or literal text when `letter` is 0.
  struct Item {
    char letter = 0;
    int count = 0;
    std::string text = {};
  };
  void add_text(char c);
  size_t add_quoted(size_t at);
  void add_letters(char letter, int count);

  std::string pattern_;
  std::vector<Item> items_;
  int64_t century_start_ms_;
};

}  // namespace millrace::transforms
