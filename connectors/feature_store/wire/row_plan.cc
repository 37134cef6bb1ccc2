#include "connectors/feature_store/wire/row_plan.h"

#include <fmt/format.h>

#include "connectors/feature_store/model/hive_schema.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

[[noreturn]] void refuse(const FeatureGroup& group, int64_t schema_id, std::string_view why) {
  throw DataException(fmt::format("reading rows of feature group {} ({}) by schema {}: {}", group.id,
                                  group.table(), schema_id, why));
}

/// On the wire complex values are ["null","bytes"], whatever the registered type is (§4).
void plan_complex(PlannedField& field) {
  field.wire = avro::Kind::Bytes;
  field.is_union = field.has_null = true;
  field.null_branch = 0;
}

void plan_wire(PlannedField& field, const avro::Node& type) {
  field.is_union = type.kind == avro::Kind::Union;
  for (size_t i = 0; field.is_union && i < type.members.size(); ++i) {
    if (type.members[i]->kind != avro::Kind::Null) continue;
    field.has_null = true;
    field.null_branch = static_cast<uint8_t>(i);
  }
  const avro::Node& value = without_null(type);
  field.wire = value.kind;
  field.millis = value.logical_type().ends_with("timestamp-millis");
}

/// Declared types of features win where the wire can carry them, e.g. tinyint in an int.
FeatureType type_of(const FeatureGroup& group, const std::string& name, const avro::Node& field) {
  const FeatureType written = feature_type_of(field);
  const auto declared = group.feature_types.find(name);
  if (declared == group.feature_types.end()) return written;
  const bool narrower = written.kind == FeatureKind::Int && (declared->second.kind == FeatureKind::TinyInt ||
                                                              declared->second.kind == FeatureKind::SmallInt);
  return narrower || declared->second.kind == written.kind ? declared->second : written;
}

/// What the group says of a complex feature; empty: nothing.
std::string complex_type_of(const FeatureGroup& group, const std::string& name) {
  const auto marked = group.complex_types.find(name);
  if (marked != group.complex_types.end()) return marked->second;
  const auto known = group.feature_types.find(name);
  const bool complex = known != group.feature_types.end() && known->second.kind == FeatureKind::Complex;
  return complex ? known->second.text : std::string();
}

bool can_be_event_time(FeatureKind kind) noexcept {
  return kind == FeatureKind::Timestamp || kind == FeatureKind::Date || kind == FeatureKind::BigInt ||
         kind == FeatureKind::Int;
}

}  // namespace

std::string_view failure_type_name(FailureType type) noexcept {
  switch (type) {
    case FailureType::None: return "NONE";
    case FailureType::RowCreation: return "ROW_CREATION";
    case FailureType::Metadata: return "METADATA";
    case FailureType::FeatureGroupDeleted: return "FEATURE_GROUP_DELETED";
    case FailureType::Deserialization: return "DESERIALIZATION";
    case FailureType::UserData: return "USER_DATA";
    case FailureType::Commit: return "COMMIT";
  }
  return "NONE";
}

RowPlan::RowPlan(FeatureGroupPtr group, int64_t schema_id, avro::SchemaPtr registered, PlanLimits limits,
                 const KeySchema* key)
    : group_(std::move(group)), schema_id_(schema_id), schema_(std::move(registered)), limits_(limits) {
  const avro::Node& root = schema_->root();
  if (root.kind != avro::Kind::Record) refuse(*group_, schema_id_, "it is no record");
  if (root.fields.size() > kMaxColumns) refuse(*group_, schema_id_, "it has more than 500 fields");
  for (const avro::Field& written : root.fields) fields_.push_back(plan_field(written));
  plan_key(key);
  for (const PlannedField& field : fields_) steps_.push_back(step_of(field));
}

PlannedField RowPlan::plan_field(const avro::Field& written) {
  PlannedField field;
  field.name = written.name;
  const std::string hive = complex_type_of(*group_, written.name);
  if (!hive.empty() && without_null(*written.type).kind == avro::Kind::Bytes) {
    // The registry has the encoded schema.
    field.type = parse_feature_type(hive);
    if (field.type.kind != FeatureKind::Complex) {
      refuse(*group_, schema_id_, fmt::format("complex feature {} has the type {}", field.name, hive));
    }
    nested_.push_back(schema_of_hive(hive));
    field.nested = &nested_.back()->root();
    plan_wire(field, *written.type);
  } else {
    field.type = type_of(*group_, written.name, *written.type);
    if (field.type.kind == FeatureKind::Complex) {
      field.nested = written.type;
      plan_complex(field);
    } else {
      plan_wire(field, *written.type);
    }
  }
  field.column = group_->column_type(field.name, field.type);
  field.is_declared = group_->online_types.contains(field.name);
  field.online = !group_->offline_only.contains(field.name);
  field.is_event_time = !group_->event_time.empty() && field.name == group_->event_time;
  if (field.is_event_time && !can_be_event_time(field.type.kind)) {
    refuse(*group_, schema_id_, fmt::format("event time {} is a {}", field.name, field.type.text));
  }
  return field;
}

void RowPlan::plan_key(const KeySchema* key) {
  std::vector<FeatureType> types;
  for (const std::string& name : group_->primary_key) {
    const auto at = field(name);
    if (!at) refuse(*group_, schema_id_, fmt::format("it has no field {}, which is a primary key", name));
    PlannedField& planned = fields_[*at];
    if (planned.key_index >= 0) refuse(*group_, schema_id_, fmt::format("primary key {} twice", name));
    if (planned.column.kind == ColumnKind::Text || planned.column.kind == ColumnKind::Blob) {
      refuse(*group_, schema_id_,
             fmt::format("primary key {} is a {}; declare varchar(n) or varbinary(n)", name,
                         planned.column.text()));
    }
    planned.key_index = static_cast<int32_t>(types.size());
    planned.online = true;
    key_fields_.push_back(static_cast<uint32_t>(*at));
    types.push_back(planned.type);
  }
  if (types.size() > kMaxKeyParts) refuse(*group_, schema_id_, "its primary key has more than 32 parts");
  if (!group_->event_time.empty() && !field(group_->event_time)) {
    refuse(*group_, schema_id_, fmt::format("it has no field {}, which is the event time", group_->event_time));
  }
  if (key != nullptr && key->names() != group_->primary_key) {
    refuse(*group_, schema_id_,
           fmt::format("its primary key is {}, that of the table {}", fmt::join(group_->primary_key, ", "),
                       fmt::join(key->names(), ", ")));
  }
  key_ = key != nullptr ? *key : KeySchema(group_->primary_key, std::move(types));
}

std::optional<size_t> RowPlan::field(std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) return i;
  }
  return std::nullopt;
}

}  // namespace millrace::feature_store
