#include "connectors/lakehouse/table/field_ids.h"

#include <fmt/format.h>

#include <set>

#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw DataException("schema: " + why);
}

// Names with their paths are unique: readers do not open a table with a column `a.b` and a member `b` of `a`.
void check_fields(const std::vector<NestedField>& fields, const std::string& path,
                  std::set<std::string>& names) {
  for (const NestedField& field : fields) {
    const std::string name = path + field.name;
    if (field.name.empty()) refuse(fmt::format("a field of `{}` has no name", path));
    if (!names.insert(name).second) refuse(fmt::format("field `{}` is given twice", name));
    if (field.id < 1 || field.id > kMaxFieldId) {
      refuse(fmt::format("field `{}` cannot have the id {}", name, field.id));
    }
    check_fields(field.type->fields, name + '.', names);
  }
}

/// The field, when all on the way to it are required structs.
const NestedField* identifier(const std::vector<NestedField>& fields, int32_t id) {
  for (const NestedField& field : fields) {
    if (field.id == id) return field.required ? &field : nullptr;
    if (field.type->id != TypeId::Struct || !field.required) continue;
    if (const NestedField* inner = identifier(field.type->fields, id)) return inner;
  }
  return nullptr;
}

TypePtr type_with_new_ids(const TypePtr& type, int32_t& next, std::map<int32_t, int32_t>* renamed) {
  if (type->is_primitive()) return type;
  Type fresh = *type;
  fresh.fields = with_new_ids(type->fields, next, renamed);
  return std::make_shared<const Type>(std::move(fresh));
}

}  // namespace

std::vector<NestedField> with_new_ids(const std::vector<NestedField>& fields, int32_t& next,
                                      std::map<int32_t, int32_t>* renamed) {
  std::vector<NestedField> fresh = fields;
  for (NestedField& field : fresh) {
    if (next > kMaxFieldId) refuse("there are no field ids left");
    if (renamed != nullptr) (*renamed)[field.id] = next;
    field.id = next++;
  }
  for (NestedField& field : fresh) field.type = type_with_new_ids(field.type, next, renamed);
  return fresh;
}

void check_schema(const TableSchema& schema) {
  std::set<std::string> names;
  check_fields(schema.fields, "", names);
  for (int32_t id : schema.identifier_ids) {
    const NestedField* field = identifier(schema.fields, id);
    if (field == nullptr || !field->type->is_primitive() || field->type->id == TypeId::Float ||
        field->type->id == TypeId::Double) {
      refuse(
          fmt::format("field {} `{}` cannot identify rows: it must be required, in required "
                      "structs alone, and of a primitive type other than float and double",
                      id, schema.path_of(id)));
    }
  }
}

}  // namespace millrace::lakehouse
