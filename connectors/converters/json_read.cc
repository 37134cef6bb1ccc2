#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "connectors/converters/json_data.h"
#include "connectors/converters/json_schema.h"
#include "millrace/base64.h"
#include "millrace/decimal.h"

namespace millrace::converters {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;

bool is_number(const Value& json) noexcept {
  return json.type() == Type::Int64 || json.type() == Type::Float64 ||
         json.type() == Type::Decimal;
}

double real_of(const Value& json) {
  if (json.type() == Type::Int64) return static_cast<double>(json.as_int());
  if (json.type() == Type::Float64) return json.as_double();
  if (json.type() != Type::Decimal) return 0;
  std::string text;
  append_decimal(text, json.as_decimal());
  return std::strtod(text.c_str(), nullptr);
}

/// Java's (long) cast of a double: truncates and saturates.
template <class Int>
Int saturate(double v) noexcept {
  if (std::isnan(v)) return 0;
  if (v >= static_cast<double>(std::numeric_limits<Int>::max())) return std::numeric_limits<Int>::max();
  if (v <= static_cast<double>(std::numeric_limits<Int>::min())) return std::numeric_limits<Int>::min();
  return static_cast<Int>(v);
}

/// JsonNode.longValue(): 0 for what is no number.
int64_t long_of(const Value& json) {
  return json.type() == Type::Int64 ? json.as_int() : saturate<int64_t>(real_of(json));
}
/// JsonNode.intValue().
int32_t int_of(const Value& json) {
  return json.type() == Type::Int64 ? static_cast<int32_t>(json.as_int())
                                    : saturate<int32_t>(real_of(json));
}

}  // namespace

bool JsonReader::read(const Schema* schema, const Value& json, Value& out) const {
  if (schema == nullptr) {
    out = json;
    return true;
  }
  if (json.is_null()) {
    out = schema->has_default() && replace_null_with_default ? schema->default_value() : Value();
    if (!out.is_null() || schema->optional()) return true;
    return error.fail("Invalid null value for required " + std::string(type_name(schema->type())) +
                      " field");
  }
  if (schema->value_class() != schema->type()) return read_logical(*schema, json, out);
  switch (schema->type()) {
    case Type::Boolean:
      out = Value::boolean(json.type() == Type::Boolean && json.as_bool());
      return true;
    case Type::Int8: out = Value::int8(static_cast<int8_t>(int_of(json))); return true;
    case Type::Int16: out = Value::int16(static_cast<int16_t>(int_of(json))); return true;
    case Type::Int32: out = Value::int32(int_of(json)); return true;
    case Type::Int64: out = Value::int64(long_of(json)); return true;
    case Type::Float32: out = Value::float32(static_cast<float>(real_of(json))); return true;
    case Type::Float64: out = Value::float64(real_of(json)); return true;
    case Type::String: out = json.type() == Type::String ? json : Value(); return true;
    case Type::Bytes: return read_bytes(json, out);
    case Type::Array: return read_array(*schema, json, out);
    case Type::Map: return read_map(*schema, json, out);
    default: return read_struct(*schema, json, out);
  }
}

bool JsonReader::read_logical(const Schema& schema, const Value& json, Value& out) const {
  if (schema.value_class() == Type::Decimal) return read_decimal(schema, json, out);
  const bool is_timestamp = *schema.name() == logical::kTimestamp;
  const std::string short_name =
      is_timestamp ? "Timestamp" : (*schema.name() == logical::kDate ? "Date" : "Time");
  const int64_t number = json.as_int();
  const bool fits_int = number >= std::numeric_limits<int32_t>::min() &&
                        number <= std::numeric_limits<int32_t>::max();
  if (json.type() != Type::Int64 || (!is_timestamp && !fits_int)) {
    return error.fail("Invalid type for " + short_name + ", expected " +
                      "integer representation but was " +
                      std::string(type_name(json.type())));
  }
  if (short_name == "Time" && (number < 0 || number > kMsPerDay)) {
    return error.fail("Time values must use number of milliseconds greater than 0 and less than "
                      "86400000");
  }
  out = Value::date(short_name == "Date" ? number * kMsPerDay : number);
  return true;
}

bool JsonReader::read_decimal(const Schema& schema, const Value& json, Value& out) const {
  if (json.type() == Type::Decimal) {
    out = json;
    return true;
  }
  if (is_number(json)) {
    std::string text = std::to_string(json.as_int());
    if (json.type() == Type::Float64) {
      char buffer[40];
      const auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, json.as_double());
      text.assign(buffer, end);
    }
    out = parse_decimal(text, arena);
    return true;
  }
  if (json.type() != Type::String) {
    return error.fail("Invalid type for Decimal, underlying representation should be numeric or "
                      "bytes but was " + std::string(type_name(json.type())));
  }
  const std::string* scale_text = schema.parameter(logical::kScaleParameter);
  int32_t scale = 0;
  const auto parse_scale = [&] {
    const char* end = scale_text->data() + scale_text->size();
    const auto [at, ec] = std::from_chars(scale_text->data(), end, scale);
    return ec == std::errc() && at == end;
  };
  if (scale_text == nullptr || !parse_scale()) {
    return error.fail("Invalid Decimal schema: scale parameter not found or not an integer.");
  }
  std::string bytes;
  if (!decode_base64(json.as_string(), bytes) || bytes.empty()) {
    return error.fail("Invalid bytes for Decimal field");
  }
  auto* data = static_cast<DecimalData*>(
      arena.allocate(sizeof(DecimalData) + bytes.size(), alignof(DecimalData)));
  data->scale = scale;
  data->length = static_cast<uint32_t>(bytes.size());
  std::memcpy(data + 1, bytes.data(), bytes.size());
  out = Value::decimal(data);
  return true;
}

bool JsonReader::read_bytes(const Value& json, Value& out) const {
  out = Value();  // Jackson gives null bytes for anything but text
  if (json.type() != Type::String) return true;
  std::string bytes;
  if (!decode_base64(json.as_string(), bytes)) return error.fail("Invalid bytes field");
  const std::string_view copy = arena.copy(bytes);
  out = Value::bytes({reinterpret_cast<const uint8_t*>(copy.data()), copy.size()});
  return true;
}

bool JsonReader::read_array(const Schema& schema, const Value& json, Value& out) const {
  // Iterating a JsonNode: elements of an array, values of an object, nothing for a scalar.
  const size_t count =
      json.type() == Type::Array || json.type() == Type::Map ? json.size() : 0;
  const auto elements = arena.make_array<Value>(count);
  for (size_t i = 0; i < count; ++i) {
    const Value& element =
        json.type() == Type::Array ? json.as_array()[i] : json.as_map()[i].value;
    if (!read(schema.value_schema().get(), element, elements[i])) return false;
  }
  out = Value::array(elements);
  return true;
}

bool JsonReader::read_map(const Schema& schema, const Value& json, Value& out) const {
  if (schema.key_schema()->type() == Type::String) {
    if (json.type() != Type::Map) {
      return error.fail("Maps with string fields should be encoded as JSON objects, but found " +
                        std::string(type_name(json.type())));
    }
    const auto entries = arena.make_array<MapEntry>(json.size());
    for (size_t i = 0; i < json.size(); ++i) {
      entries[i].key = json.as_map()[i].key;
      if (!read(schema.value_schema().get(), json.as_map()[i].value, entries[i].value)) return false;
    }
    out = Value::map(entries);
    return true;
  }
  if (json.type() != Type::Array) {
    return error.fail("Maps with non-string fields should be encoded as JSON array of tuples, but "
                      "found " + std::string(type_name(json.type())));
  }
  const auto entries = arena.make_array<MapEntry>(json.size());
  for (size_t i = 0; i < json.size(); ++i) {
    const Value& pair = json.as_array()[i];
    if (pair.type() != Type::Array) {
      return error.fail("Found invalid map entry instead of array tuple: " +
                        std::string(type_name(pair.type())));
    }
    if (pair.size() != 2) {
      return error.fail("Found invalid map entry, expected length 2 but found :" +
                        std::to_string(pair.size()));
    }
    if (!read(schema.key_schema().get(), pair.as_array()[0], entries[i].key) ||
        !read(schema.value_schema().get(), pair.as_array()[1], entries[i].value)) {
      return false;
    }
  }
  out = Value::map(entries);
  return true;
}

bool JsonReader::read_struct(const Schema& schema, const Value& json, Value& out) const {
  if (json.type() != Type::Map) {
    return error.fail("Structs should be encoded as JSON objects, but found " +
                      std::string(type_name(json.type())));
  }
  const auto values = arena.make_array<Value>(schema.fields().size());
  for (const Field& field : schema.fields()) {
    const Value* node = member(json, field.name);
    if (!read(field.schema.get(), node != nullptr ? *node : Value(), values[field.index])) {
      return false;
    }
    // Struct.put validates: a scalar of the wrong kind became null.
    if (values[field.index].is_null() && !field.schema->optional()) {
      return error.fail(validate_value(*field.schema, Value(), "field: \"" + field.name + "\""));
    }
  }
  auto* data = arena.make<StructData>();
  data->schema = &schema;
  data->values = values.data();
  out = Value::structure(data);
  return true;
}

}  // namespace millrace::converters
