#include "connectors/lakehouse/columns/schema_wishes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "connectors/lakehouse/columns/cell_text.h"
#include "connectors/lakehouse/columns/members.h"
#include "millrace/errors.h"
#include "millrace/text.h"
#include "millrace/utf8.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

constexpr int32_t kMaxPrecision = 38;
constexpr const char* kPrecisionParameter = "connect.decimal.precision";

bool is_plain(const Schema* schema, Kind kind) {
  return schema != nullptr && schema->type() == kind && schema->value_class() == kind;
}

TypePtr wider_int(const Schema* schema, const Value& value) {
  if (is_plain(schema, Kind::Int64)) return primitive(TypeId::Long);
  int64_t number = 0;
  const bool is_wide = to_whole(value, number) == NumberFit::Fits &&
                       (number < std::numeric_limits<int32_t>::min() ||
                        number > std::numeric_limits<int32_t>::max());
  return is_wide ? primitive(TypeId::Long) : nullptr;
}

TypePtr wider_float(const Schema* schema, const Value& value) {
  if (is_plain(schema, Kind::Float64)) return primitive(TypeId::Double);
  double number = 0;
  const bool is_wide = to_real(value, number) == NumberFit::Fits && std::isfinite(number) &&
                       std::abs(number) > std::numeric_limits<float>::max();
  return is_wide ? primitive(TypeId::Double) : nullptr;
}

/// What a schema says, else all digits when a decimal has too many.
TypePtr wider_decimal(const Type& type, const Schema* schema, const Value& value) {
  if (schema != nullptr && schema->value_class() == Kind::Decimal) {
    const std::string* scale = schema->parameter(logical::kScaleParameter);
    const std::string* digits = schema->parameter(kPrecisionParameter);
    int32_t precision = 0;
    if (digits != nullptr) std::from_chars(digits->data(), digits->data() + digits->size(), precision);
    const bool same_scale = scale != nullptr && *scale == std::to_string(type.scale);
    if (same_scale && precision > type.precision && precision <= kMaxPrecision) {
      return decimal_type(precision, type.scale);
    }
  }
  DecimalBytes bytes{};
  const bool is_wide =
      value.type() == Kind::Decimal &&
      to_decimal(value, type.precision, type.scale, bytes) == NumberFit::TooLarge &&
      to_decimal(value, kMaxPrecision, type.scale, bytes) == NumberFit::Fits;
  return is_wide ? decimal_type(kMaxPrecision, type.scale) : nullptr;
}

/// A type that the column can be given, and that takes more; else null.
TypePtr wider_type(const Type& type, const Schema* schema, const Value& value) {
  switch (type.id) {
    case TypeId::Int:
      return wider_int(schema, value);
    case TypeId::Float:
      return wider_float(schema, value);
    case TypeId::Decimal:
      return wider_decimal(type, schema, value);
    default:
      return nullptr;
  }
}

bool has_dots(const std::vector<NestedField>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const NestedField& field) {
    return field.name.find('.') != std::string::npos || has_dots(field.type->fields);
  });
}

int64_t leaf_count(const TableSchema& schema) {
  int64_t leaves = 0;
  for (const NestedField& field : schema.fields) leaves += leaf_count(*field.type);
  return leaves;
}

}  // namespace

bool is_flattened(const RowOptions& options, const Schema* schema, const Value& value) noexcept {
  if (!options.flatten || !is_object(value)) return false;
  if (value.type() == Kind::Struct) return true;
  if (schema != nullptr) return false;
  const auto entries = value.as_map();
  return entries.empty() || entries[0].key.type() == Kind::String;
}

/// The path is longer while this lives.
class SchemaWishes::Path {
 public:
  Path(std::string& path, std::string_view separator, std::string_view name)
      : path_(path), before_(path.size()) {
    if (before_ > 0) path_ += separator;
    path_ += name;
  }
  ~Path() { path_.resize(before_); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

 private:
  std::string& path_;
  const size_t before_;
};

SchemaWishes::SchemaWishes(TableSchemaPtr schema, const RowOptions& options)
    : schema_(std::move(schema)),
      options_(options),
      leaves_(leaf_count(*schema_)),
      has_dots_(has_dots(schema_->fields)),
      columns_(schema_->fields, options.ignore_case),
      is_broker_(schema_->fields.size()) {
  for (const BrokerField field : options.broker_fields) {
    const int32_t at = columns_.find(kBrokerColumns[static_cast<size_t>(field)]);
    if (at != FieldNames::kNone) is_broker_[static_cast<size_t>(at)] = true;
  }
}

bool SchemaWishes::wants(const Record& record, Reject& reject) {
  Wishes wishes;
  return of_record(record, wishes, reject) && !wishes.empty();
}

bool SchemaWishes::widens(const Schema& schema) {
  Wishes wishes;
  Reject reject;
  wishes_ = &wishes;
  reject_ = &reject;
  path_.clear();
  of_row(&schema, nullptr, 0);
  return !wishes.types.empty();
}

void SchemaWishes::add(const Record& record) {
  Wishes wishes;
  Reject reject;
  if (!of_record(record, wishes, reject)) return;
  struct Merged {
    size_t place;
    TypePtr type;
  };
  std::vector<Merged> merged;
  int64_t leaves = noted_.leaves;
  for (const SchemaChange::NewColumn& column : wishes.columns) {
    const auto known = noted_.places.find(key_of(column.parent, column.field.name));
    if (known == noted_.places.end()) {
      leaves += leaf_count(*column.field.type);
      continue;
    }
    const TypePtr& before = noted_.columns[known->second].field.type;
    TypePtr type = merge_types(before, column.field.type, options_.ignore_case);
    if (!type || type == before) continue;
    leaves += leaf_count(*type) - leaf_count(*before);
    merged.push_back({known->second, std::move(type)});
  }
  if (leaves_ + leaves > options_.max_columns && leaves > noted_.leaves) return;
  if (wishes.has_dots || noted_.has_dots) {
    Wishes both = noted_;
    both.has_dots = true;
    both.columns.insert(both.columns.end(), wishes.columns.begin(), wishes.columns.end());
    if (!is_sound(both)) return;
  }
  noted_.has_dots = noted_.has_dots || wishes.has_dots;
  for (Merged& one : merged) noted_.columns[one.place].field.type = std::move(one.type);
  for (SchemaChange::NewColumn& column : wishes.columns) {
    const auto place = noted_.columns.size();
    const bool is_new = noted_.places.try_emplace(key_of(column.parent, column.field.name), place).second;
    if (is_new) noted_.columns.push_back(std::move(column));
  }
  noted_.leaves = leaves;
  for (auto& [id, type] : wishes.types) {
    TypePtr& known = noted_.types[id];
    if (!known || can_promote(*known, *type)) known = type;
  }
  noted_.optionals.merge(wishes.optionals);
}

SchemaChange SchemaWishes::take() { return change_of(std::exchange(noted_, {})); }

SchemaChange SchemaWishes::change_of(const Wishes& wishes) const {
  SchemaChange change;
  change.columns = wishes.columns;
  for (const auto& [id, type] : wishes.types) change.types.push_back({id, type});
  change.optionals.assign(wishes.optionals.begin(), wishes.optionals.end());
  change.ignore_case = options_.ignore_case;
  return change;
}

// A column `a.b` and a member `b` of `a` are one name for them.
bool SchemaWishes::is_sound(const Wishes& wishes) const {
  if (wishes.columns.empty() || !(has_dots_ || wishes.has_dots)) return true;
  try {
    evolve(*schema_, schema_->highest_id(), change_of(wishes));
    return true;
  } catch (const DataException&) {
    return false;
  }
}

bool SchemaWishes::of_record(const Record& record, Wishes& wishes, Reject& reject) {
  const Value& value = record.value.value;
  if (!is_object(value)) return true;
  wishes_ = &wishes;
  reject_ = &reject;
  path_.clear();
  seen_.assign(schema_->fields.size(), false);
  if (!of_row(record.value.schema, &value, 0)) return false;
  for (size_t at = 0; at < seen_.size(); ++at) {
    const NestedField& field = schema_->fields[at];
    if (!seen_[at] && !is_broker_[at] && !relax(field, field.name)) return false;
  }
  if (is_sound(wishes)) return true;
  reject = {RejectReason::DuplicateKey, wishes.columns.back().field.name,
            "with it the table would have two columns of one name, as `a.b` and the member b of a"};
  return false;
}

template <class Visit>
bool SchemaWishes::each_member(const Schema* schema, const Value* value, const Visit& visit) {
  if (value == nullptr) {
    for (const Field& field : schema->fields()) {
      if (!visit(Member{field.name, field.schema.get(), nullptr})) return false;
    }
    return true;
  }
  const Members members(*value);
  for (size_t at = 0; at < members.size(); ++at) {
    if (!visit(Member{members.name(at), members.schema(at), &members.value(at)})) return false;
  }
  return true;
}

bool SchemaWishes::of_row(const Schema* schema, const Value* value, int depth) {
  return each_member(schema, value, [&](const Member& member) {
    const Path path(path_, options_.separator, member.name);
    return of_column({path_, member.schema, member.value}, depth);
  });
}

// Its name is the path.
bool SchemaWishes::of_column(const Member& member, int depth) {
  const int32_t at = columns_.find(member.name);
  const NestedField* field = at == FieldNames::kNone ? nullptr : &schema_->fields[static_cast<size_t>(at)];
  const bool is_nested = field != nullptr && !field->type->is_primitive();
  const bool flattened =
      member.value != nullptr
          ? is_flattened(options_, member.schema, *member.value)
          : options_.flatten && member.schema != nullptr && member.schema->type() == Kind::Struct;
  if (flattened && !is_nested) {
    if (depth >= kMaxNesting) return refuse(RejectReason::NestedField, "objects within objects, too deep");
    return of_row(member.schema, member.value, depth + 1);
  }
  if (field == nullptr) return new_column(0, member, 0);
  if (member.value != nullptr) seen_[static_cast<size_t>(at)] = true;
  return of_field(*field, member.schema, member.value, 0);
}

bool SchemaWishes::of_field(const NestedField& field, const Schema* schema, const Value* value, int depth) {
  if (value != nullptr && value->is_null() && !relax(field, path_)) return false;
  if (field.type->is_primitive()) {
    TypePtr type = wider_type(*field.type, schema, value != nullptr ? *value : Value());
    const bool is_good = value == nullptr || fits(field, type ? type : field.type, *value);
    if (type) widen(field, std::move(type));
    return is_good;
  }
  if (value != nullptr && value->is_null()) return true;
  return field.type->id == TypeId::Struct ? of_members(field, schema, value, depth)
                                          : of_elements(field, schema, value, depth);
}

bool SchemaWishes::of_members(const NestedField& field, const Schema* schema, const Value* value,
                              int depth) {
  if (value != nullptr && !is_object(*value)) return fits(field, field.type, *value);
  if (value == nullptr && (schema == nullptr || schema->type() != Kind::Struct)) return true;
  FieldNames& names = names_of(*field.type);
  std::vector<bool> seen(field.type->fields.size());
  const bool all = each_member(schema, value, [&](const Member& member) {
    const Path path(path_, ".", member.name);
    const int32_t at = names.find(member.name);
    if (at == FieldNames::kNone) return new_column(field.id, member, depth + 1);
    seen[static_cast<size_t>(at)] = true;
    return of_field(field.type->fields[static_cast<size_t>(at)], member.schema, member.value, depth + 1);
  });
  if (!all || value == nullptr) return all;
  for (size_t at = 0; at < seen.size(); ++at) {
    const NestedField& member = field.type->fields[at];
    if (!seen[at] && !relax(member, path_ + "." + member.name)) return false;
  }
  return true;
}

bool SchemaWishes::of_elements(const NestedField& field, const Schema* schema, const Value* value,
                               int depth) {
  const bool is_list = field.type->id == TypeId::List;
  const NestedField& element = field.type->fields.back();
  const bool has_schema = schema != nullptr && (schema->type() == (is_list ? Kind::Array : Kind::Map));
  const Schema* of_element = has_schema ? schema->value_schema().get() : nullptr;
  const Path path(path_, ".", element.name);
  if (value == nullptr) return !of_element || of_field(element, of_element, nullptr, depth + 1);
  if (value->type() != (is_list ? Kind::Array : Kind::Map)) return fits(field, field.type, *value);
  if (is_list) {
    for (const Value& item : value->as_array()) {
      if (!of_field(element, of_element, &item, depth + 1)) return false;
    }
  } else {
    for (const MapEntry& entry : value->as_map()) {
      if (!of_field(element, of_element, &entry.value, depth + 1)) return false;
    }
  }
  return true;
}

bool SchemaWishes::new_column(int32_t parent, const Member& member, int depth) {
  if (member.value == nullptr || !tells_type(member.schema, *member.value, options_.inference)) return true;
  const bool is_nested = is_object(*member.value) || member.value->type() == Kind::Array;
  if (is_nested && options_.reject_nested) {
    return refuse(RejectReason::NestedField,
                  "an object or array; flat records are expected (lakehouse.nested.handling)");
  }
  NestedField field{0, std::string(member.name), false,
                    infer_type(member.schema, *member.value, options_.inference, path_)};
  const auto& taken = options_.taken_names;
  if (parent == 0 && std::find(taken.begin(), taken.end(), field.name) != taken.end()) {
    return refuse(RejectReason::UnknownField, "the table has a partition field of that name");
  }
  if (!check(field, depth) || !fits(field, field.type, *member.value)) return false;
  const auto [place, is_new] = wishes_->places.try_emplace(key_of(parent, member.name), wishes_->columns.size());
  int64_t more = leaf_count(*field.type);
  if (!is_new) {  // elsewhere in the record
    if (parent == 0) {
      return refuse(RejectReason::DuplicateKey, "two fields of the record are for this column");
    }
    NestedField& known = wishes_->columns[place->second].field;
    TypePtr type = merge_types(known.type, field.type, options_.ignore_case);
    if (!type || type == known.type) return true;
    more = leaf_count(*type) - leaf_count(*known.type);
    known.type = std::move(type);
  } else {
    wishes_->columns.push_back({parent, std::move(field)});
  }
  wishes_->leaves += more;
  wishes_->has_dots = wishes_->has_dots || has_dots({wishes_->columns[place->second].field});
  if (leaves_ + wishes_->leaves <= options_.max_columns) return true;
  return refuse(RejectReason::UnknownField,
                "the table has no such column, and with all that the record asks for it would have more "
                "than lakehouse.columns.max, " + std::to_string(options_.max_columns));
}

// Of a new field and all in it: readers must be able to live with them.
bool SchemaWishes::check(const NestedField& field, int depth) {
  if (depth > kMaxNesting) {
    return refuse(RejectReason::NestedField,
                  "more than " + std::to_string(kMaxNesting) + " levels of objects and arrays");
  }
  if (field.name.empty()) return refuse(RejectReason::UnknownField, "a column must have a name");
  if (!utf8::is_valid(field.name)) {
    return refuse(RejectReason::InvalidUtf8, "the name of the field is not well-formed");
  }
  return std::all_of(field.type->fields.begin(), field.type->fields.end(),
                     [&](const NestedField& member) { return check(member, depth + 1); });
}

// A try, in a column of its own.
bool SchemaWishes::fits(const NestedField& field, const TypePtr& type, const Value& value) {
  if (value.is_null()) return true;
  Column column({field.id, field.name, false, type});
  Reject reject;
  if (append_value(column, value, options_.cells, reject)) return true;
  *reject_ = std::move(reject);
  reject_->field = path_ + (reject_->field.empty() ? "" : "." + reject_->field);
  return false;
}

bool SchemaWishes::refuse(RejectReason reason, std::string detail) {
  constexpr size_t kMostShown = 256;  // bytes of a path
  *reject_ = {reason, utf8::sanitise(std::string_view(path_).substr(0, kMostShown)), std::move(detail)};
  return false;
}

// For want of a value; false when there must be one.
bool SchemaWishes::relax(const NestedField& field, std::string_view path) {
  if (!field.required) return true;
  if (!can_relax(*schema_, field.id)) {
    *reject_ = {RejectReason::MissingRequired, std::string(path), ""};
    return false;
  }
  wishes_->optionals.insert(field.id);
  return true;
}

void SchemaWishes::widen(const NestedField& field, TypePtr type) {
  TypePtr& known = wishes_->types[field.id];
  if (!known || can_promote(*known, *type)) known = std::move(type);
}

std::string SchemaWishes::key_of(int32_t parent, std::string_view name) const {
  return std::to_string(parent) + '.' + (options_.ignore_case ? to_lower(name) : std::string(name));
}

FieldNames& SchemaWishes::names_of(const Type& type) {
  return names_.try_emplace(&type, type.fields, options_.ignore_case).first->second;
}

}  // namespace millrace::lakehouse
