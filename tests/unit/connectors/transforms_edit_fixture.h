#pragma once
// One-row batches around an edit transformation, and values written as text.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/transforms/struct_edit.h"
#include "millrace/json.h"
#include "millrace/text.h"

namespace millrace::transforms {

/// Schema as text: `Schema{n:STRUCT}?=default{field:Schema{..},}` (optional, default, fields).
inline std::string schema_text(const Schema* schema) {
  if (schema == nullptr) return "null";
  std::string text = schema->to_string();
  if (schema->optional()) text += '?';
  if (schema->has_default()) {
    text += '=';
    append_java_string(text, schema->default_value());
  }
  if (schema->version()) text += 'v' + std::to_string(*schema->version());
  if (schema->doc()) text += "doc";
  if (schema->type() != Type::Struct) return text;
  text += '{';
  for (const Field& field : schema->fields()) {
    text += field.name + ':' + schema_text(field.schema.get()) + ',';
  }
  return text + '}';
}

template <class Op>
class EditFixture : public testing::Test {
 protected:
  void configure(const Properties& config) {
    value_.configure(config);
    key_.configure(config);
  }
  std::string config_error(const Properties& config) {
    try {
      value_.configure(config);
    } catch (const ConfigException& error) {
      return error.what();
    }
    return "";
  }

  /// A sink record of topic `t`, partition 3, offset 42, timestamp 100.
  Record& fresh(SchemaPtr schema, const Value& data) {
    batch_.reset();
    rows_.clear();
    rows_.push_back(0);
    Record& record = batch_.add();
    record.topic = "t";
    record.partition = 3;
    record.offset = 42;
    record.timestamp = 100;
    record.value = {batch_.keep(schema), data};
    return record;
  }
  std::string run() {
    value_.apply(batch_, rows_);
    return result();
  }
  /// Schema and value of the row, or `!KIND: message`.
  std::string result(Side side = Side::Value) {
    const Record& record = batch_[0];
    if (record.state == RowState::Rejected) {
      const RowError& error = batch_.error(0);
      return "!" + std::string(java_class_name(error.kind)).substr(kPackage.size()) + ": " +
             error.message;
    }
    const SchemaAndValue& data = record.side(side);
    std::string text = schema_text(data.schema) + ' ';
    append_java_string(text, data.value);
    return text;
  }
  std::string apply(const SchemaPtr& schema, const Value& data) {
    fresh(schema, data);
    return run();
  }
  /// Schemaless, from JSON.
  std::string apply_json(std::string_view json) {
    Record& record = fresh(nullptr, Value());
    EXPECT_EQ(parse_json(json, batch_.arena(), record.value.value), "");
    value_.apply(batch_, rows_);
    if (record.state == RowState::Rejected) return result();
    std::string text;
    append_json(text, record.value.value);
    return text;
  }
  /// A struct that outlives batches.
  Value structure(const SchemaPtr& schema, std::vector<Value> values) {
    schemas_.push_back(schema);
    const auto copy = arena_.make_array<Value>(values.size());
    std::copy(values.begin(), values.end(), copy.begin());
    return make_struct(schema.get(), copy.data(), arena_);
  }
  Value map(std::vector<MapEntry> entries) {
    const auto copy = arena_.make_array<MapEntry>(entries.size());
    std::copy(entries.begin(), entries.end(), copy.begin());
    return Value::map(copy);
  }

  static constexpr std::string_view kPackage = "org.apache.kafka.connect.errors.";
  Arena arena_;
  std::vector<SchemaPtr> schemas_;
  RecordBatch batch_;
  RowSet rows_;
  OnSide<Op, Side::Value> value_;
  OnSide<Op, Side::Key> key_;
};

/// `n` version 2: a INT32, b optional STRING with default `dd`.
inline SchemaPtr sample_schema(bool optional = false) {
  return SchemaBuilder::structure()
      .name("n")
      .version(2)
      .optional(optional)
      .field("a", primitive_schema(Type::Int32))
      .field("b", SchemaBuilder(Type::String).optional().default_value(Value::string("dd")).build())
      .build();
}

/// a INT32 with default 5, required.
inline SchemaPtr defaulted_schema() {
  return SchemaBuilder::structure()
      .field("a", SchemaBuilder(Type::Int32).default_value(Value::int32(5)).build())
      .build();
}

}  // namespace millrace::transforms
