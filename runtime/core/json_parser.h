#pragma once
// The parser behind parse_json: one pass over the text, values built on per-thread stacks and
// copied into the arena when their container closes.

#include <string>
#include <string_view>
#include <vector>

#include "millrace/json.h"
#include "runtime/core/json_shape.h"

namespace millrace::detail {

/// Stacks of the containers under construction; kept per thread so that parsing allocates nothing.
struct JsonScratch {
  JsonShapes shapes;
  std::vector<Value> values;
  std::vector<MapEntry> entries;
  std::string text;
};

/// What a value stands in.
enum class JsonContext : uint8_t { Root, Array, Object };

class JsonParser {
 public:
  JsonParser(std::string_view text, Arena& arena, JsonNumbers numbers,
             JavaMapOrder* order = nullptr);

  /// False with the reason in error().
  bool parse(Value& out);
  bool parse_members(std::vector<JsonMember>& members);
  /// Bytes up to the end of what was parsed.
  size_t consumed() const noexcept { return static_cast<size_t>(at_ - begin_); }
  std::string take_error() { return std::move(error_); }

 private:
  using Context = JsonContext;

  void skip_blanks() noexcept {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  void skip_byte_order_mark() noexcept;
  bool parse_value(Value& out, int depth, Context context);
  bool parse_word(std::string_view word, Value value, Value& out);
  bool parse_array(Value& out, int depth);
  bool parse_object(Value& out, int depth);
  bool parse_member(JsonMember& member, int depth);
  bool parse_member_value(JsonScalar& out, int depth);
  Value close_object(size_t mark, const JsonShape* shape, size_t known, int depth);
  void add_entry(size_t mark, std::string_view name, Value value);

  bool parse_number(Value& out, Context context);
  bool parse_fraction(const char* start, bool zero, Value& out);
  bool parse_short_fraction(std::string_view text, Value& out) const noexcept;
  bool digits_after(const char* message, Context context);
  bool check_number_end(Context context);
  bool parse_big_integer(const char* start, uint64_t wrapped, Value& out);

  bool parse_string(std::string_view& out, bool name);
  bool check_length(std::string_view text, bool name);
  bool parse_string_slowly(const char* start, std::string_view& out, bool name);
  bool append_lenient(std::string_view raw, bool name);
  bool parse_escape();
  bool parse_unicode();
  bool hex4(uint32_t& unit);

  // Every one returns false, so that a caller can return it. The first error stays.
  bool fail(std::string message, const char* place);
  bool fail_without_place(std::string message);
  bool fail_end(std::string_view where);
  bool fail_open_end(Context context, const char* start);
  bool fail_character(std::string_view comment, std::string_view where = {});
  bool fail_separator(std::string_view comment);
  bool fail_close_marker(Context context, const char* start);
  bool fail_value(Context context);
  bool fail_token();
  bool fail_control(bool name);
  bool fail_depth();
  bool fail_text_length(size_t length, size_t limit, bool name);
  bool fail_length(ptrdiff_t digits);
  bool fail_exponent(std::string_view text);
  std::string location(const char* place) const;

  const char* begin_;
  const char* at_;
  const char* end_;
  Arena& arena_;
  JsonNumbers numbers_;
  JavaMapOrder* order_;
  JsonScratch& scratch_;
  std::string error_;
};

}  // namespace millrace::detail
