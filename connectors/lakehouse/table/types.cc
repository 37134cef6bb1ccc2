#include "connectors/lakehouse/table/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::lakehouse {
namespace {

constexpr std::array<std::string_view, 13> kNames = {
    "boolean",   "int",         "long",   "float", "double", "date",  "time",
    "timestamp", "timestamptz", "string", "uuid",  "fixed",  "binary"};

TypePtr make(Type type) {
  return std::make_shared<const Type>(std::move(type));
}

bool same_field(const NestedField& a, const NestedField& b) {
  return a.id == b.id && a.name == b.name && a.required == b.required && a.doc == b.doc &&
         *a.type == *b.type;
}

std::string struct_text(const Type& type) {
  std::string text = "struct<";
  for (const NestedField& field : type.fields) {
    if (text.size() > 7) text += ", ";
    text += field.name + ": " + type_text(*field.type);
  }
  return text + ">";
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

const NestedField* find_id(const std::vector<NestedField>& fields, int32_t id) noexcept {
  for (const NestedField& field : fields) {
    if (field.id == id) return &field;
    if (const NestedField* inner = find_id(field.type->fields, id)) return inner;
  }
  return nullptr;
}

bool find_path(const std::vector<NestedField>& fields, int32_t id, std::string& path) {
  const size_t before = path.size();
  for (const NestedField& field : fields) {
    if (before > 0) path += '.';
    path += field.name;
    if (field.id == id || find_path(field.type->fields, id, path)) return true;
    path.resize(before);
  }
  return false;
}

int32_t highest(const std::vector<NestedField>& fields) noexcept {
  int32_t id = 0;
  for (const NestedField& field : fields) {
    id = std::max({id, field.id, highest(field.type->fields)});
  }
  return id;
}

}  // namespace

bool Type::operator==(const Type& other) const {
  return id == other.id && length == other.length && precision == other.precision &&
         scale == other.scale &&
         std::equal(fields.begin(), fields.end(), other.fields.begin(), other.fields.end(),
                    same_field);
}

TypePtr primitive(TypeId id) {
  return make({.id = id});
}

TypePtr decimal_type(int32_t precision, int32_t scale) {
  return make({.id = TypeId::Decimal, .precision = precision, .scale = scale});
}

TypePtr fixed_type(int32_t length) {
  return make({.id = TypeId::Fixed, .length = length});
}

TypePtr struct_type(std::vector<NestedField> fields) {
  return make({.id = TypeId::Struct, .fields = std::move(fields)});
}

TypePtr list_type(int32_t element_id, TypePtr element, bool element_required) {
  return make({.id = TypeId::List,
               .fields = {{element_id, "element", element_required, std::move(element)}}});
}

TypePtr map_type(int32_t key_id, TypePtr key, int32_t value_id, TypePtr value,
                 bool value_required) {
  return make({.id = TypeId::Map,
               .fields = {{key_id, "key", true, std::move(key)},
                          {value_id, "value", value_required, std::move(value)}}});
}

std::string type_text(const Type& type) {
  switch (type.id) {
    case TypeId::Fixed:
      return fmt::format("fixed[{}]", type.length);
    case TypeId::Decimal:
      return fmt::format("decimal({}, {})", type.precision, type.scale);
    case TypeId::Struct:
      return struct_text(type);
    case TypeId::List:
      return "list<" + type_text(*type.fields[0].type) + ">";
    case TypeId::Map:
      return "map<" + type_text(*type.fields[0].type) + ", " + type_text(*type.fields[1].type) +
             ">";
    default:
      return std::string(kNames[static_cast<size_t>(type.id)]);
  }
}

bool same_name(std::string_view a, std::string_view b, bool ignore_case) noexcept {
  if (!ignore_case) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

const NestedField* TableSchema::column(std::string_view name, bool ignore_case) const noexcept {
  for (const NestedField& field : fields) {
    if (same_name(field.name, name, ignore_case)) return &field;
  }
  return nullptr;
}

const NestedField* TableSchema::field(int32_t field_id) const noexcept {
  return find_id(fields, field_id);
}

std::string TableSchema::path_of(int32_t field_id) const {
  std::string path;
  find_path(fields, field_id, path);
  return path;
}

int32_t TableSchema::highest_id() const noexcept {
  return highest(fields);
}

}  // namespace millrace::lakehouse
