// Values.parseString: grammar and order of attempts of connect-data.md §2.2.

#include <algorithm>
#include <string>

#include "millrace/text.h"
#include "millrace/values.h"
#include "runtime/core/values_detail.h"

namespace millrace {
namespace {

using detail::ParsedValue;
using Attempt = std::optional<ParsedValue>;

constexpr int kMaxDepth = 500;  // nesting beyond it is text

class Parser {
 public:
  Parser(std::string_view text, RecordBatch& batch) : tokens_(text), batch_(batch) {}

  /// nullopt: not parseable at this place.
  Attempt parse(bool embedded, int depth) {
    if (!tokens_.has_next()) return ParsedValue{};
    if (embedded && tokens_.consume("\"")) return quoted();
    const size_t start = tokens_.mark();  // a blank in front of it comes back on a rewind
    if (literal("null", embedded)) return ParsedValue{};
    if (literal("true", embedded)) return boolean(true);
    if (literal("false", embedded)) return boolean(false);
    if (depth < kMaxDepth) {
      const bool is_array = tokens_.consume("[");
      if (is_array || tokens_.consume("{")) {
        if (Attempt collection = is_array ? array(depth + 1) : map(depth + 1)) return collection;
        tokens_.rewind(start);
      }
    }
    const std::string_view token = tokens_.next();
    if (java_trim(token).empty()) return text(token);
    return scalar(java_trim(token), embedded);
  }

 private:
  static ParsedValue boolean(bool value) {
    return {primitive_schema(Type::Boolean), Value::boolean(value)};
  }
  static ParsedValue text(std::string_view value) {
    return {primitive_schema(Type::String), Value::string(value)};
  }

  bool literal(std::string_view word, bool embedded) {
    const size_t start = tokens_.mark();
    if (!tokens_.consume(word)) return false;
    if (embedded || !tokens_.has_next()) return true;
    tokens_.rewind(start);
    return false;
  }

  ParsedValue quoted() {
    // Token by token: a blank one before a delimiter is lost on the way.
    std::string content;
    while (tokens_.has_next() && !tokens_.consume("\"")) content += tokens_.next();
    const Attempt temporal = detail::parse_temporal(content);
    return temporal ? *temporal : text(batch_.arena().copy(content));
  }

  Attempt scalar(std::string_view token, bool embedded) {
    const bool digit = token[0] >= '0' && token[0] <= '9';
    if (digit) {
      if (Attempt temporal = temporal_of_five(token)) return temporal;
      if (Attempt temporal = detail::parse_temporal(token)) return temporal;
    }
    if (digit || token[0] == '+' || token[0] == '-') {
      if (Attempt number = detail::parse_value_number(token, batch_.arena())) return number;
    }
    if (embedded) return std::nullopt;
    return text(tokens_.original());
  }

  // Unescaped colons split times: the token and the four after it may be one.
  Attempt temporal_of_five(std::string_view token) {
    constexpr int kMore = 4;
    const size_t position = tokens_.mark();
    int taken = 0;
    while (taken < kMore && tokens_.has_next()) {
      tokens_.next();
      ++taken;
    }
    if (taken == kMore) {
      const std::string joined =
          std::string(token) +
          std::string(tokens_.original().substr(position, tokens_.mark() - position));
      if (Attempt temporal = detail::parse_temporal(joined)) return temporal;
    }
    tokens_.rewind(position);
    return std::nullopt;
  }

  Attempt array(int depth) {
    std::vector<ParsedValue> elements;
    while (tokens_.has_next()) {
      if (tokens_.consume("]")) return finish_array(elements);
      if (tokens_.consume(",")) return std::nullopt;
      Attempt element = parse(true, depth);
      if (!element) return std::nullopt;
      elements.push_back(std::move(*element));
      const size_t position = tokens_.mark();
      if (tokens_.consume("]")) {
        tokens_.rewind(position);
      } else if (!tokens_.consume(",")) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  Attempt finish_array(const std::vector<ParsedValue>& elements) {
    const SchemaPtr common = detail::common_schema(elements);
    const auto values = batch_.arena().make_array<Value>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
      values[i] = elements[i].value;
      if (common && !detail::convert_element(*common, elements[i], values[i])) return std::nullopt;
    }
    SchemaPtr schema =
        common ? SchemaBuilder::array(common).build() : SchemaBuilder(Type::Array).build();
    return ParsedValue{std::move(schema), Value::array(values)};
  }

  Attempt map(int depth) {
    std::vector<ParsedValue> keys;
    std::vector<ParsedValue> values;
    while (tokens_.has_next()) {
      if (tokens_.consume("}")) return finish_map(keys, values);
      if (tokens_.consume(",")) return std::nullopt;
      Attempt key = parse(true, depth);
      if (!key || key->value.is_null() || !tokens_.consume(":")) return std::nullopt;
      Attempt value = parse(true, depth);
      if (!value) return std::nullopt;
      tokens_.consume(",");
      keys.push_back(std::move(*key));
      values.push_back(std::move(*value));
    }
    return std::nullopt;
  }

  // Of equal keys the last one counts; what the others had is never converted.
  static std::vector<size_t> last_of_each(const std::vector<ParsedValue>& keys) {
    std::vector<size_t> last;
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto same = std::find_if(last.begin(), last.end(), [&](size_t other) {
        return keys[other].value == keys[i].value;
      });
      same == last.end() ? last.push_back(i) : void(*same = i);
    }
    return last;
  }

  Attempt finish_map(const std::vector<ParsedValue>& keys, const std::vector<ParsedValue>& values) {
    const SchemaPtr key_schema = detail::common_schema(keys);
    const SchemaPtr value_schema = detail::common_schema(values);
    const auto entries = batch_.arena().make_array<MapEntry>(keys.size());
    size_t count = 0;
    for (const size_t i : last_of_each(keys)) {
      MapEntry entry{keys[i].value, values[i].value};
      if (key_schema && !detail::convert_element(*key_schema, keys[i], entry.key)) {
        return std::nullopt;
      }
      if (key_schema && value_schema &&
          !detail::convert_element(*value_schema, values[i], entry.value)) {
        return std::nullopt;
      }
      size_t at = 0;
      while (at < count && !(entries[at].key == entry.key)) ++at;
      entries[at] = entry;
      count = std::max(count, at + 1);
    }
    SchemaPtr schema = SchemaBuilder::map_of_unknown(key_schema, key_schema ? value_schema : nullptr).build();
    return ParsedValue{std::move(schema), Value::map(entries.first(count))};
  }

  detail::ValueTokens tokens_;
  RecordBatch& batch_;
};

}  // namespace

SchemaAndValue parse_values_text(std::string_view text, RecordBatch& batch) {
  if (text.empty()) return {primitive_schema(Type::String).get(), Value::string("")};
  const auto parsed = Parser(text, batch).parse(false, 0);
  if (!parsed) return {primitive_schema(Type::String).get(), Value::string(text)};
  return {parsed->schema ? batch.keep(parsed->schema) : nullptr, parsed->value};
}

}  // namespace millrace
