#include "connectors/lakehouse/table/schema_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "connectors/scalars/decimal_bytes.h"
#include "connectors/lakehouse/table/json_members.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

constexpr int kMaxDepth = 100;               // of nested types
constexpr int32_t kFirstPartitionId = 1000;  // where v1 specs have no field ids

constexpr std::array kPlain = {TypeId::Boolean,     TypeId::Int,    TypeId::Long, TypeId::Float,
                               TypeId::Double,      TypeId::Date,   TypeId::Time, TypeId::Timestamp,
                               TypeId::Timestamptz, TypeId::String, TypeId::Uuid, TypeId::Binary};

[[noreturn]] void not_a_type(std::string_view text) {
  throw DataException(fmt::format("type `{}` is not known or not supported", text));
}

Json field_json(const NestedField& field) {
  Json json = {{"id", field.id},
               {"name", field.name},
               {"required", field.required},
               {"type", to_json(*field.type)}};
  if (!field.doc.empty()) json["doc"] = field.doc;
  return json;
}

Json fields_json(const std::vector<NestedField>& fields) {
  Json json = Json::array();
  for (const NestedField& field : fields) json.push_back(field_json(field));
  return json;
}

/// The next integer of `text`, without blanks around it; what was read is removed.
int32_t take_number(std::string_view& text, std::string_view whole) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) not_a_type(whole);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return number;
}

void take(std::string_view& text, std::string_view expected, std::string_view whole) {
  if (!text.starts_with(expected)) not_a_type(whole);
  text.remove_prefix(expected.size());
}

TypePtr fixed_from(std::string_view whole) {
  std::string_view text = whole;
  take(text, "fixed[", whole);
  const int32_t length = take_number(text, whole);
  if (text != "]" || length < 0) not_a_type(whole);
  return fixed_type(length);
}

TypePtr decimal_from(std::string_view whole) {
  std::string_view text = whole;
  take(text, "decimal(", whole);
  const int32_t precision = take_number(text, whole);
  take(text, ",", whole);
  const int32_t scale = take_number(text, whole);
  const bool fits = precision > 0 && precision <= kMaxPrecision && scale >= 0 && scale <= precision;
  if (text != ")" || !fits) not_a_type(whole);
  return decimal_type(precision, scale);
}

TypePtr primitive_from(std::string_view text) {
  for (TypeId id : kPlain) {
    Type type{.id = id};
    if (type_text(type) == text) return std::make_shared<const Type>(std::move(type));
  }
  return text.starts_with("fixed") ? fixed_from(text) : decimal_from(text);
}

TypePtr type_from(const Json& json, int depth);

NestedField field_from(const Json& json, int depth) {
  NestedField field;
  field.id = members::int32(json, "id", "field");
  field.name = members::text(json, "name", "field");
  const std::string what = "field " + field.name;
  field.required = members::flag(json, "required", what);
  field.type = type_from(members::get(json, "type", what), depth + 1);
  if (members::find(json, "doc", what) != nullptr) field.doc = members::text(json, "doc", what);
  return field;
}

std::vector<NestedField> fields_from(const Json& json, std::string_view what, int depth) {
  std::vector<NestedField> fields;
  for (const Json& field : members::array(json, "fields", what)) {
    fields.push_back(field_from(field, depth));
  }
  return fields;
}

TypePtr nested_from(const Json& json, int depth) {
  const std::string kind = members::text(json, "type", "type");
  if (kind == "struct") return struct_type(fields_from(json, "struct", depth));
  if (kind == "list") {
    return list_type(members::int32(json, "element-id", "list"),
                     type_from(members::get(json, "element", "list"), depth + 1),
                     members::flag(json, "element-required", "list"));
  }
  if (kind != "map") not_a_type(kind);
  return map_type(members::int32(json, "key-id", "map"),
                  type_from(members::get(json, "key", "map"), depth + 1),
                  members::int32(json, "value-id", "map"),
                  type_from(members::get(json, "value", "map"), depth + 1),
                  members::flag(json, "value-required", "map"));
}

TypePtr type_from(const Json& json, int depth) {
  if (depth > kMaxDepth) {
    throw DataException(fmt::format("types are nested deeper than {}", kMaxDepth));
  }
  if (json.is_string()) return primitive_from(json.get_ref<const std::string&>());
  if (json.is_object()) return nested_from(json, depth);
  throw DataException("member `type` must be text or an object");
}

void check_unique(const std::vector<NestedField>& fields, std::set<int32_t>& seen) {
  for (const NestedField& field : fields) {
    if (!seen.insert(field.id).second) {
      throw DataException(fmt::format("schema: field id {} is given twice", field.id));
    }
    check_unique(field.type->fields, seen);
  }
}

PartitionField partition_field_from(const Json& json, int32_t default_id) {
  PartitionField field;
  field.name = members::text(json, "name", "partition field");
  const std::string what = "partition field " + field.name;
  field.transform = parse_transform(members::text(json, "transform", what));
  field.field_id = members::optional_int32(json, "field-id", what).value_or(default_id);
  if (members::find(json, "source-ids", what) == nullptr) {
    field.source_id = members::int32(json, "source-id", what);
    return field;
  }
  const Json& sources = members::array(json, "source-ids", what);
  if (sources.empty()) throw DataException(what + ": member `source-ids` must not be empty");
  field.source_id = members::as_int32(sources.front(), "source-ids", what);
  if (sources.size() > 1) field.transform.kind = TransformKind::Unknown;
  return field;
}

}  // namespace

Json to_json(const Type& type) {
  switch (type.id) {
    case TypeId::Struct:
      return {{"type", "struct"}, {"fields", fields_json(type.fields)}};
    case TypeId::List:
      return {{"type", "list"},
              {"element-id", type.fields[0].id},
              {"element", to_json(*type.fields[0].type)},
              {"element-required", type.fields[0].required}};
    case TypeId::Map:
      return {{"type", "map"},
              {"key-id", type.fields[0].id},
              {"key", to_json(*type.fields[0].type)},
              {"value-id", type.fields[1].id},
              {"value", to_json(*type.fields[1].type)},
              {"value-required", type.fields[1].required}};
    default:
      return type_text(type);
  }
}

Json to_json(const TableSchema& schema) {
  Json json = {{"type", "struct"}, {"schema-id", schema.id}};
  if (!schema.identifier_ids.empty()) json["identifier-field-ids"] = schema.identifier_ids;
  json["fields"] = fields_json(schema.fields);
  return json;
}

Json fields_to_json(const PartitionSpec& spec) {
  Json json = Json::array();
  for (const PartitionField& field : spec.fields) {
    json.push_back({{"name", field.name},
                    {"transform", transform_text(field.transform)},
                    {"source-id", field.source_id},
                    {"field-id", field.field_id}});
  }
  return json;
}

Json to_json(const PartitionSpec& spec) {
  return {{"spec-id", spec.id}, {"fields", fields_to_json(spec)}};
}

TypePtr type_from_json(const Json& json) {
  return type_from(json, 0);
}

TableSchema schema_from_json(const Json& json) {
  TableSchema schema;
  schema.id = members::optional_int32(json, "schema-id", "schema").value_or(0);
  const std::string what = fmt::format("schema {}", schema.id);
  schema.fields = fields_from(json, what, 0);
  std::set<int32_t> seen;
  check_unique(schema.fields, seen);
  if (members::find(json, "identifier-field-ids", what) != nullptr) {
    for (const Json& id : members::array(json, "identifier-field-ids", what)) {
      schema.identifier_ids.push_back(members::as_int32(id, "identifier-field-ids", what));
    }
  }
  return schema;
}

PartitionSpec spec_from_json(const Json& json) {
  PartitionSpec spec;
  spec.id = members::optional_int32(json, "spec-id", "partition spec").value_or(0);
  int32_t next_id = kFirstPartitionId;
  for (const Json& field :
       members::array(json, "fields", fmt::format("partition spec {}", spec.id))) {
    spec.fields.push_back(partition_field_from(field, next_id++));
  }
  return spec;
}

}  // namespace millrace::lakehouse
