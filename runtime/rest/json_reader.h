#pragma once
// Pull parser for request bodies. It keeps what a document tree would lose: the literal spelling of
// numbers, duplicate keys, the text of nested values. Errors are worded as Jackson words them,
// because tools and Kafka's own tests match on them (connect-rest-api.md §1.2).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/errors.h"

namespace millrace::rest {

/// A body that cannot be read; REST answers 500 with its text.
using JsonError = ErrorOf<ErrorKind::Serialization>;

/// Limits of Jackson, which the Java worker has too.
inline constexpr size_t kMaxBodyDepth = 1000;
inline constexpr size_t kMaxNumberLength = 1000;

enum class JsonToken : uint8_t {
  StartObject,
  EndObject,
  StartArray,
  EndArray,
  FieldName,
  String,
  Number,
  True,
  False,
  Null,
  End  // the first value is complete, or there was none; what follows it is not looked at
};
class JsonReader {
 public:
  /// `text` must outlive the reader. Throws JsonError when it is not UTF-8.
  explicit JsonReader(std::string_view text);

  /// Throws JsonError at a syntax error.
  JsonToken next();
  JsonToken token() const noexcept { return token_; }
  /// Of FieldName and String: unescaped. Of other scalars: their literal text.
  const std::string& text() const noexcept { return value_; }
  /// Skips the value whose first token is the current one and gives its source text.
  std::string_view skip_value();
  /// The current token as Jackson's messages show it, e.g. `JsonToken.START_ARRAY` and `Array
  /// value`.
  std::string_view token_name() const noexcept;
  std::string_view token_description() const noexcept;
  /// ` at [Source: …; line: 1, column: 2]` of the current token, with a line feed in front.
  std::string location() const { return location_of(token_begin_); }

 private:
  struct Container {
    bool object;
    size_t begin;
  };

  JsonToken value(char c);
  JsonToken after_value();
  JsonToken field_or_end(bool may_end);
  JsonToken open(bool object);
  JsonToken close(bool object);
  JsonToken literal();
  JsonToken number();
  JsonToken finish(JsonToken token);
  size_t digits();
  void string(std::string& out);
  void escape(std::string& out);
  uint32_t hex4();
  bool at_end() const noexcept { return position_ == text_.size(); }
  void skip_blanks();
  char require_char();
  [[noreturn]] void fail(const std::string& message, size_t position) const;
  [[noreturn]] void unexpected(std::string_view expectation) const;
  [[noreturn]] void unexpected_end() const;
  std::string location_of(size_t position) const;
  std::string source_of(size_t position) const;

  std::string_view text_;
  size_t position_ = 0;
  size_t token_begin_ = 0;
  JsonToken token_ = JsonToken::End;
  std::string value_;
  std::vector<Container> open_;
  enum class State : uint8_t { Value, FirstItem, FirstField, Colon, AfterValue, Done };
  State state_ = State::Value;
};

}  // namespace millrace::rest
