#include "connectors/lakehouse/columns/value_path.h"

#include <algorithm>

#include "connectors/lakehouse/columns/cell_text.h"

namespace millrace::lakehouse {

const Value* value_at(const Value& value, std::string_view path) {
  const Value* at = &value;
  while (at != nullptr && !path.empty()) {
    if (at->type() != ::millrace::Type::Map && at->type() != ::millrace::Type::Struct) return nullptr;
    const size_t dot = std::min(path.find('.'), path.size());
    at = member_of(*at, path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

SchemaAndValue member_with_schema(const SchemaAndValue& object, std::string_view name) {
  if (object.value.type() == ::millrace::Type::Struct) {
    const StructData& data = object.value.as_struct();
    for (const Field& field : data.schema->fields()) {
      if (field.name == name) return {field.schema.get(), data.values[field.index]};
    }
    return {};
  }
  if (object.value.type() != ::millrace::Type::Map) return {};
  const Value* value = member_of(object.value, name);
  return value == nullptr ? SchemaAndValue() : SchemaAndValue{nullptr, *value};
}

}  // namespace millrace::lakehouse
