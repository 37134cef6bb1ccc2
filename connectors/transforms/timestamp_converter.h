#pragma once
// TimestampConverter: an instant in another form (connect-data.md §4).

#include <memory>
#include <string>

#include "connectors/transforms/simple_date_format.h"
#include "connectors/transforms/struct_edit.h"

namespace millrace::transforms {

class TimestampConverter {
 public:
  static const ConfigDefinition& definition();
  void configure(const Properties& config);
  bool apply(RecordBatch& batch, Record& record, SchemaAndValue& side, Failure& failure);

 private:
  enum class Form : uint8_t { String, Unix, Date, Time, Timestamp, Unknown };
  enum class Unit : uint8_t { Nanoseconds, Microseconds, Milliseconds, Seconds };
  struct Plan {
    SchemaPtr schema;
    uint32_t index = UINT32_MAX;  // of the field; none: the record has no such field
    Form form = Form::Unknown;    // of the field
  };

  static Form form_of(const Schema& schema) noexcept;
  SchemaPtr target_schema(bool optional) const;
  Plan derive(const Schema& schema) const;
  /// Unknown: by the class of the value.
  bool convert(const Value& value, Form form, Arena& arena, Value& out, Failure& failure) const;
  bool to_instant(const Value& value, Form form, int64_t& ms, Failure& failure) const;
  Value from_instant(int64_t ms, Arena& arena) const;
  /// Into values of the schema `to`.
  bool convert_fields(const Plan& plan, const StructData& data, const Schema& to,
                      std::span<Value> out, Arena& arena, Failure& failure) const;
  bool apply_whole(SchemaAndValue& side, RecordBatch& batch, Failure& failure) const;
  bool apply_schemaless(SchemaAndValue& side, Arena& arena, Failure& failure);

  std::string field_;  // empty: the whole key or value
  Form target_ = Form::Timestamp;
  Unit unit_ = Unit::Milliseconds;
  std::unique_ptr<const SimpleDateFormat> format_;  // null: none configured
  bool replace_null_ = true;
  PlanCache<Plan> schemas_;
  JavaMapOrder order_;
};

}  // namespace millrace::transforms
