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

/// Ids of keys of maps, which cannot change.
bool is_map_key(const std::vector<NestedField>& fields, int32_t id) {
  return std::any_of(fields.begin(), fields.end(), [id](const NestedField& field) {
    return (field.type->id == TypeId::Map && field.type->fields[0].id == id) ||
           is_map_key(field.type->fields, id);
  });
}

bool identifies_rows(const TableSchema& schema, int32_t id) {
  const auto& ids = schema.identifier_ids;
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// Edits a schema field by field; types are shared and made anew on the way to a changed field.
class Evolver {
 public:
  Evolver(const TableSchema& current, int32_t last_column_id, bool ignore_case)
      : result_{current, std::max(last_column_id, current.highest_id()), false},
        ignore_case_(ignore_case) {}

  void add(const SchemaChange::NewColumn& column);
  void promote(const SchemaChange::NewType& wanted);
  void relax(int32_t id);
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

  const NestedField& find(int32_t id) const;
  std::string path(int32_t id) const { return result_.schema.path_of(id); }
  void append(int32_t parent, const NestedField& field);
  void merge(const NestedField& present, const NestedField& wanted);
  void merge_member(int32_t parent, const NestedField& wanted);

  EvolvedSchema result_;
  bool ignore_case_;
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

const NestedField& Evolver::find(int32_t id) const {
  const NestedField* field = result_.schema.field(id);
  if (field == nullptr) refuse(fmt::format("#{}", id), "is not in the table");
  return *field;
}

void Evolver::append(int32_t parent, const NestedField& field) {
  int32_t next = result_.last_column_id + 1;
  NestedField fresh = with_new_ids({field}, next).front();
  result_.last_column_id = next - 1;
  if (parent == 0) {
    result_.schema.fields.push_back(std::move(fresh));
    result_.changed = true;
    return;
  }
  change(parent, [&fresh](NestedField& owner) {
    Type wider = *owner.type;
    wider.fields.push_back(fresh);
    owner.type = std::make_shared<const Type>(std::move(wider));
  });
}

void Evolver::add(const SchemaChange::NewColumn& column) {
  if (column.field.required) {
    refuse(column.field.name, "cannot be added as required: older rows lack it");
  }
  if (column.parent != 0 && find(column.parent).type->id != TypeId::Struct) {
    refuse(column.field.name, "cannot be added: `" + path(column.parent) + "` is no struct");
  }
  merge_member(column.parent, column.field);
}

void Evolver::merge_member(int32_t parent, const NestedField& wanted) {
  const auto& siblings = parent == 0 ? result_.schema.fields : find(parent).type->fields;
  const auto present = std::find_if(siblings.begin(), siblings.end(), [&](const NestedField& field) {
    return same_name(field.name, wanted.name, ignore_case_);
  });
  if (present != siblings.end()) return merge(NestedField(*present), wanted);
  NestedField fresh = wanted;
  fresh.required = false;
  append(parent, fresh);
}

// A copy of what is there: the schema changes under it.
void Evolver::merge(const NestedField& present, const NestedField& wanted) {
  if (present.required && !wanted.required && can_relax(result_.schema, present.id)) relax(present.id);
  if (present.type->is_primitive()) {
    if (*wanted.type == *present.type || !can_promote(*present.type, *wanted.type)) return;
    if (!is_map_key(result_.schema.fields, present.id)) promote({present.id, wanted.type});
    return;
  }
  if (wanted.type->id != present.type->id) return;
  if (present.type->id == TypeId::Struct) {
    for (const NestedField& member : wanted.type->fields) merge_member(present.id, member);
    return;
  }
  merge(present.type->fields.back(), wanted.type->fields.back());  // an element, the value of a map
}

void Evolver::promote(const SchemaChange::NewType& wanted) {
  const NestedField& field = find(wanted.id);
  if (can_promote(*wanted.type, *field.type)) return;  // wide enough
  if (!can_promote(*field.type, *wanted.type)) {
    refuse(path(wanted.id),
           fmt::format("of type {} cannot become {}: only int may become long, float double, and a "
                       "decimal have more digits",
                       type_text(*field.type), type_text(*wanted.type)));
  }
  if (is_map_key(result_.schema.fields, wanted.id)) {
    refuse(path(wanted.id), "is the key of a map, which cannot change");
  }
  change(wanted.id, [&wanted](NestedField& edited) { edited.type = wanted.type; });
}

void Evolver::relax(int32_t id) {
  if (!find(id).required) return;
  if (identifies_rows(result_.schema, id)) {
    refuse(path(id), "identifies rows and must stay required");
  }
  if (!can_relax(result_.schema, id)) {
    refuse(path(id), "is the key of a map and must stay required");
  }
  change(id, [](NestedField& edited) { edited.required = false; });
}

}  // namespace

bool can_promote(const Type& from, const Type& to) {
  if (from == to) return true;
  if (from.id == TypeId::Int) return to.id == TypeId::Long;
  if (from.id == TypeId::Float) return to.id == TypeId::Double;
  return from.id == TypeId::Decimal && to.id == TypeId::Decimal && from.scale == to.scale &&
         from.precision <= to.precision;
}

bool can_relax(const TableSchema& schema, int32_t field_id) {
  return !identifies_rows(schema, field_id) && !is_map_key(schema.fields, field_id);
}

EvolvedSchema evolve(const TableSchema& current, int32_t last_column_id,
                     const SchemaChange& change) {
  Evolver evolver(current, last_column_id, change.ignore_case);
  for (const auto& column : change.columns) evolver.add(column);
  for (const auto& type : change.types) evolver.promote(type);
  for (const int32_t id : change.optionals) evolver.relax(id);
  return std::move(evolver).finish();
}

}  // namespace millrace::lakehouse
