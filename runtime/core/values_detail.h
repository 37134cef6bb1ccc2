#pragma once
// Parts of Values.parseString (connect-data.md §2.2): tokens, temporal text, numbers, merging.

#include <optional>
#include <string_view>
#include <vector>

#include "millrace/record.h"

namespace millrace::detail {

/// A parsed element; `schema` null for null.
struct ParsedValue {
  SchemaPtr schema;
  Value value;
};

/// Cuts text into single delimiters and the runs between them. A blank token is lost once the text
/// after it has been looked at, as in the reference.
class ValueTokens {
 public:
  explicit ValueTokens(std::string_view text) : text_(text) {}
  bool has_next() const noexcept { return looked_at_ || at_ < text_.size(); }
  size_t mark() const noexcept { return at_ - (looked_at_ ? token_.size() : 0); }
  void rewind(size_t mark) noexcept;
  std::string_view original() const noexcept { return text_; }
  std::string_view next() noexcept;
  bool consume(std::string_view wanted, bool trimmed = true) noexcept;

 private:
  std::string_view cut() noexcept;

  std::string_view text_;
  size_t at_ = 0;
  std::string_view token_;
  bool looked_at_ = false;  // token_ is the next one
};

/// Date, time or timestamp by the exact length of `text`; `\:` stands for `:`. Lenient as
/// SimpleDateFormat, in the local time zone.
std::optional<ParsedValue> parse_temporal(std::string_view text);

/// A decimal literal as the smallest type that takes it.
std::optional<ParsedValue> parse_value_number(std::string_view text, Arena& arena);

/// Schema all non-null elements fit; null when there is none.
SchemaPtr common_schema(const std::vector<ParsedValue>& elements);

/// `element` as `schema` wants it; false for null and for what does not fit.
bool convert_element(const Schema& schema, const ParsedValue& element, Value& out);

}  // namespace millrace::detail
