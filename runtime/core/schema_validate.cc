// Value validation of Struct.put and schema defaults (connect-data.md §1.3).

#include "millrace/schema.h"

namespace millrace {
namespace {

std::string at(std::string_view location) {
  return location.empty() ? std::string() : " for " + std::string(location);
}

std::string null_message(const Schema& schema, std::string_view location) {
  return "Invalid value: null used for required " + std::string(location) +
         ", schema type: " + std::string(type_name(schema.type()));
}

std::string class_message(const Schema& schema, const Value& value, std::string_view location) {
  return "Invalid Java object for schema " +
         (schema.name() ? "\"" + *schema.name() + "\" " : std::string()) + "with type " +
         std::string(type_name(schema.type())) + ": " + std::string(java_class(value.type())) +
         at(location);
}

std::string validate_struct(const Schema& schema, const Value& value) {
  const StructData& data = value.as_struct();
  if (!same_schema(data.schema, &schema)) {
    return "Struct schemas do not match.";
  }
  for (const Field& field : schema.fields()) {
    const Value& member = data.values[field.index];
    if (member.is_null() && (field.schema->optional() || field.schema->has_default())) continue;
    // The location is spelt out only on failure: validation of good data must not allocate.
    if (!validate_value(*field.schema, member, {}).empty()) {
      return validate_value(*field.schema, member, "field: \"" + field.name + "\"");
    }
  }
  return {};
}

std::string validate_element(const SchemaPtr& schema, const Value& element, std::string_view part,
                             std::string_view location) {
  if (schema && validate_value(*schema, element, {}).empty()) return {};
  const std::string place =
      std::string(part) + (location.empty() ? std::string() : " " + std::string(location));
  if (!schema) return "No schema defined for " + place;
  return validate_value(*schema, element, place);
}

}  // namespace

std::string validate_value(const Schema& schema, const Value& value, std::string_view location) {
  if (value.is_null()) return schema.optional() ? std::string() : null_message(schema, location);
  if (value.type() != schema.value_class()) return class_message(schema, value, location);
  switch (value.type()) {
    case Type::Struct:
      return validate_struct(schema, value);
    case Type::Array:
      for (const Value& element : value.as_array()) {
        std::string error =
            validate_element(schema.value_schema(), element, "element of array", location);
        if (!error.empty()) return error;
      }
      return {};
    case Type::Map:
      for (const MapEntry& entry : value.as_map()) {
        std::string error =
            validate_element(schema.key_schema(), entry.key, "key of map", location);
        if (error.empty()) {
          error = validate_element(schema.value_schema(), entry.value, "value of map", location);
        }
        if (!error.empty()) return error;
      }
      return {};
    default:
      return {};
  }
}

}  // namespace millrace
