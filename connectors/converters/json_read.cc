#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "connectors/converters/jackson_base64.h"
#include "connectors/converters/json_data.h"
#include "connectors/converters/json_schema.h"
#include "millrace/decimal.h"

namespace millrace::converters {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;
constexpr int32_t kMaxDecimalZeros = 400;  // 2^64 divides 10^64 and above; doubles end at 10^309

/// JsonNode.getNodeType().
std::string node_type(const Value& json) {
  switch (json.type()) {
    case Type::Null:
      return "NULL";
    case Type::Boolean:
      return "BOOLEAN";
    case Type::String:
      return "STRING";
    case Type::Array:
      return "ARRAY";
    case Type::Map:
      return "OBJECT";
    default:
      return "NUMBER";
  }
}

/// BigDecimal.longValue(): the integer part modulo 2^64.
int64_t wrapped_integer(const DecimalData& decimal) {
  if (decimal.scale < -kMaxDecimalZeros) return 0;
  std::string digits;
  DecimalData header{0, decimal.length};
  std::string memory(sizeof header + decimal.length, '\0');
  std::memcpy(memory.data(), &header, sizeof header);
  std::memcpy(memory.data() + sizeof header, decimal.unscaled().data(), decimal.length);
  append_decimal(digits, *reinterpret_cast<const DecimalData*>(memory.data()));
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (decimal.scale > 0) {
    const auto drop = static_cast<size_t>(decimal.scale);
    digits.resize(digits.size() > drop ? digits.size() - drop : 0);
  } else {
    digits.append(static_cast<size_t>(-decimal.scale), '0');
  }
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return static_cast<int64_t>(negative ? 0 - value : value);
}

/// True when rounding `v` to float may differ from rounding the digits it was read from.
bool is_float_tie(double v) noexcept {
  constexpr uint64_t kDropped = (uint64_t{1} << 29U) - 1;
  constexpr uint64_t kHalf = uint64_t{1} << 28U;
  const double magnitude = v < 0 ? -v : v;
  if (magnitude != 0 && magnitude < 1.2e-38) return true;  // subnormal: other bits are dropped
  return (std::bit_cast<uint64_t>(v) & kDropped) == kHalf;
}

}  // namespace

bool JsonReader::read(const Schema* schema, const Value& json, Value& out) {
  if (schema == nullptr) return read_free(json, out);
  if (json.is_null()) {
    out = schema->has_default() && replace_null_with_default_ ? schema->default_value() : Value();
    if (!out.is_null() || schema->optional()) return true;
    return error_.fail("Invalid null value for required " +
                       std::string(type_name(schema->type())) + " field");
  }
  if (schema->value_class() != schema->type()) return read_logical(*schema, json, out);
  switch (schema->type()) {
    case Type::Boolean:
      out = Value::boolean(json.type() == Type::Boolean && json.as_bool());
      return true;
    case Type::Int8:
    case Type::Int16:
    case Type::Int32:
    case Type::Int64:
      return read_integer(schema->type(), json, out);
    case Type::Float32:
    case Type::Float64:
      return read_real(schema->type(), json, out);
    case Type::String:
      out = json.type() == Type::String ? json : Value();
      made_null_ |= out.is_null();
      return true;
    case Type::Bytes:
      return read_bytes(json, out);
    case Type::Array:
      return read_array(*schema, json, out);
    case Type::Map:
      return read_map(*schema, json, out);
    default:
      return read_struct(*schema, json, out);
  }
}

// Without a schema: integers wrap, other numbers are doubles.
bool JsonReader::read_free(const Value& json, Value& out) {
  switch (json.type()) {
    case Type::Decimal:
      if (json.as_decimal().scale == 0) {
        out = Value::int64(wrapped_integer(json.as_decimal()));
        return true;
      }
      return read_real(Type::Float64, json, out);
    case Type::Array: {
      const auto elements = arena_.make_array<Value>(json.size());
      for (size_t i = 0; i < elements.size(); ++i) read_free(json.as_array()[i], elements[i]);
      out = Value::array(elements);
      return true;
    }
    case Type::Map: {
      const auto entries = arena_.make_array<MapEntry>(json.size());
      for (size_t i = 0; i < entries.size(); ++i) {
        entries[i].key = json.as_map()[i].key;
        read_free(json.as_map()[i].value, entries[i].value);
      }
      order_.arrange(entries);
      out = Value::map(entries);
      return true;
    }
    default:
      out = json;
      return true;
  }
}

// JsonNode.intValue/longValue: 0 for what is no number, else cut to the bits of the type.
bool JsonReader::read_integer(Type type, const Value& json, Value& out) {
  int64_t number = 0;
  if (json.type() == Type::Int64) {
    number = json.as_int();
  } else if (json.type() == Type::Decimal) {
    number = wrapped_integer(json.as_decimal());
  } else if (json.type() == Type::Float64) {
    constexpr double kExact = 4503599627370496.0;  // 2^52: a double below it has its fraction
    const double v = json.as_double();
    if (!(v > -kExact && v < kExact)) return want_digits();
    number = static_cast<int64_t>(v);
    if (static_cast<double>(number) == v && v != 0) return want_digits();  // maybe rounded up
  }
  switch (type) {
    case Type::Int8:
      out = Value::int8(static_cast<int8_t>(number));
      break;
    case Type::Int16:
      out = Value::int16(static_cast<int16_t>(number));
      break;
    case Type::Int32:
      out = Value::int32(static_cast<int32_t>(number));
      break;
    default:
      out = Value::int64(number);
  }
  return true;
}

// JsonNode.floatValue/doubleValue: 0 for what is no number.
bool JsonReader::read_real(Type type, const Value& json, Value& out) {
  double wide = 0;
  float single = 0;
  if (json.type() == Type::Int64) {
    wide = static_cast<double>(json.as_int());
    single = static_cast<float>(json.as_int());
  } else if (json.type() == Type::Float64) {
    wide = json.as_double();
    if (type == Type::Float32 && is_float_tie(wide)) return want_digits();
    single = static_cast<float>(wide);
  } else if (json.type() == Type::Decimal) {
    std::string text;
    append_decimal(text, json.as_decimal());
    wide = std::strtod(text.c_str(), nullptr);
    single = std::strtof(text.c_str(), nullptr);
  }
  out = type == Type::Float32 ? Value::float32(single) : Value::float64(wide);
  return true;
}

bool JsonReader::read_logical(const Schema& schema, const Value& json, Value& out) {
  if (schema.value_class() == Type::Decimal) return read_decimal(schema, json, out);
  const bool timestamp = *schema.name() == logical::kTimestamp;
  const bool date = *schema.name() == logical::kDate;
  const bool big = json.type() == Type::Decimal && json.as_decimal().scale == 0;
  const int64_t number = big ? wrapped_integer(json.as_decimal()) : json.as_int();
  const bool fits_int = number >= std::numeric_limits<int32_t>::min() &&
                        number <= std::numeric_limits<int32_t>::max();
  const bool ok = timestamp ? json.type() == Type::Int64 || big
                            : json.type() == Type::Int64 && fits_int;
  if (!ok) {
    const char* name = timestamp ? "Timestamp" : (date ? "Date" : "Time");
    return error_.fail(std::string("Invalid type for ") + name +
                       ", underlying representation should be " +
                       (timestamp ? "integral" : "integer") + " but was " + node_type(json));
  }
  if (!timestamp && !date && (number < 0 || number > kMsPerDay)) {
    return error_.fail(
        "Time values must use number of milliseconds greater than 0 and less than 86400000");
  }
  out = Value::date(date ? number * kMsPerDay : number);
  return true;
}

bool JsonReader::read_decimal(const Schema& schema, const Value& json, Value& out) {
  if (json.type() == Type::Float64) return want_digits();
  if (json.type() == Type::Decimal) {
    out = json;
    return true;
  }
  if (json.type() == Type::Int64) {
    char text[24];
    const auto [end, ec] = std::to_chars(text, text + sizeof text, json.as_int());
    out = parse_decimal({text, static_cast<size_t>(end - text)}, arena_);
    return true;
  }
  if (json.type() != Type::String) {
    return error_.fail(
        "Invalid type for Decimal, underlying representation should be numeric or bytes but was " +
        node_type(json));
  }
  const std::string* scale_text = schema.parameter(logical::kScaleParameter);
  int32_t scale = 0;
  const auto parse_scale = [&] {
    const char* end = scale_text->data() + scale_text->size();
    const char* begin = scale_text->data() + (scale_text->starts_with('+') ? 1 : 0);
    const auto [at, ec] = std::from_chars(begin, end, scale);
    return ec == std::errc() && at == end;
  };
  const auto bytes = read_jackson_base64(json.as_string(), arena_);
  if (!bytes || bytes->empty() || scale_text == nullptr || !parse_scale()) {
    return error_.fail("Invalid bytes for Decimal field");
  }
  out = Value::decimal(make_decimal(scale, *bytes, arena_));
  return true;
}

bool JsonReader::read_bytes(const Value& json, Value& out) {
  out = Value();  // Jackson gives null bytes for anything but text
  made_null_ |= json.type() != Type::String;
  if (json.type() != Type::String) return true;
  const auto bytes = read_jackson_base64(json.as_string(), arena_);
  if (!bytes) return error_.fail("Invalid bytes field");
  out = Value::bytes(*bytes);
  return true;
}

bool JsonReader::read_array(const Schema& schema, const Value& json, Value& out) {
  // Iterating a JsonNode: elements of an array, values of an object, nothing for a scalar.
  const bool object = json.type() == Type::Map;
  const size_t count = object || json.type() == Type::Array ? json.size() : 0;
  const auto elements = arena_.make_array<Value>(count);
  for (size_t i = 0; i < count; ++i) {
    const Value& element = object ? json.as_map()[i].value : json.as_array()[i];
    if (!read(schema.value_schema().get(), element, elements[i])) return false;
  }
  out = Value::array(elements);
  return true;
}

bool JsonReader::read_map(const Schema& schema, const Value& json, Value& out) {
  const bool object = schema.key_schema()->type() == Type::String;
  if (object && json.type() != Type::Map) {
    return error_.fail("Maps with string fields should be encoded as JSON objects, but found " +
                       node_type(json));
  }
  if (!object && json.type() != Type::Array) {
    return error_.fail(
        "Maps with non-string fields should be encoded as JSON array of tuples, but found " +
        node_type(json));
  }
  const auto entries = arena_.make_array<MapEntry>(json.size());
  size_t count = 0;
  for (size_t i = 0; i < json.size(); ++i) {
    MapEntry entry;
    if (object) {
      entry.key = json.as_map()[i].key;
      if (!read(schema.value_schema().get(), json.as_map()[i].value, entry.value)) return false;
    } else if (!read_pair(schema, json.as_array()[i], entry)) {
      return false;
    }
    size_t at = object ? count : 0;  // keys of an object differ already
    while (at < count && !(entries[at].key == entry.key)) ++at;
    entries[at] = entry;
    count = std::max(count, at + 1);
  }
  order_.arrange(entries.first(count));
  out = Value::map(entries.first(count));
  return true;
}

bool JsonReader::read_pair(const Schema& schema, const Value& json, MapEntry& out) {
  if (json.type() != Type::Array) {
    return error_.fail("Found invalid map entry instead of array tuple: " + node_type(json));
  }
  if (json.size() != 2) {
    return error_.fail("Found invalid map entry, expected length 2 but found :" +
                       std::to_string(json.size()));
  }
  return read(schema.key_schema().get(), json.as_array()[0], out.key) &&
         read(schema.value_schema().get(), json.as_array()[1], out.value);
}

bool JsonReader::read_struct(const Schema& schema, const Value& json, Value& out) {
  if (json.type() != Type::Map) {
    return error_.fail("Structs should be encoded as JSON objects, but found " + node_type(json));
  }
  const auto members = json.as_map();
  const auto values = arena_.make_array<Value>(schema.fields().size());
  for (const Field& field : schema.fields()) {
    // Writers mostly keep the order of the schema.
    const bool in_place =
        field.index < members.size() && members[field.index].key.as_string() == field.name;
    const Value* node = in_place ? &members[field.index].value : member(json, field.name);
    Value& value = values[field.index];
    if (!read(field.schema.get(), node != nullptr ? *node : Value(), value)) return false;
    if (!made_null_) continue;
    // Struct.put validates: a scalar of the wrong kind became null.
    std::string why = validate_value(*field.schema, value, "field: \"" + field.name + "\"");
    if (!why.empty()) return error_.fail(std::move(why));
  }
  auto* data = arena_.make<StructData>();
  data->schema = &schema;
  data->values = values.data();
  out = Value::structure(data);
  return true;
}

}  // namespace millrace::converters
