#include "connectors/lakehouse/columns/row_writer.h"

#include <algorithm>


namespace millrace::lakehouse {
namespace {

using Kind = ::millrace::Type;

constexpr size_t kMaxPlans = 64;  // of struct schemas; more of them are planned again and again

bool refuse(Reject& reject, RejectReason reason, std::string_view field, std::string detail) {
  reject = {reason, std::string(field), std::move(detail)};
  return false;
}

RowOptions with_cells(RowOptions options) {
  options.cells.ignore_case = options.ignore_case;
  options.inference.ignore_case = options.ignore_case;
  options.inference.nested_as_text = options.cells.nested == NestedHandling::Stringify;
  options.cells.unknown = options.collect_unknown  ? UnknownMembers::Collect
                          : options.reject_unknown ? UnknownMembers::Reject
                                                   : UnknownMembers::Ignore;
  return options;
}

}  // namespace

RowWriter::RowWriter(TableSchemaPtr schema, RowOptions options)
    : schema_(std::move(schema)),
      options_(with_cells(std::move(options))),
      columns_(schema_->fields, options_.ignore_case),
      wishes_(schema_, options_),
      written_(schema_->fields.size(), 0) {
  for (const BrokerField field : options_.broker_fields) {
    const int32_t column = columns_.find(kBrokerColumns[static_cast<size_t>(field)]);
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
      if (!options_.flatten) return write_map(value, batch, reject);
      break;
    case Kind::Struct: {
      const Plan& plan = plan_for(*value.as_struct().schema);
      if (plan.widens && wishes_.wants(record, reject)) {
        return refuse(reject, RejectReason::TypeMismatch, "", "the schema has wider types than the table");
      }
      if (!options_.flatten) return write_struct(value.as_struct(), plan, batch, reject);
      break;
    }
    case Kind::Null:
      return refuse(reject, RejectReason::NullValue, "", "the record has no value");
    default:
      return refuse(reject, RejectReason::NotObject, "",
                    "expected an object, got " + std::string(type_name(value.type())));
  }
  path_.clear();
  place_ = 0;
  return write_flat(value, 0, batch, reject);
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

bool RowWriter::write_struct(const StructData& data, const Plan& plan, ColumnBatch& batch,
                             Reject& reject) {
  for (const Field& field : data.schema->fields()) {
    const Value& value = data.values[field.index];
    const int32_t column = plan.columns[field.index];
    if (column == kNoColumn) {
      if (!unknown(field.name, field.schema.get(), value, reject)) return false;
    } else if (!put(column, value, batch, reject)) {
      return false;
    }
  }
  return true;
}

// Members of objects are columns by their path, but for objects that the table has a nested column for.
bool RowWriter::write_flat(const Value& object, int depth, ColumnBatch& batch, Reject& reject) {
  const Members members(object);
  for (size_t i = 0; i < members.size(); ++i) {
    const Value& value = members.value(i);
    if (members.name(i).data() == nullptr) {
      return refuse(reject, RejectReason::NotObject, path_, "a key of the map is no text");
    }
    const size_t before = path_.size();
    if (before > 0) path_ += options_.separator;
    path_ += members.name(i);
    const int32_t column = column_at(place_++, path_);
    const bool is_nested = column != kNoColumn &&
                           !schema_->fields[static_cast<size_t>(column)].type->is_primitive();
    if (!is_nested && is_flattened(options_, members.schema(i), value)) {
      if (depth >= kMaxNesting) {
        return refuse(reject, RejectReason::NestedField, "",
                      "more than " + std::to_string(kMaxNesting) + " levels of objects");
      }
      if (!write_flat(value, depth + 1, batch, reject)) return false;
    } else if (column == kNoColumn) {
      if (!unknown(path_, members.schema(i), value, reject)) return false;
    } else if (!put(column, value, batch, reject)) {
      return false;
    }
    path_.resize(before);
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
  if (options_.collect_unknown && tells_type(schema, value, options_.inference)) {
    return refuse(reject, RejectReason::UnknownField, name, "the table has no such column yet");
  }
  if (!options_.reject_unknown) return true;
  return refuse(reject, RejectReason::UnknownField, name, "the table has no such column");
}

// One comparison for a record whose fields come as in the one before.
int32_t RowWriter::column_at(size_t place, std::string_view name) {
  if (place < shape_.size() && shape_[place].first == name) return shape_[place].second;
  if (place >= kMaxShape) return columns_.find(name);
  if (place >= shape_.size()) shape_.resize(place + 1);
  shape_[place].first.assign(name);
  shape_[place].second = columns_.find(name);
  return shape_[place].second;
}

const RowWriter::Plan& RowWriter::plan_for(const Schema& schema) {
  const auto known = plans_.find(&schema);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMaxPlans) {
    plans_.clear();
    planned_.clear();
  }
  planned_.push_back(schema.shared_from_this());
  Plan plan{std::vector<int32_t>(schema.fields().size(), kNoColumn),
            options_.collect_unknown && wishes_.widens(schema)};
  for (const Field& field : schema.fields()) plan.columns[field.index] = columns_.find(field.name);
  return plans_.emplace(&schema, std::move(plan)).first->second;
}

}  // namespace millrace::lakehouse
