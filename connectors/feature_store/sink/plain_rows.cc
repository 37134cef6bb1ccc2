#include "connectors/feature_store/sink/plain_rows.h"

#include <algorithm>

#include "millrace/schema.h"

namespace millrace::feature_store {
namespace {

Failure bad_data(const char* reason, int32_t field = -1) noexcept {
  return {FailureType::UserData, reason, field};
}

std::string_view text_of(const Value& bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.as_bytes().data()), bytes.size()};
}

bool is_object(const Value& value) noexcept {
  return value.type() == Type::Struct || value.type() == Type::Map;
}

}  // namespace

void PlainRows::begin() {
  arena_.reset();
  unknown_fields_ = 0;
  knows_topic_ = false;  // the catalog may be another one
}

int64_t PlainRows::group_of(std::string_view topic) {
  if (knows_topic_ && topic_ == topic) return group_;
  topic_ = topic;
  knows_topic_ = true;
  const auto at = groups_.find(topic);
  group_ = at != groups_.end() ? at->second : plans_.group_of_topic(topic);
  return group_;
}

void PlainRows::use(const RowPlanPtr& plan) {
  if (!encoder_ || &encoder_->plan() != plan.get()) {
    encoder_.emplace(plan);
    columns_.clear();
    nested_.resize(std::max(nested_.size(), plan->fields().size()));
  }
  cells_.assign(plan->fields().size(), {});
}

Failure PlainRows::read(const RowPlanPtr& plan, const Record& record, Row& out) {
  const Value& value = record.value.value;
  out = {};
  if (value.type() == Type::Bytes) {
    out.bytes = text_of(value);
    return {};
  }
  use(plan);
  out.is_delete = value.is_null();
  if (!out.is_delete && !is_object(value)) {
    return bad_data("the value is neither bytes of a row nor a struct or map with its columns");
  }
  if (const Failure failure = out.is_delete ? read_key(record.key.value) : read_object(value, false)) {
    return failure;
  }
  row_.clear();
  if (const char* why = encoder_->encode(cells_, row_)) return bad_data(why);
  out.bytes = arena_.copy(std::string_view(row_));
  return {};
}

Failure PlainRows::read_key(const Value& key) {
  if (key.is_null()) return bad_data("the value is null, and so is the key: which row to delete is not said");
  if (is_object(key)) return read_object(key, true);
  const std::vector<PlannedField>& fields = encoder_->plan().fields();
  if (encoder_->plan().key().size() != 1) {
    return bad_data("the value is null, and the key is no struct or map with the columns of the primary key");
  }
  const auto at = std::find_if(fields.begin(), fields.end(),
                               [](const PlannedField& field) { return field.key_index == 0; });
  return read_cell(static_cast<uint32_t>(at - fields.begin()), key);
}

Failure PlainRows::read_object(const Value& object, bool key_only) {
  size_t position = 0;
  if (object.type() == Type::Struct) {
    const StructData& data = object.as_struct();
    for (const Field& field : data.schema->fields()) {
      if (const Failure failure = read_field(position++, field.name, data.values[field.index], key_only)) {
        return failure;
      }
    }
    return {};
  }
  for (const MapEntry& entry : object.as_map()) {
    if (entry.key.type() != Type::String) return bad_data("the keys of a map with columns are texts");
    if (const Failure failure = read_field(position++, entry.key.as_string(), entry.value, key_only)) {
      return failure;
    }
  }
  return {};
}

Failure PlainRows::read_field(size_t position, std::string_view name, const Value& value, bool key_only) {
  const uint32_t column = column_of(position, name);
  if (column == kUnknown) {
    ++unknown_fields_;
    return {};
  }
  if (key_only && encoder_->plan().fields()[column].key_index < 0) return {};
  return read_cell(column, value);
}

Failure PlainRows::read_cell(uint32_t field, const Value& value) {
  const FeatureType& type = encoder_->plan().fields()[field].type;
  Cell& cell = cells_[field];
  cell = {};
  if (value.is_null()) return {};
  const char* why = nullptr;
  if (type.kind == FeatureKind::Complex) {
    nested_[field].clear();
    why = encoder_->encode_complex(field, value, nested_[field]);
    cell.kind = Cell::Kind::Complex;
    cell.bytes = nested_[field];
  } else {
    why = cell_of(value, type, arena_, cell);
  }
  return why == nullptr ? Failure() : bad_data(why, static_cast<int32_t>(field));
}

/// Records of a topic have their fields in one order as a rule, so the place in the record before is looked at first.
uint32_t PlainRows::column_of(size_t position, std::string_view name) {
  const RowPlan& plan = encoder_->plan();
  if (position < columns_.size() && columns_[position] != kUnknown &&
      plan.fields()[columns_[position]].name == name) {
    return columns_[position];
  }
  const auto at = plan.field(name);
  const uint32_t column = at ? static_cast<uint32_t>(*at) : kUnknown;
  if (position < kMaxColumns) {
    if (position >= columns_.size()) columns_.resize(position + 1, kUnknown);
    columns_[position] = column;
  }
  return column;
}

}  // namespace millrace::feature_store
