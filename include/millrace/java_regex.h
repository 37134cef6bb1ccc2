#pragma once
// Patterns users write for the Java worker: `topics.regex`, topic creation groups, allow lists.

#include <memory>
#include <string>
#include <string_view>

namespace millrace {

/// A pattern in the syntax of java.util.regex: inline flags, look-around, possessive quantifiers,
/// named groups, `\Q...\E`. Works on bytes: `.` is one byte of UTF-8. Refused rather than misread:
/// nested character classes and intersections (`[a-z&&[^b]]`), Unicode properties (`\p{L}`),
/// the flag `i` but as `(?i)` at the very start, and `\p{Lower}` or `\p{Upper}` behind that,
/// escapes above `\u007F`, look-behind of varying length. Nesting and backtracking are bounded, so
/// no pattern of a client can exhaust the stack. Copies share one compiled pattern; any thread may
/// match.
class JavaRegex {
 public:
  /// Throws ErrorKind::IllegalArgument with the reason when the pattern is malformed.
  explicit JavaRegex(std::string_view pattern);
  /// True when the whole of `text` matches. Throws ConnectException when backtracking exceeds the
  /// engine's limit, which only patterns with ambiguous repeats such as `(a*)*b` reach.
  bool matches(std::string_view text) const;
  /// `text` with the first match in it replaced, as Matcher.replaceFirst does: `$1` and `${name}`
  /// in `replacement` are groups, a backslash makes the next character plain. Throws
  /// ErrorKind::IllegalArgument or IndexOutOfBounds for a reference that is malformed or to a group
  /// there is none of, and as matches() does.
  std::string replace_first(std::string_view text, std::string_view replacement) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace millrace
