#include "connectors/lakehouse/columns/type_inference.h"

#include <charconv>

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

constexpr int32_t kMaxPrecision = 38;

TypePtr number_type(TypeId whole, const InferenceOptions& options) {
  return primitive(options.numbers_as_double ? TypeId::Double : whole);
}

TypePtr decimal_of(const Schema& schema) {
  int32_t scale = 0;
  if (const std::string* text = schema.parameter(logical::kScaleParameter)) {
    std::from_chars(text->data(), text->data() + text->size(), scale);
  }
  return decimal_type(kMaxPrecision, scale);
}

/// Null: not a logical type.
TypePtr logical_type(const Schema& schema) {
  if (!schema.name()) return nullptr;
  const std::string& name = *schema.name();
  if (name == logical::kDecimal) return decimal_of(schema);
  if (name == logical::kDate) return primitive(TypeId::Date);
  if (name == logical::kTime) return primitive(TypeId::Time);
  if (name == logical::kTimestamp) return primitive(TypeId::Timestamptz);
  return nullptr;
}

TypePtr of_schema(const Schema& schema, const InferenceOptions& options);

TypePtr struct_of(const Schema& schema, const InferenceOptions& options) {
  std::vector<NestedField> fields;
  for (const Field& field : schema.fields()) {
    TypePtr type = of_schema(*field.schema, options);
    if (type) fields.push_back({0, field.name, !field.schema->optional(), std::move(type)});
  }
  return fields.empty() ? nullptr : struct_type(std::move(fields));
}

TypePtr of_schema(const Schema& schema, const InferenceOptions& options) {
  if (TypePtr type = logical_type(schema)) return type;
  switch (schema.type()) {
    case Kind::Int8:
    case Kind::Int16:
    case Kind::Int32:
      return primitive(TypeId::Int);
    case Kind::Int64:
      return primitive(TypeId::Long);
    case Kind::Float32:
      return primitive(TypeId::Float);
    case Kind::Float64:
      return primitive(TypeId::Double);
    case Kind::Boolean:
      return primitive(TypeId::Boolean);
    case Kind::String:
      return primitive(TypeId::String);
    case Kind::Bytes:
      return primitive(TypeId::Binary);
    default:
      break;
  }
  if (options.nested_as_text) return primitive(TypeId::String);
  if (schema.type() == Kind::Struct) return struct_of(schema, options);
  TypePtr value = schema.value_schema() ? of_schema(*schema.value_schema(), options) : nullptr;
  if (!value) return nullptr;
  const bool required = !schema.value_schema()->optional();
  if (schema.type() == Kind::Array) return list_type(0, std::move(value), required);
  TypePtr key = schema.key_schema() ? of_schema(*schema.key_schema(), options) : nullptr;
  return key ? map_type(0, std::move(key), 0, std::move(value), required) : nullptr;
}

TypePtr of_value(const Value& value, const InferenceOptions& options) {
  switch (value.type()) {
    case Kind::Null:
      return nullptr;
    case Kind::Int8:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
      return number_type(TypeId::Long, options);
    case Kind::Float32:
    case Kind::Float64:
      return primitive(TypeId::Double);
    case Kind::Boolean:
      return primitive(TypeId::Boolean);
    case Kind::String:
      return primitive(TypeId::String);
    case Kind::Bytes:
      return primitive(TypeId::Binary);
    case Kind::Decimal:
      return decimal_type(kMaxPrecision, std::max(0, value.as_decimal().scale));
    case Kind::Date:
      return primitive(TypeId::Timestamptz);
    default:
      break;
  }
  if (options.nested_as_text) return primitive(TypeId::String);
  if (value.type() == Kind::Struct) return of_schema(*value.as_struct().schema, options);
  if (value.type() == Kind::Array) {
    for (const Value& item : value.as_array()) {
      if (TypePtr element = of_value(item, options)) return list_type(0, std::move(element), false);
    }
    return nullptr;
  }
  std::vector<NestedField> fields;
  for (const MapEntry& entry : value.as_map()) {
    if (entry.key.type() != Kind::String) return nullptr;
    TypePtr type = of_value(entry.value, options);
    if (type) fields.push_back({0, std::string(entry.key.as_string()), false, std::move(type)});
  }
  return fields.empty() ? nullptr : struct_type(std::move(fields));
}

}  // namespace

TypePtr infer_type(const Schema* schema, const Value& value, const InferenceOptions& options) {
  return schema != nullptr ? of_schema(*schema, options) : of_value(value, options);
}

}  // namespace millrace::lakehouse
