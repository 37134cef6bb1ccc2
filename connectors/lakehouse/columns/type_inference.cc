#include "connectors/lakehouse/columns/type_inference.h"

#include <algorithm>
#include <charconv>

#include "connectors/lakehouse/columns/field_names.h"
#include "connectors/lakehouse/table/evolution.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

constexpr int32_t kMaxPrecision = 38;

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

class Inference {
 public:
  Inference(const InferenceOptions& options, std::string_view path) : options_(options), path_(path) {}

  TypePtr of(const Schema* schema, const Value& value) {
    return schema != nullptr ? of_schema(*schema) : of_value(value);
  }

 private:
  /// `find` for a member: the path is longer meanwhile.
  template <class Find>
  TypePtr of_member(std::string_view name, const Find& find) {
    const size_t before = path_.size();
    if (before > 0) path_ += '.';
    path_ += name;
    TypePtr type = find();
    path_.resize(before);
    return type;
  }
  bool is_listed(const std::vector<std::string>& paths) const {
    return std::any_of(paths.begin(), paths.end(), [this](const std::string& path) {
      return same_name(path, path_, options_.ignore_case);
    });
  }
  /// Of a text or a whole number, when the configuration says what it is; else null.
  TypePtr listed() const {
    if (is_listed(options_.timestamps)) return primitive(TypeId::Timestamptz);
    return is_listed(options_.dates) ? primitive(TypeId::Date) : nullptr;
  }

  TypePtr of_schema(const Schema& schema);
  TypePtr of_struct(const Schema& schema);
  TypePtr of_value(const Value& value);
  TypePtr of_array(const Value& value);
  TypePtr of_object(const Value& value);
  TypePtr of_decimal(const DecimalData& decimal) const;

  const InferenceOptions& options_;
  std::string path_;
};

TypePtr Inference::of_schema(const Schema& schema) {
  if (TypePtr type = logical_type(schema)) return type;
  switch (schema.type()) {
    case Kind::Int8:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
      if (TypePtr type = listed()) return type;
      return primitive(schema.type() == Kind::Int64 ? TypeId::Long : TypeId::Int);
    case Kind::Float32:
      return primitive(TypeId::Float);
    case Kind::Float64:
      return primitive(TypeId::Double);
    case Kind::Boolean:
      return primitive(TypeId::Boolean);
    case Kind::String:
      if (TypePtr type = listed()) return type;
      return primitive(TypeId::String);
    case Kind::Bytes:
      return primitive(TypeId::Binary);
    default:
      break;
  }
  if (options_.nested_as_text) return primitive(TypeId::String);
  if (schema.type() == Kind::Struct) return of_struct(schema);
  TypePtr value = schema.value_schema() ? of_schema(*schema.value_schema()) : nullptr;
  if (!value) return nullptr;
  const bool required = !schema.value_schema()->optional() && !options_.all_optional;
  if (schema.type() == Kind::Array) return list_type(0, std::move(value), required);
  TypePtr key = schema.key_schema() ? of_schema(*schema.key_schema()) : nullptr;
  return key ? map_type(0, std::move(key), 0, std::move(value), required) : nullptr;
}

TypePtr Inference::of_struct(const Schema& schema) {
  std::vector<NestedField> fields;
  FieldNames names(options_.ignore_case);
  for (const Field& field : schema.fields()) {
    TypePtr type = of_member(field.name, [&] { return of_schema(*field.schema); });
    if (!type || !names.add(field.name)) continue;
    const bool required = !field.schema->optional() && !options_.all_optional;
    fields.push_back({0, field.name, required, std::move(type)});
  }
  return fields.empty() ? nullptr : struct_type(std::move(fields));
}

TypePtr Inference::of_value(const Value& value) {
  switch (value.type()) {
    case Kind::Null:
      return nullptr;
    case Kind::Int8:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
      if (TypePtr type = listed()) return type;
      return primitive(options_.numbers_as_double ? TypeId::Double : TypeId::Long);
    case Kind::Float32:
    case Kind::Float64:
      return primitive(TypeId::Double);
    case Kind::Boolean:
      return primitive(TypeId::Boolean);
    case Kind::String:
      if (TypePtr type = listed()) return type;
      return primitive(TypeId::String);
    case Kind::Bytes:
      return primitive(TypeId::Binary);
    case Kind::Decimal:
      return of_decimal(value.as_decimal());
    case Kind::Date:
      return is_listed(options_.dates) ? primitive(TypeId::Date) : primitive(TypeId::Timestamptz);
    default:
      break;
  }
  if (options_.nested_as_text) return primitive(TypeId::String);
  if (value.type() == Kind::Struct) return of_schema(*value.as_struct().schema);
  return value.type() == Kind::Array ? of_array(value) : of_object(value);
}

TypePtr Inference::of_array(const Value& value) {
  for (const Value& item : value.as_array()) {
    if (TypePtr element = of_value(item)) return list_type(0, std::move(element), false);
  }
  return nullptr;
}

TypePtr Inference::of_object(const Value& value) {
  std::vector<NestedField> fields;
  FieldNames names(options_.ignore_case);
  for (const MapEntry& entry : value.as_map()) {
    if (entry.key.type() != Kind::String) return nullptr;
    const std::string_view name = entry.key.as_string();
    TypePtr type = of_member(name, [&] { return of_value(entry.value); });
    if (type && names.add(name)) fields.push_back({0, std::string(name), false, std::move(type)});
  }
  return fields.empty() ? nullptr : struct_type(std::move(fields));
}

TypePtr Inference::of_decimal(const DecimalData& decimal) const {
  if (decimal.scale <= 0 && options_.big_integers != BigIntegers::Decimal) {
    return primitive(options_.big_integers == BigIntegers::Text ? TypeId::String : TypeId::Long);
  }
  return decimal_type(kMaxPrecision, std::max(0, decimal.scale));
}

bool is_number(const Type& type) noexcept {
  return type.id >= TypeId::Int && type.id <= TypeId::Double;
}

TypePtr merge_structs(const Type& a, const Type& b, bool ignore_case) {
  std::vector<NestedField> fields = a.fields;
  FieldNames names(ignore_case);
  for (const NestedField& field : fields) names.add(field.name);
  for (const NestedField& field : b.fields) {
    const int32_t at = names.find(field.name);
    if (at == FieldNames::kNone) {
      names.add(field.name);
      fields.push_back(field);
      fields.back().required = false;  // the other one lacks it
      continue;
    }
    NestedField& present = fields[static_cast<size_t>(at)];
    present.required = present.required && field.required;
    if (TypePtr type = merge_types(present.type, field.type, ignore_case)) present.type = type;
  }
  FieldNames others(b.fields, ignore_case);
  for (NestedField& field : fields) {
    if (others.find(field.name) == FieldNames::kNone) field.required = false;
  }
  return struct_type(std::move(fields));
}

}  // namespace

TypePtr infer_type(const Schema* schema, const Value& value, const InferenceOptions& options,
                   std::string_view path) {
  return Inference(options, path).of(schema, value);
}

bool tells_type(const Schema* schema, const Value& value, const InferenceOptions& options) {
  const bool is_container = value.type() == Kind::Map || value.type() == Kind::Array;
  if (value.is_null() || (is_container && value.size() == 0)) return false;
  if (!is_container && value.type() != Kind::Struct) return true;
  return infer_type(schema, value, options) != nullptr;
}

TypePtr merge_types(const TypePtr& a, const TypePtr& b, bool ignore_case) {
  if (*a == *b || can_promote(*b, *a)) return a;
  if (can_promote(*a, *b)) return b;
  if (is_number(*a) && is_number(*b)) return primitive(TypeId::Double);
  if (a->id != b->id || a->is_primitive()) return nullptr;
  if (a->id == TypeId::Struct) return merge_structs(*a, *b, ignore_case);
  // A list, or a map: the value is last.
  const NestedField& value = a->fields.back();
  const NestedField& other = b->fields.back();
  TypePtr merged = merge_types(value.type, other.type, ignore_case);
  if (!merged) return nullptr;
  const bool required = value.required && other.required;
  if (a->id == TypeId::List) return list_type(0, std::move(merged), required);
  if (!(*a->fields[0].type == *b->fields[0].type)) return nullptr;
  return map_type(0, a->fields[0].type, 0, std::move(merged), required);
}

int64_t leaf_count(const Type& type) noexcept {
  if (type.is_primitive()) return 1;
  int64_t leaves = 0;
  for (const NestedField& field : type.fields) leaves += leaf_count(*field.type);
  return leaves;
}

}  // namespace millrace::lakehouse
