// Values.parseString: grammar and order of attempts of connect-data.md §2.2.

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>
#include <vector>

#include "millrace/values.h"
#include "millrace/decimal.h"

namespace millrace {
namespace {

constexpr size_t kTimeLength = 13;       // HH:mm:ss.SSSZ
constexpr size_t kTimestampLength = 24;  // yyyy-MM-ddTHH:mm:ss.SSSZ
constexpr size_t kDateLength = 10;       // yyyy-MM-dd
constexpr int kMaxDepth = 500;           // nesting beyond it is text

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

/// A parsed element; `schema` null for null.
struct Parsed {
  SchemaPtr schema;
  Value value;
};

/// Cuts text into single delimiters and the runs between them.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}
  bool has_next() const noexcept { return at_ < text_.size(); }
  size_t mark() const noexcept { return at_; }
  void rewind(size_t mark) noexcept { at_ = mark; }
  std::string_view original() const noexcept { return text_; }

  std::string_view next() noexcept {
    const size_t start = at_;
    size_t backslashes = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++backslashes;
        continue;
      }
      if (is_delimiter(c) && backslashes % 2 == 0) {
        if (at_ == start) ++at_;
        break;
      }
      backslashes = 0;
    }
    return text_.substr(start, at_ - start);
  }
  bool consume(std::string_view wanted, bool trimmed = true) noexcept {
    const size_t start = at_;
    if (!has_next()) return false;
    const std::string_view token = next();
    if ((trimmed ? trim(token) : token) == wanted) return true;
    at_ = start;
    return false;
  }

 private:
  static bool is_delimiter(char c) noexcept {
    return std::string_view(":,{}[]\"").find(c) != std::string_view::npos;
  }
  std::string_view text_;
  size_t at_ = 0;
};

std::optional<int> digits(std::string_view text) noexcept {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// Milliseconds of local wall-clock fields, out-of-range ones carried over (lenient).
int64_t to_epoch_ms(int year, int month, int day, int hour, int minute, int second, int ms) {
  constexpr int64_t kMsPerSecond = 1000;
  std::tm fields{};
  fields.tm_year = year - 1900;
  fields.tm_mon = month - 1;
  fields.tm_mday = day;
  fields.tm_hour = hour;
  fields.tm_min = minute;
  fields.tm_sec = second;
  fields.tm_isdst = -1;
  return int64_t{std::mktime(&fields)} * kMsPerSecond + ms;
}

std::optional<int64_t> parse_clock(std::string_view text, int year, int month, int day) {
  if (text.size() != kTimeLength || text[2] != ':' || text[5] != ':' || text[8] != '.' ||
      text[12] != 'Z') {
    return std::nullopt;
  }
  const auto h = digits(text.substr(0, 2));
  const auto m = digits(text.substr(3, 2));
  const auto s = digits(text.substr(6, 2));
  const auto ms = digits(text.substr(9, 3));
  if (!h || !m || !s || !ms) return std::nullopt;
  return to_epoch_ms(year, month, day, *h, *m, *s, *ms);
}

class Parser {
 public:
  Parser(std::string_view text, RecordBatch& batch) : tokens_(text), batch_(batch) {}

  /// nullopt: not parseable at this place.
  std::optional<Parsed> parse(bool embedded, int depth) {
    if (!tokens_.has_next()) return Parsed{};
    if (embedded && tokens_.consume("\"")) return quoted();
    if (literal("null", embedded)) return Parsed{};
    if (literal("true", embedded)) return boolean(true);
    if (literal("false", embedded)) return boolean(false);
    const size_t start = tokens_.mark();
    if (depth < kMaxDepth) {
      std::optional<Parsed> collection;
      if (tokens_.consume("[")) collection = array(depth + 1);
      else if (tokens_.consume("{")) collection = map(depth + 1);
      if (collection) return collection;
    }
    tokens_.rewind(start);
    const std::string_view token = tokens_.next();
    if (trim(token).empty()) return text(embedded ? token : tokens_.original());
    return scalar(trim(token), embedded);
  }

 private:
  static Parsed boolean(bool value) {
    return {primitive_schema(Type::Boolean), Value::boolean(value)};
  }
  Parsed text(std::string_view value) const {
    return {primitive_schema(Type::String), Value::string(value)};
  }

  bool literal(std::string_view word, bool embedded) {
    const size_t start = tokens_.mark();
    if (!tokens_.consume(word)) return false;
    if (embedded || !tokens_.has_next()) return true;
    tokens_.rewind(start);
    return false;
  }

  Parsed quoted() {
    const size_t start = tokens_.mark();
    size_t end = start;
    while (tokens_.has_next() && !tokens_.consume("\"", false)) {
      tokens_.next();
      end = tokens_.mark();
    }
    const std::string_view content = tokens_.original().substr(start, end - start);
    const auto temporal = as_temporal(content);
    return temporal ? *temporal : text(content);
  }

  std::optional<Parsed> scalar(std::string_view token, bool embedded) {
    const bool digit = token[0] >= '0' && token[0] <= '9';
    if (digit) {
      const size_t position = tokens_.mark();
      // Unescaped colons split times: the token and the four after it may be one.
      std::string joined(token);
      int taken = 0;
      for (; taken < 4 && tokens_.has_next(); ++taken) joined += tokens_.next();
      if (taken == 4) {
        if (const auto temporal = as_temporal(joined)) return temporal;
      }
      tokens_.rewind(position);
      if (const auto temporal = as_temporal(token)) return temporal;
    }
    if (digit || token[0] == '+' || token[0] == '-') {
      if (auto number = as_number(token)) return number;
    }
    if (embedded) return std::nullopt;
    return text(tokens_.original());
  }

  static std::optional<Parsed> as_temporal(std::string_view raw) {
    std::string token;
    for (size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\\' && i + 1 < raw.size() && raw[i + 1] == ':') continue;
      token += raw[i];
    }
    if (token.size() == kTimeLength) {
      const auto ms = parse_clock(token, 1970, 1, 1);
      if (ms) return Parsed{logical::time().build(), Value::date(*ms)};
      return std::nullopt;
    }
    if (token.size() != kDateLength && token.size() != kTimestampLength) return std::nullopt;
    if (token[4] != '-' || token[7] != '-') return std::nullopt;
    const auto year = digits(std::string_view(token).substr(0, 4));
    const auto month = digits(std::string_view(token).substr(5, 2));
    const auto day = digits(std::string_view(token).substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    if (token.size() == kDateLength) {
      const int64_t ms = to_epoch_ms(*year, *month, *day, 0, 0, 0, 0);
      return Parsed{logical::date().build(), Value::date(ms)};
    }
    if (token[kDateLength] != 'T') return std::nullopt;
    const auto ms =
        parse_clock(std::string_view(token).substr(kDateLength + 1), *year, *month, *day);
    if (!ms) return std::nullopt;
    return Parsed{logical::timestamp().build(), Value::date(*ms)};
  }

  static std::optional<int64_t> exact_integer(const DecimalData& decimal) {
    std::string digits_text;
    append_decimal(digits_text, decimal);
    // Plain digits with zeros after the point, or an exponent small enough to write out.
    const double approximate = std::strtod(digits_text.c_str(), nullptr);
    if (!(std::fabs(approximate) < 9.3e18) || approximate != std::trunc(approximate)) {
      return std::nullopt;
    }
    bool negative = digits_text[0] == '-';
    std::string whole;
    int exponent = 0;
    bool point = false;
    for (size_t i = negative ? 1 : 0; i < digits_text.size(); ++i) {
      const char c = digits_text[i];
      if (c == 'E') {
        exponent += std::atoi(digits_text.c_str() + i + 1);
        break;
      }
      if (c == '.') {
        point = true;
        continue;
      }
      whole += c;
      exponent -= point ? 1 : 0;
    }
    while (exponent < 0 && !whole.empty() && whole.back() == '0') {
      whole.pop_back();
      ++exponent;
    }
    if (exponent < 0) return whole.empty() ? std::optional<int64_t>(0) : std::nullopt;
    whole.append(static_cast<size_t>(exponent), '0');
    uint64_t value = 0;
    for (const char c : whole) {
      const auto digit = static_cast<uint64_t>(c - '0');
      if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) return std::nullopt;
      value = value * 10 + digit;
    }
    const uint64_t most = uint64_t{1} << 63U;
    if (negative ? value > most : value >= most) return std::nullopt;
    return static_cast<int64_t>(negative ? 0 - value : value);
  }

  std::optional<Parsed> as_number(std::string_view token) {
    const Value decimal = parse_decimal(token, batch_.arena());
    if (decimal.is_null()) return std::nullopt;
    if (const auto integer = exact_integer(decimal.as_decimal())) return smallest(*integer);
    if (decimal.as_decimal().scale != 0) {
      const std::string copy(token);
      const float single = std::strtof(copy.c_str(), nullptr);
      if (std::isfinite(single)) return Parsed{primitive_schema(Type::Float32), Value::float32(single)};
      const double wide = std::strtod(copy.c_str(), nullptr);
      if (std::isfinite(wide)) return Parsed{primitive_schema(Type::Float64), Value::float64(wide)};
    }
    return Parsed{logical::decimal(decimal.as_decimal().scale).build(), decimal};
  }

  static Parsed smallest(int64_t v) {
    const auto fits = [v](auto limit) {
      return v >= std::numeric_limits<decltype(limit)>::min() &&
             v <= std::numeric_limits<decltype(limit)>::max();
    };
    if (fits(int8_t{})) return {primitive_schema(Type::Int8), Value::int8(static_cast<int8_t>(v))};
    if (fits(int16_t{})) return {primitive_schema(Type::Int16), Value::int16(static_cast<int16_t>(v))};
    if (fits(int32_t{})) return {primitive_schema(Type::Int32), Value::int32(static_cast<int32_t>(v))};
    return {primitive_schema(Type::Int64), Value::int64(v)};
  }

  std::optional<Parsed> array(int depth) {
    std::vector<Parsed> elements;
    while (tokens_.has_next()) {
      if (tokens_.consume("]")) return finish_array(elements);
      if (tokens_.consume(",")) return std::nullopt;
      auto element = parse(true, depth);
      if (!element) return std::nullopt;
      elements.push_back(std::move(*element));
      const size_t position = tokens_.mark();
      if (tokens_.consume("]")) tokens_.rewind(position);
      else if (!tokens_.consume(",")) return std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<Parsed> finish_array(const std::vector<Parsed>& elements) {
    const SchemaPtr common = common_schema(elements);
    const auto values = batch_.arena().make_array<Value>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
      values[i] = elements[i].value;
      if (common && !convert(*common, values[i])) return std::nullopt;
    }
    SchemaPtr schema = common ? SchemaBuilder::array(common).build() : SchemaBuilder(Type::Array).build();
    return Parsed{std::move(schema), Value::array(values)};
  }

  std::optional<Parsed> map(int depth) {
    std::vector<Parsed> keys;
    std::vector<Parsed> values;
    while (tokens_.has_next()) {
      if (tokens_.consume("}")) return finish_map(keys, values);
      if (tokens_.consume(",")) return std::nullopt;
      auto key = parse(true, depth);
      if (!key || key->value.is_null() || !tokens_.consume(":")) return std::nullopt;
      auto value = parse(true, depth);
      if (!value) return std::nullopt;
      tokens_.consume(",");
      keys.push_back(std::move(*key));
      values.push_back(std::move(*value));
    }
    return std::nullopt;
  }

  std::optional<Parsed> finish_map(const std::vector<Parsed>& keys,
                                   const std::vector<Parsed>& values) {
    const SchemaPtr key_schema = common_schema(keys);
    const SchemaPtr value_schema = common_schema(values);
    const auto entries = batch_.arena().make_array<MapEntry>(keys.size());
    size_t count = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      MapEntry entry{keys[i].value, values[i].value};
      if (key_schema && value_schema &&
          !(convert(*key_schema, entry.key) && convert(*value_schema, entry.value))) {
        return std::nullopt;
      }
      size_t at = 0;
      while (at < count && !(entries[at].key == entry.key)) ++at;
      entries[at] = entry;
      count = std::max(count, at + 1);
    }
    SchemaPtr schema = key_schema && value_schema
                           ? SchemaBuilder::map(key_schema, value_schema).build()
                           : SchemaBuilder(Type::Map).build();
    return Parsed{std::move(schema), Value::map(entries.first(count))};
  }

  static bool is_number(Type type) noexcept { return type >= Type::Int8 && type <= Type::Float64; }

  /// Schema all non-null elements fit; null when there is none.
  static SchemaPtr common_schema(const std::vector<Parsed>& elements) {
    SchemaPtr common;
    for (const Parsed& element : elements) {
      const SchemaPtr& next = element.schema;
      if (!next) continue;
      if (!common) {
        common = next;
      } else if (is_number(common->type()) && is_number(next->type()) && !common->name() &&
                 !next->name()) {
        if (next->type() > common->type()) common = next;
      } else if (common->type() == next->type() && common->optional() == next->optional()) {
        common = next;
      } else {
        return nullptr;
      }
    }
    return common;
  }

  /// Widens numbers to the common schema; a null does not fit.
  static bool convert(const Schema& schema, Value& value) {
    if (value.is_null()) return false;
    if (!is_number(schema.type()) || value.type() == schema.type() || !is_number(value.type())) {
      return true;
    }
    const bool from_float = value.type() >= Type::Float32;
    const double real = from_float ? value.as_double() : static_cast<double>(value.as_int());
    switch (schema.type()) {
      case Type::Int16: value = Value::int16(static_cast<int16_t>(value.as_int())); break;
      case Type::Int32: value = Value::int32(static_cast<int32_t>(value.as_int())); break;
      case Type::Int64: value = Value::int64(value.as_int()); break;
      case Type::Float32: value = Value::float32(static_cast<float>(real)); break;
      default: value = Value::float64(real);
    }
    return true;
  }

  Tokens tokens_;
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
