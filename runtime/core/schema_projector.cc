#include "millrace/schema_projector.h"

#include <algorithm>

#include "millrace/java_map_order.h"

namespace millrace {
namespace {

using Failure = std::optional<RowError>;

Failure fail(std::string message) {
  return RowError{.kind = ErrorKind::SchemaProjector, .message = std::move(message)};
}

Failure fail_data(std::string message) { return RowError{.message = std::move(message)}; }

bool is_number(Type type) noexcept { return type >= Type::Int8 && type <= Type::Float64; }

/// Numeric types are declared in the order in which they widen.
bool is_promotable(Type source, Type target) noexcept {
  return is_number(source) && is_number(target) && source <= target;
}

bool same_parameters(const SchemaParameters& a, const SchemaParameters& b) {
  return a == b || (a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin()));
}

/// As Java prints the map; null when there are none.
std::string parameters_text(const SchemaParameters& parameters) {
  if (parameters.empty()) return "null";
  std::string text;
  for (const auto& [key, value] : parameters) {
    text += (text.empty() ? "{" : ", ") + key + "=" + value;
  }
  return text + "}";
}

Failure check_compatible(const Schema& source, const Schema& target) {
  if (source.type() != target.type() && !is_promotable(source.type(), target.type())) {
    return fail("Schema type mismatch. source type: " + std::string(type_name(source.type())) +
                " and target type: " + std::string(type_name(target.type())));
  }
  if (source.name() != target.name()) {
    return fail("Schema name mismatch. source name: " + source.name().value_or("null") +
                " and target name: " + target.name().value_or("null"));
  }
  if (!same_parameters(source.parameters(), target.parameters())) {
    return fail("Schema parameters not equal. source parameters: " +
                parameters_text(source.parameters()) +
                " and target parameters: " + parameters_text(target.parameters()));
  }
  return {};
}

/// `value` is a number of the type of its schema; dates of logical types stay as they are.
Value widen(const Value& value, Type target) noexcept {
  const bool is_integer = value.type() <= Type::Int64;
  switch (target) {
    case Type::Int8:
      return Value::int8(static_cast<int8_t>(value.as_int()));
    case Type::Int16:
      return Value::int16(static_cast<int16_t>(value.as_int()));
    case Type::Int32:
      return Value::int32(static_cast<int32_t>(value.as_int()));
    case Type::Int64:
      return Value::int64(value.as_int());
    case Type::Float32:
      return is_integer ? Value::float32(static_cast<float>(value.as_int())) : value;
    default:
      return Value::float64(is_integer ? static_cast<double>(value.as_int()) : value.as_double());
  }
}

/// What Struct.get gives: the default stands for null.
const Value& field_value(const StructData& data, const Field& field) noexcept {
  const Value& value = data.values[field.index];
  return value.is_null() && field.schema->has_default() ? field.schema->default_value() : value;
}

Failure project_struct(const Schema& source, const StructData& data, const Schema& target,
                       Arena& arena, Value& out) {
  const auto values = arena.make_array<Value>(target.fields().size());
  std::fill(values.begin(), values.end(), Value());
  for (const Field& field : target.fields()) {
    const Field* from = source.field(field.name);
    Value& value = values[field.index];
    if (from == nullptr) {
      if (field.schema->optional()) continue;
      if (!field.schema->has_default()) {
        return fail("Required field `" + field.name +
                    "` is missing from source schema: " + source.to_string());
      }
      value = field.schema->default_value();
      continue;
    }
    Failure failure =
        project_value(*from->schema, field_value(data, *from), *field.schema, arena, value);
    if (failure && failure->kind == ErrorKind::SchemaProjector) {
      return fail("Error projecting " + field.name + ": " + failure->message);
    }
    if (failure) return failure;
    if (!validate_value(*field.schema, value, {}).empty()) {
      return fail_data(validate_value(*field.schema, value, "field: \"" + field.name + "\""));
    }
  }
  StructData* made = arena.make<StructData>();
  *made = {&target, values.data()};
  out = Value::structure(made);
  return {};
}

Failure project_array(const Schema& source, const Value& value, const Schema& target, Arena& arena,
                      Value& out) {
  const auto elements = arena.make_array<Value>(value.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    Failure failure = project_value(*source.value_schema(), value.as_array()[i],
                                    *target.value_schema(), arena, elements[i]);
    if (failure) return failure;
  }
  out = Value::array(elements);
  return {};
}

Failure project_map(const Schema& source, const Value& value, const Schema& target, Arena& arena,
                    Value& out) {
  const auto entries = arena.make_array<MapEntry>(value.size());
  // Long keys may become one floating point number; the later one wins then.
  const bool may_merge = source.key_schema()->type() != target.key_schema()->type();
  size_t count = 0;
  for (const MapEntry& entry : value.as_map()) {
    MapEntry made;
    Failure failure =
        project_value(*source.key_schema(), entry.key, *target.key_schema(), arena, made.key);
    if (failure) return failure;
    failure = project_value(*source.value_schema(), entry.value, *target.value_schema(), arena,
                            made.value);
    if (failure) return failure;
    const auto end = entries.begin() + static_cast<ptrdiff_t>(count);
    const auto same = may_merge ? std::find_if(entries.begin(), end,
                                               [&](const MapEntry& e) { return e.key == made.key; })
                                : end;
    if (same != end) {
      same->value = made.value;
    } else {
      entries[count++] = made;
    }
  }
  arrange_as_java_map(entries.first(count));
  out = Value::map(entries.first(count));
  return {};
}

Failure project_required(const Schema& source, const Value& value, const Schema& target,
                         Arena& arena, Value& out) {
  const Type type = target.type();
  if (type == Type::Struct || type == Type::Array || type == Type::Map) {
    if (value.type() != type) {
      return fail_data("Cannot project a value of " + std::string(java_class(value.type())) +
                       " as " + std::string(type_name(type)));
    }
    if (type == Type::Struct) return project_struct(source, value.as_struct(), target, arena, out);
    if (type == Type::Array) return project_array(source, value, target, arena, out);
    return project_map(source, value, target, arena, out);
  }
  const bool widens = value.type() == source.type() && is_number(value.type());
  out = widens ? widen(value, type) : value;
  return {};
}

}  // namespace

std::optional<RowError> project_value(const Schema& source, const Value& value,
                                      const Schema& target, Arena& arena, Value& out) {
  if (Failure failure = check_compatible(source, target)) return failure;
  const bool needs_default = source.optional() && !target.optional();
  if (needs_default && !target.has_default()) {
    return fail(
        "Writer schema is optional, however, target schema does not provide a default value.");
  }
  if (!value.is_null()) return project_required(source, value, target, arena, out);
  out = needs_default ? target.default_value() : Value();
  return {};
}

}  // namespace millrace
