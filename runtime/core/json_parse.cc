// Structure of JSON: values, arrays, objects (connect-data.md §3.1 "Read").

#include <algorithm>

#include "runtime/core/json_parser.h"

namespace millrace {
namespace detail {
namespace {

constexpr size_t kSmallObject = 16;  // up to here duplicate keys are found by scanning

JsonScratch& thread_scratch() {
  static thread_local JsonScratch scratch;
  scratch.values.clear();
  scratch.entries.clear();
  return scratch;
}

// Large objects: sorted by name, later entries after earlier ones, instead of n^2 comparisons.
std::span<MapEntry> without_duplicates(std::span<MapEntry> entries) {
  std::vector<uint32_t> order(entries.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto name = [&](uint32_t i) { return entries[i].key.as_string(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return name(a) < name(b); });
  std::vector<bool> drop(entries.size());
  bool any = false;
  for (size_t i = 1, first = 0; i < order.size(); ++i) {
    if (name(order[i]) != name(order[first])) {
      first = i;
      continue;
    }
    entries[order[first]].value = entries[order[i]].value;
    drop[order[i]] = any = true;
  }
  if (!any) return entries;
  size_t kept = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!drop[i]) entries[kept++] = entries[i];
  }
  return entries.first(kept);
}

}  // namespace

JsonParser::JsonParser(std::string_view text, Arena& arena, JsonNumbers numbers,
                       JavaMapOrder* order)
    : begin_(text.data()),
      at_(text.data()),
      end_(text.data() + text.size()),
      arena_(arena),
      numbers_(numbers),
      order_(order),
      scratch_(thread_scratch()) {}

void JsonParser::skip_byte_order_mark() noexcept {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(kMark)) {
    at_ += kMark.size();
  }
}

bool JsonParser::parse(Value& out) {
  out = Value();
  skip_byte_order_mark();
  skip_blanks();
  return at_ == end_ || parse_value(out, 0, Context::Root);
}

bool JsonParser::parse_value(Value& out, int depth, Context context) {
  if (at_ == end_) return fail_open_end(context, nullptr);
  switch (*at_) {
    case '{':
      return parse_object(out, depth + 1);
    case '[':
      return parse_array(out, depth + 1);
    case '"': {
      std::string_view text;
      if (!parse_string(text, false)) return false;
      out = Value::string(text);
      return true;
    }
    case 't':
      return parse_word("true", Value::boolean(true), out);
    case 'f':
      return parse_word("false", Value::boolean(false), out);
    case 'n':
      return parse_word("null", Value(), out);
    default:
      if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9')) return parse_number(out, context);
      return fail_value(context);
  }
}

bool JsonParser::parse_word(std::string_view word, Value value, Value& out) {
  const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
  if (!rest.starts_with(word)) return fail_token();
  if (rest.size() > word.size()) {
    const auto next = static_cast<unsigned char>(rest[word.size()]);
    const bool ends = next < '0' || next == ']' || next == '}';
    const bool letter = (next >= '0' && next <= '9') || next == '_' || next >= 0x80 ||
                        ((next | 0x20U) >= 'a' && (next | 0x20U) <= 'z');
    if (!ends && letter) return fail_token();
    if (next == 0x7F) return fail_token();
  }
  at_ += word.size();
  out = value;
  return true;
}

bool JsonParser::parse_array(Value& out, int depth) {
  if (depth > kMaxJsonDepth) return fail_depth();
  std::vector<Value>& values = scratch_.values;
  const size_t mark = values.size();
  const char* start = at_++;
  skip_blanks();
  if (at_ < end_ && *at_ == ']') {
    ++at_;
    out = Value::array({});
    return true;
  }
  if (at_ == end_) return fail_open_end(Context::Array, start);
  if (*at_ == '}') return fail_close_marker(Context::Array, start);
  while (true) {
    Value element;
    if (!parse_value(element, depth, Context::Array)) return false;
    values.push_back(element);
    skip_blanks();
    if (at_ == end_) return fail_open_end(Context::Array, start);
    if (*at_ == ']') break;
    if (*at_ == '}') return fail_close_marker(Context::Array, start);
    if (*at_ != ',') return fail_separator("was expecting comma to separate Array entries");
    ++at_;
    skip_blanks();
  }
  ++at_;
  const auto elements = arena_.make_array<Value>(values.size() - mark);
  std::copy(values.begin() + static_cast<ptrdiff_t>(mark), values.end(), elements.begin());
  values.resize(mark);
  out = Value::array(elements);
  return true;
}

bool JsonParser::parse_object(Value& out, int depth) {
  if (depth > kMaxJsonDepth) return fail_depth();
  std::vector<MapEntry>& entries = scratch_.entries;
  const size_t mark = entries.size();
  const char* start = at_++;
  skip_blanks();
  if (at_ < end_ && *at_ == '}') {
    ++at_;
    out = Value::map({});
    return true;
  }
  if (at_ == end_) return fail_open_end(Context::Object, start);
  if (*at_ == ']') return fail_close_marker(Context::Object, start);
  const JsonShape* const shape = scratch_.shapes.guess(depth, at_, end_);
  size_t known = 0;  // members so far, all of them, that are the first ones of `shape`
  while (true) {
    JsonMember member;
    const bool in_shape =
        shape != nullptr && known < shape->size() && known == entries.size() - mark;
    if (in_shape) member.name = shape->match(known, at_, end_);
    if (in_shape && member.name.data() != nullptr) {
      at_ += member.name.size() + 2;
      if (!parse_member_value(member.scalar, depth)) return false;
      entries.push_back({Value::string(member.name), member.scalar.value});
      ++known;
    } else {
      if (!parse_member(member, depth)) return false;
      add_entry(mark, member.name, member.scalar.value);
    }
    skip_blanks();
    if (at_ == end_) return fail_open_end(Context::Object, start);
    if (*at_ == '}') break;
    if (*at_ == ']') return fail_close_marker(Context::Object, start);
    if (*at_ != ',') return fail_separator("was expecting comma to separate Object entries");
    ++at_;
    skip_blanks();
  }
  ++at_;
  out = close_object(mark, shape, known, depth);
  return true;
}

Value JsonParser::close_object(size_t mark, const JsonShape* shape, size_t known, int depth) {
  std::vector<MapEntry>& entries = scratch_.entries;
  const std::span<MapEntry> open = std::span(entries).subspan(mark);
  const auto closed = arena_.make_array<MapEntry>(open.size());
  const bool as_guessed = shape != nullptr && known == open.size() && known == shape->size();
  if (!as_guessed) scratch_.shapes.missed(depth, shape, open);
  if (as_guessed && order_ != nullptr) {
    shape->arrange(open.data(), closed.data());
  } else {
    std::copy(open.begin(), open.end(), closed.begin());
  }
  entries.resize(mark);
  if (as_guessed) return Value::map(closed);
  const auto members = closed.size() > kSmallObject ? without_duplicates(closed) : closed;
  if (order_ != nullptr) order_->arrange(members);
  return Value::map(members);
}

bool JsonParser::parse_member(JsonMember& member, int depth) {
  if (at_ == end_) return fail_open_end(Context::Object, nullptr);
  if (*at_ != '"') return fail_separator("was expecting double-quote to start field name");
  return parse_string(member.name, true) && parse_member_value(member.scalar, depth);
}

// Behind its name.
bool JsonParser::parse_member_value(JsonScalar& out, int depth) {
  skip_blanks();
  if (at_ == end_) return fail_open_end(Context::Object, nullptr);
  if (*at_ != ':') {
    return fail_separator("was expecting a colon to separate field name and value");
  }
  ++at_;
  skip_blanks();
  const char* start = at_;
  if (!parse_value(out.value, depth, Context::Object)) return false;
  out.text = {start, static_cast<size_t>(at_ - start)};
  return true;
}

// Duplicate keys: the last value wins, at the place of the first.
void JsonParser::add_entry(size_t mark, std::string_view name, Value value) {
  std::vector<MapEntry>& entries = scratch_.entries;
  if (entries.size() - mark < kSmallObject) {
    for (size_t i = mark; i < entries.size(); ++i) {
      const Value& key = entries[i].key;
      // Size and last byte tell nearly all names apart without a call.
      if (key.size() != name.size()) continue;
      const std::string_view other = key.as_string();
      if (!name.empty() && other.back() != name.back()) continue;
      if (other == name) {
        entries[i].value = value;
        return;
      }
    }
  }
  entries.push_back({Value::string(name), value});
}

bool JsonParser::parse_members(std::vector<JsonMember>& members) {
  skip_byte_order_mark();
  skip_blanks();
  if (at_ == end_) return fail("No content to map due to end-of-input", at_);
  if (*at_ != '{') {
    Value other;
    if (!parse_value(other, 0, Context::Root)) return false;
    return fail("Cannot deserialize value of type `java.util.LinkedHashMap` from " +
                    std::string(other.type() == Type::Array
                                    ? "Array value (token `JsonToken.START_ARRAY`)"
                                    : "a value that is no object"),
                begin_);
  }
  const char* start = at_++;
  skip_blanks();
  if (at_ < end_ && *at_ == '}') {
    ++at_;
    return true;
  }
  while (true) {
    JsonMember member;
    if (!parse_member(member, 1)) return false;
    members.push_back(member);
    skip_blanks();
    if (at_ == end_) return fail_open_end(Context::Object, start);
    if (*at_ == '}') break;
    if (*at_ == ']') return fail_close_marker(Context::Object, start);
    if (*at_ != ',') return fail_separator("was expecting comma to separate Object entries");
    ++at_;
    skip_blanks();
  }
  ++at_;
  return true;
}

}  // namespace detail

std::string parse_json(std::string_view text, Arena& arena, Value& out, JsonNumbers numbers,
                       size_t* consumed, JavaMapOrder* order) {
  detail::JsonParser parser(text, arena, numbers, order);
  const bool ok = parser.parse(out);
  if (consumed != nullptr) *consumed = parser.consumed();
  return ok ? std::string() : parser.take_error();
}

bool parse_json_object(std::string_view text, Arena& arena, std::vector<JsonMember>& members,
                       std::string& error, JsonNumbers numbers) {
  detail::JsonParser parser(text, arena, numbers);
  const bool ok = parser.parse_members(members);
  error = parser.take_error();
  return ok;
}

}  // namespace millrace
