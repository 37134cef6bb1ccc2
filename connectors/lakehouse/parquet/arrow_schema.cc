#include "connectors/lakehouse/parquet/arrow_schema.h"

#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

namespace millrace::lakehouse {
namespace {

std::shared_ptr<arrow::DataType> arrow_type(const Type& type);

/// Readers find lists and maps by these names, whatever the schema calls the fields.
std::shared_ptr<arrow::Field> arrow_field(const NestedField& field, const std::string& name) {
  return arrow::field(
      name, arrow_type(*field.type), !field.required,
      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(field.id)}));
}

std::shared_ptr<arrow::DataType> nested_type(const Type& type) {
  if (type.id == TypeId::List) return arrow::list(arrow_field(type.fields[0], "element"));
  if (type.id == TypeId::Map) {
    NestedField key = type.fields[0];
    key.required = true;
    return std::make_shared<arrow::MapType>(arrow_field(key, "key"),
                                            arrow_field(type.fields[1], "value"));
  }
  arrow::FieldVector members;
  for (const NestedField& field : type.fields) members.push_back(arrow_field(field, field.name));
  return arrow::struct_(members);
}

std::shared_ptr<arrow::DataType> arrow_type(const Type& type) {
  switch (type.id) {
    case TypeId::Boolean:
      return arrow::boolean();
    case TypeId::Int:
      return arrow::int32();
    case TypeId::Long:
      return arrow::int64();
    case TypeId::Float:
      return arrow::float32();
    case TypeId::Double:
      return arrow::float64();
    case TypeId::Date:
      return arrow::date32();
    case TypeId::Time:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::Timestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::Timestamptz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::String:
      return arrow::utf8();
    case TypeId::Uuid:
      return arrow::extension::uuid();
    case TypeId::Fixed:
      return arrow::fixed_size_binary(type.length);
    case TypeId::Binary:
      return arrow::binary();
    case TypeId::Decimal:
      return arrow::decimal128(type.precision, type.scale);
    default:
      return nested_type(type);
  }
}

}  // namespace

std::shared_ptr<arrow::Schema> arrow_schema(const TableSchema& schema) {
  arrow::FieldVector fields;
  for (const NestedField& field : schema.fields) fields.push_back(arrow_field(field, field.name));
  return arrow::schema(fields);
}

}  // namespace millrace::lakehouse
