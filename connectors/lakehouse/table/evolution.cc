#include "connectors/lakehouse/table/evolution.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/lakehouse/table/field_ids.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {
namespace {

[[noreturn]] void refuse(std::string_view path, const std::string& why) {
  throw DataException(fmt::format("changing the schema: column `{}` {}", path, why));
}

std::string joined(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + '.' + name;
}

/// Edits a schema field by field; types are shared and made anew on the way to a changed field.
class Evolver {
 public:
  Evolver(const TableSchema& current, int32_t last_column_id)
      : result_{current, std::max(last_column_id, current.highest_id()), false} {}

  void add(const SchemaChange::NewColumn& column);
  void promote(const SchemaChange::NewType& wanted);
  void relax(const std::string& path);
  EvolvedSchema finish() && {
    if (result_.changed) check_schema(result_.schema);
    return std::move(result_);
  }

 private:
  /// Calls `edit` with a copy of the field of that id, and puts it where the field was. False:
  /// there is no such field.
  template <class Edit>
  static bool replace(std::vector<NestedField>& fields, int32_t id, const Edit& edit);
  template <class Edit>
  void change(int32_t id, const Edit& edit) {
    replace(result_.schema.fields, id, edit);
    result_.changed = true;
  }

  const NestedField& find(const std::string& path) const;
  void append(const std::string& parent, const NestedField& field);
  static void check_same(const std::string& path, const NestedField& present,
                         const NestedField& wanted);

  EvolvedSchema result_;
};

template <class Edit>
bool Evolver::replace(std::vector<NestedField>& fields, int32_t id, const Edit& edit) {
  for (NestedField& field : fields) {
    if (field.id == id) {
      edit(field);
      return true;
    }
    if (field.type->is_primitive()) continue;
    Type inner = *field.type;
    if (!replace(inner.fields, id, edit)) continue;
    field.type = std::make_shared<const Type>(std::move(inner));
    return true;
  }
  return false;
}

const NestedField* find_path(const std::vector<NestedField>& fields, std::string_view path) {
  for (const NestedField& field : fields) {
    if (field.name == path) return &field;
    if (path.size() <= field.name.size() || !path.starts_with(field.name) ||
        path[field.name.size()] != '.') {
      continue;
    }
    const auto* inner = find_path(field.type->fields, path.substr(field.name.size() + 1));
    if (inner != nullptr) return inner;
  }
  return nullptr;
}

const NestedField& Evolver::find(const std::string& path) const {
  const NestedField* field = find_path(result_.schema.fields, path);
  if (field == nullptr) refuse(path, "is not in the table");
  return *field;
}

void Evolver::check_same(const std::string& path, const NestedField& present,
                         const NestedField& wanted) {
  const bool nested = !present.type->is_primitive() && present.type->id == wanted.type->id;
  if (nested || can_promote(*wanted.type, *present.type)) return;
  refuse(path, fmt::format("is of type {} already, and values of type {} do not fit",
                           type_text(*present.type), type_text(*wanted.type)));
}

void Evolver::append(const std::string& parent, const NestedField& field) {
  int32_t next = result_.last_column_id + 1;
  NestedField fresh = with_new_ids({field}, next).front();
  result_.last_column_id = next - 1;
  if (parent.empty()) {
    result_.schema.fields.push_back(std::move(fresh));
    result_.changed = true;
    return;
  }
  change(find(parent).id, [&fresh](NestedField& owner) {
    Type wider = *owner.type;
    wider.fields.push_back(fresh);
    owner.type = std::make_shared<const Type>(std::move(wider));
  });
}

void Evolver::add(const SchemaChange::NewColumn& column) {
  const std::string path = joined(column.parent, column.field.name);
  if (column.field.required) refuse(path, "cannot be added as required: older rows lack it");
  const std::vector<NestedField>* siblings = &result_.schema.fields;
  if (!column.parent.empty()) {
    const NestedField& parent = find(column.parent);
    if (parent.type->id != TypeId::Struct) {
      refuse(path, "cannot be added: `" + column.parent + "` is no struct");
    }
    siblings = &parent.type->fields;
  }
  const auto present =
      std::find_if(siblings->begin(), siblings->end(),
                   [&column](const NestedField& field) { return field.name == column.field.name; });
  if (present != siblings->end()) return check_same(path, *present, column.field);
  append(column.parent, column.field);
}

void Evolver::promote(const SchemaChange::NewType& wanted) {
  const NestedField& field = find(wanted.path);
  if (can_promote(*wanted.type, *field.type)) return;  // wide enough
  if (!can_promote(*field.type, *wanted.type)) {
    refuse(wanted.path, fmt::format("of type {} cannot become {}: only int may become long, float "
                                    "double, and a decimal have more digits",
                                    type_text(*field.type), type_text(*wanted.type)));
  }
  if (wanted.path.ends_with(".key") &&
      find(wanted.path.substr(0, wanted.path.size() - 4)).type->id == TypeId::Map) {
    refuse(wanted.path, "is the key of a map, which cannot change");
  }
  change(field.id, [&wanted](NestedField& edited) { edited.type = wanted.type; });
}

void Evolver::relax(const std::string& path) {
  const NestedField& field = find(path);
  if (!field.required) return;
  const auto& ids = result_.schema.identifier_ids;
  if (std::find(ids.begin(), ids.end(), field.id) != ids.end()) {
    refuse(path, "identifies rows and must stay required");
  }
  if (path.ends_with(".key") && find(path.substr(0, path.size() - 4)).type->id == TypeId::Map) {
    refuse(path, "is the key of a map and must stay required");
  }
  change(field.id, [](NestedField& edited) { edited.required = false; });
}

}  // namespace

bool can_promote(const Type& from, const Type& to) {
  if (from == to) return true;
  if (from.id == TypeId::Int) return to.id == TypeId::Long;
  if (from.id == TypeId::Float) return to.id == TypeId::Double;
  return from.id == TypeId::Decimal && to.id == TypeId::Decimal && from.scale == to.scale &&
         from.precision <= to.precision;
}

EvolvedSchema evolve(const TableSchema& current, int32_t last_column_id,
                     const SchemaChange& change) {
  Evolver evolver(current, last_column_id);
  for (const auto& column : change.columns) evolver.add(column);
  for (const auto& type : change.types) evolver.promote(type);
  for (const auto& path : change.optionals) evolver.relax(path);
  return std::move(evolver).finish();
}

}  // namespace millrace::lakehouse
