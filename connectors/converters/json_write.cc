#include <charconv>

#include "connectors/converters/json_data.h"
#include "millrace/base64.h"
#include "millrace/decimal.h"
#include "millrace/json.h"

namespace millrace::converters {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;

std::string invalid_type(const Schema& schema, const Value& value) {
  if (schema.value_class() == Type::Decimal || schema.value_class() == Type::Date) {
    const std::string logical_name = schema.name()->substr(schema.name()->rfind('.') + 1);
    const char* java_name = schema.value_class() == Type::Decimal ? "BigDecimal" : "Date";
    return "Invalid type for " + logical_name + ", expected " + java_name + " but was " +
           std::string(java_class(value.type()));
  }
  const std::string expected =
      schema.type() == Type::Bytes ? "bytes type" : std::string(type_name(schema.type()));
  return "Invalid type for " + expected + ": " + std::string(java_class(value.type()));
}

bool all_string_keys(const Value& map) noexcept {
  for (const MapEntry& entry : map.as_map()) {
    if (entry.key.type() != Type::String) return false;
  }
  return true;
}

}  // namespace

bool JsonWriter::write_null(const Schema* schema) const {
  if (schema == nullptr) {
    out += "null";
    return true;
  }
  if (schema->has_default() && replace_null_with_default) {
    return write(schema, schema->default_value());
  }
  if (!schema->optional()) {
    return error.fail(
        "Conversion error: null value for field that is required and has no default value");
  }
  out += "null";
  return true;
}

bool JsonWriter::write(const Schema* schema, const Value& value) const {
  if (value.is_null()) return write_null(schema);
  if (schema != nullptr) {
    if (value.type() != schema->value_class()) return error.fail(invalid_type(*schema, value));
    if (schema->value_class() != schema->type()) return write_logical(*schema, value);
  }
  switch (value.type()) {
    case Type::Array: return write_array(schema, value);
    case Type::Map: return write_map(schema, value);
    case Type::Struct: return write_struct(schema, value);
    case Type::Decimal:
      return error.fail("Java class class java.math.BigDecimal does not have corresponding schema "
                        "type.");
    case Type::Date:
      return error.fail("Java class class java.util.Date does not have corresponding schema type.");
    default: append_json(out, value); return true;
  }
}

bool JsonWriter::write_logical(const Schema& schema, const Value& value) const {
  if (schema.value_class() == Type::Decimal) return write_decimal(schema, value.as_decimal());
  int64_t number = value.as_int();
  if (*schema.name() == logical::kDate) {
    if (number % kMsPerDay != 0) {
      return error.fail("Kafka Connect Date type should not have any time fields set to non-zero "
                        "values.");
    }
    number = static_cast<int32_t>(number / kMsPerDay);  // wraps, as Java does
  } else if (*schema.name() == logical::kTime && (number < 0 || number > kMsPerDay)) {
    return error.fail(
        "Kafka Connect Time type should not have any date fields set to non-zero values.");
  }
  out += std::to_string(number);
  return true;
}

bool JsonWriter::write_decimal(const Schema& schema, const DecimalData& value) const {
  if (numeric_decimals) {
    append_decimal(out, value);
    return true;
  }
  const std::string* text = schema.parameter(logical::kScaleParameter);
  int32_t scale = 0;
  const bool known = text != nullptr && std::from_chars(text->data(), text->data() + text->size(),
                                                        scale).ec == std::errc();
  if (!known) return error.fail("Invalid Decimal schema: scale parameter not found.");
  if (scale != value.scale) {
    return error.fail("Decimal value has mismatching scale for given Decimal schema. Schema has "
                      "scale " + std::to_string(scale) + ", value has scale " +
                      std::to_string(value.scale) + ".");
  }
  out += '"';
  append_base64(out, value.unscaled());
  out += '"';
  return true;
}

bool JsonWriter::write_array(const Schema* schema, const Value& value) const {
  const Schema* element = schema != nullptr ? schema->value_schema().get() : nullptr;
  out += '[';
  bool first = true;
  for (const Value& entry : value.as_array()) {
    if (!std::exchange(first, false)) out += ',';
    if (!write(element, entry)) return false;
  }
  out += ']';
  return true;
}

bool JsonWriter::write_map(const Schema* schema, const Value& value) const {
  const Schema* key_schema = schema != nullptr ? schema->key_schema().get() : nullptr;
  const Schema* value_schema = schema != nullptr ? schema->value_schema().get() : nullptr;
  const bool object =
      key_schema != nullptr ? key_schema->type() == Type::String : all_string_keys(value);
  out += object ? '{' : '[';
  bool first = true;
  for (const MapEntry& entry : value.as_map()) {
    if (!std::exchange(first, false)) out += ',';
    if (!object) out += '[';
    if (object && entry.key.is_null()) {
      out += "\"null\"";
    } else if (!write(key_schema, entry.key)) {
      return false;
    }
    out += object ? ':' : ',';
    if (!write(value_schema, entry.value)) return false;
    if (!object) out += ']';
  }
  out += object ? '}' : ']';
  return true;
}

bool JsonWriter::write_struct(const Schema* schema, const Value& value) const {
  const StructData& data = value.as_struct();
  if (!same_schema(data.schema, schema)) {
    return error.fail("Mismatching schema.");
  }
  out += '{';
  for (const Field& field : data.schema->fields()) {
    if (field.index != 0) out += ',';
    append_json_string(out, field.name);
    out += ':';
    if (!write(field.schema.get(), data.values[field.index])) return false;
  }
  out += '}';
  return true;
}

}  // namespace millrace::converters
