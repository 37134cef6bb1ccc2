#include "connectors/lakehouse/columns/row_writer.h"

#include <algorithm>

#include "connectors/lakehouse/columns/type_inference.h"
#include "millrace/text.h"

namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

constexpr size_t kMaxPlans = 64;  // of struct schemas; more of them are planned again and again

bool refuse(Reject& reject, RejectReason reason, std::string_view field, std::string detail) {
  reject = {reason, std::string(field), std::move(detail)};
  return false;
}

/// Whether a column can be made for a value: none for null, and for an object or array with nothing in
/// it that tells.
bool tells_a_type(const Schema* schema, const Value& value, bool nested_as_text) {
  const bool is_container = value.type() == Kind::Map || value.type() == Kind::Array;
  if (value.is_null() || (is_container && value.size() == 0)) return false;
  if (!is_container && value.type() != Kind::Struct) return true;
  return infer_type(schema, value, {.nested_as_text = nested_as_text}) != nullptr;
}

}  // namespace

RowWriter::RowWriter(TableSchemaPtr schema, RowOptions options)
    : schema_(std::move(schema)), options_(std::move(options)), written_(schema_->fields.size(), 0) {
  for (size_t i = 0; i < schema_->fields.size(); ++i) {
    const std::string& name = schema_->fields[i].name;
    columns_.emplace(options_.ignore_case ? to_lower(name) : name, static_cast<int32_t>(i));
  }
  for (const BrokerField field : options_.broker_fields) {
    const int32_t column = find_column(kBrokerColumns[static_cast<size_t>(field)]);
    if (column != kNoColumn) broker_columns_.emplace_back(field, column);
  }
}

bool RowWriter::write(const Record& record, ColumnBatch& batch, Reject& reject) {
  const int64_t rows = batch.rows();
  try {
    if (write_fields(record, batch, reject) && complete(record, batch, reject)) return true;
  } catch (...) {  // a column that is full, no memory
    batch.truncate(rows);
    throw;
  }
  batch.truncate(rows);
  return false;
}

bool RowWriter::write_fields(const Record& record, ColumnBatch& batch, Reject& reject) {
  ++row_;
  const Value& value = record.value.value;
  switch (value.type()) {
    case Kind::Map:
      return write_map(value, batch, reject);
    case Kind::Struct:
      return write_struct(value.as_struct(), batch, reject);
    case Kind::Null:
      return refuse(reject, RejectReason::NullValue, "", "the record has no value");
    default:
      return refuse(reject, RejectReason::NotObject, "",
                    "expected an object, got " + std::string(type_name(value.type())));
  }
}

bool RowWriter::write_map(const Value& value, ColumnBatch& batch, Reject& reject) {
  const auto entries = value.as_map();
  for (size_t i = 0; i < entries.size(); ++i) {
    const MapEntry& entry = entries[i];
    if (entry.key.type() != Kind::String) {
      return refuse(reject, RejectReason::NotObject, "", "a key of the map is no text");
    }
    const std::string_view name = entry.key.as_string();
    const int32_t column = column_at(i, name);
    if (column == kNoColumn) {
      if (!unknown(name, nullptr, entry.value, reject)) return false;
    } else if (!put(column, entry.value, batch, reject)) {
      return false;
    }
  }
  return true;
}

bool RowWriter::write_struct(const StructData& data, ColumnBatch& batch, Reject& reject) {
  const Plan& plan = plan_for(*data.schema);
  for (const Field& field : data.schema->fields()) {
    const Value& value = data.values[field.index];
    const int32_t column = plan[field.index];
    if (column == kNoColumn) {
      if (!unknown(field.name, field.schema.get(), value, reject)) return false;
    } else if (!put(column, value, batch, reject)) {
      return false;
    }
  }
  return true;
}

bool RowWriter::put(int32_t column, const Value& value, ColumnBatch& batch, Reject& reject) {
  const auto at = static_cast<size_t>(column);
  Column& to = batch.columns()[at];
  if (written_[at] == row_) {
    return refuse(reject, RejectReason::DuplicateKey, to.field().name,
                  "two fields of the record are for this column");
  }
  written_[at] = row_;
  if (value.is_null()) {
    if (to.field().required) return refuse(reject, RejectReason::MissingRequired, to.field().name, "");
    to.append_null();
    return true;
  }
  if (append_value(to, value, options_.cells, reject)) return true;
  reject.field = reject.field.empty() ? to.field().name : to.field().name + "." + reject.field;
  return false;
}

// Columns that the record has no field for.
bool RowWriter::complete(const Record& record, ColumnBatch& batch, Reject& reject) {
  if (!put_broker_fields(record, batch, reject)) return false;
  for (size_t at = 0; at < written_.size(); ++at) {
    if (written_[at] == row_) continue;
    Column& column = batch.columns()[at];
    if (column.field().required) {
      return refuse(reject, RejectReason::MissingRequired, column.field().name, "");
    }
    column.append_null();
  }
  return true;
}

// As values: the columns of a table that was there before may be of other types.
bool RowWriter::put_broker_fields(const Record& record, ColumnBatch& batch, Reject& reject) {
  for (const auto& [field, at] : broker_columns_) {
    if (written_[static_cast<size_t>(at)] == row_) continue;  // the record's own field counts
    Value value;
    switch (field) {
      case BrokerField::Topic:
        value = Value::string(record.original_topic);
        break;
      case BrokerField::Partition:
        value = Value::int32(record.original_partition);
        break;
      case BrokerField::Offset:
        value = Value::int64(record.offset);
        break;
      case BrokerField::Timestamp:
        if (record.timestamp != kNoTimestamp) value = Value::date(record.timestamp);
        break;
    }
    if (!put(at, value, batch, reject)) return false;
  }
  return true;
}

bool RowWriter::unknown(std::string_view name, const Schema* schema, const Value& value,
                        Reject& reject) {
  const bool is_nested = value.type() == Kind::Map || value.type() == Kind::Array ||
                         value.type() == Kind::Struct;
  if (is_nested && options_.reject_nested) {
    return refuse(reject, RejectReason::NestedField, name,
                  "an object or array; flat records are expected (lakehouse.nested.handling)");
  }
  if (options_.collect_unknown && tells_a_type(schema, value, nested_as_text())) {
    return refuse(reject, RejectReason::UnknownField, name, "the table has no such column yet");
  }
  if (!options_.reject_unknown) return true;
  return refuse(reject, RejectReason::UnknownField, name, "the table has no such column");
}

void RowWriter::note(std::string_view name, const Schema* schema, const Value& value) {
  const auto known = std::find_if(unknown_.begin(), unknown_.end(),
                                  [&](const UnknownField& one) { return one.name == name; });
  if (known == unknown_.end()) unknown_.push_back({std::string(name), schema, value});
}

void RowWriter::collect(const Record& record) {
  const auto look_at = [this](std::string_view name, const Schema* schema, const Value& value) {
    if (find_column(name) != kNoColumn) return;
    if (tells_a_type(schema, value, nested_as_text())) note(name, schema, value);
  };
  const Value& value = record.value.value;
  if (value.type() == Kind::Map) {
    for (const MapEntry& entry : value.as_map()) {
      if (entry.key.type() == Kind::String) look_at(entry.key.as_string(), nullptr, entry.value);
    }
  } else if (value.type() == Kind::Struct) {
    const StructData& data = value.as_struct();
    for (const Field& field : data.schema->fields()) {
      look_at(field.name, field.schema.get(), data.values[field.index]);
    }
  }
}

std::vector<UnknownField> RowWriter::take_unknown() { return std::exchange(unknown_, {}); }

// One comparison for a record whose fields come as in the one before.
int32_t RowWriter::column_at(size_t place, std::string_view name) {
  if (place < shape_.size() && shape_[place].first == name) return shape_[place].second;
  if (place >= shape_.size()) shape_.resize(place + 1);
  shape_[place].first.assign(name);
  shape_[place].second = find_column(name);
  return shape_[place].second;
}

int32_t RowWriter::find_column(std::string_view name) {
  if (options_.ignore_case) {
    lower_.assign(name);
    for (char& c : lower_) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    name = lower_;
  }
  const auto at = columns_.find(name);
  return at == columns_.end() ? kNoColumn : at->second;
}

const RowWriter::Plan& RowWriter::plan_for(const Schema& schema) {
  const auto known = plans_.find(&schema);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMaxPlans) {
    plans_.clear();
    planned_.clear();
  }
  planned_.push_back(schema.shared_from_this());
  Plan plan(schema.fields().size(), kNoColumn);
  for (const Field& field : schema.fields()) plan[field.index] = find_column(field.name);
  return plans_.emplace(&schema, std::move(plan)).first->second;
}

}  // namespace millrace::lakehouse
