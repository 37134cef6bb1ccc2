#pragma once
// What transformations do with schemas and values (org.apache.kafka.connect.transforms.util).

#include <string>
#include <string_view>

#include "connectors/transforms/side.h"

namespace millrace::transforms {

/// `java.lang.Long`, or `null`, as messages name what they found.
std::string class_found(const Value& value);

/// True for a struct; else fails with `Only Struct objects supported for [purpose], found: CLASS`.
bool require_struct(const Value& value, std::string_view purpose, Failure& failure);
/// True for a map; else fails with `Only Map objects supported in absence of schema for [...]`.
bool require_map(const Value& value, std::string_view purpose, Failure& failure);

/// Copies name, version, doc and parameters, as SchemaUtil.copySchemaBasics does.
SchemaBuilder& copy_basics(SchemaBuilder& builder, const Schema& from);

/// Value of a field; with `with_default` (replace.null.with.default) its default instead of null.
/// The default lives as long as the struct's schema.
inline const Value& field_value(const StructData& data, const Field& field, bool with_default) {
  const Value& value = data.values[field.index];
  return value.is_null() && with_default ? field.schema->default_value() : value;
}

/// Value of a string key, or null when absent: Map.get.
const Value* find_entry(const Value& map, std::string_view key) noexcept;

/// Fails with the message of Struct.put when `value` does not fit the field.
bool check_put(const Field& field, const Value& value, Failure& failure);

/// The row of `replace.null.with.default`, which most transformations have.
KeySpec replace_null_spec();

}  // namespace millrace::transforms
