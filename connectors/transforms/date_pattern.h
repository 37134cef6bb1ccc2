#pragma once
// Instants as text in the patterns of java.text.SimpleDateFormat, in UTC and in English.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::transforms {

/// Immutable after construction; any thread may format.
class DatePattern {
 public:
  DatePattern() = default;
  /// Throws ErrorKind::IllegalArgument with Java's message for a malformed pattern.
  explicit DatePattern(std::string_view pattern);

  /// Appends the text of an instant, in milliseconds since the epoch and not before it.
  void append(std::string& out, int64_t epoch_ms) const;

 private:
  /// A run of one letter, or literal text when `letter` is 0.
  struct Item {
    char letter = 0;
    int count = 0;
    std::string text = {};
  };
  void add_text(char c);
  size_t add_quoted(std::string_view pattern, size_t at);
  void add_letters(char letter, int count);

  std::vector<Item> items_;
};

}  // namespace millrace::transforms
