#pragma once
// Columns, and record values for them.

#include <initializer_list>
#include <string>
#include <utility>

#include "connectors/lakehouse/columns/cell_read.h"
#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace::lakehouse {

inline TableSchemaPtr schema_of(std::vector<NestedField> fields) {
  TableSchema schema;
  schema.fields = std::move(fields);
  return std::make_shared<TableSchema>(std::move(schema));
}

inline bool is_valid(const Column& column, int64_t row) { return !is_null_at(column, row); }
inline std::string text_at(const Column& column, int64_t row) {
  return std::string(bytes_at(column, row));
}

inline Value map_of(Arena& arena, std::initializer_list<std::pair<std::string_view, Value>> members) {
  const auto entries = arena.make_array<MapEntry>(members.size());
  size_t i = 0;
  for (const auto& [name, value] : members) entries[i++] = {Value::string(name), value};
  return Value::map(entries);
}
inline Value array_of(Arena& arena, std::initializer_list<Value> items) {
  const auto values = arena.make_array<Value>(items.size());
  std::copy(items.begin(), items.end(), values.begin());
  return Value::array(values);
}

}  // namespace millrace::lakehouse
