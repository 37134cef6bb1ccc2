#pragma once
// Columns, and record values for them.

#include <initializer_list>
#include <string>
#include <utility>

#include "connectors/lakehouse/columns/column_batch.h"
#include "millrace/arena.h"
#include "millrace/value.h"

namespace millrace::lakehouse {

inline bool is_valid(const Column& column, int64_t row) {
  const auto at = static_cast<size_t>(row);
  return (column.validity()[at / 8] >> (at % 8) & 1U) != 0;
}
template <class T>
T fixed_at(const Column& column, int64_t row) {
  T value;
  std::memcpy(&value, column.values().data() + static_cast<size_t>(row) * sizeof(T), sizeof(T));
  return value;
}
inline std::string text_at(const Column& column, int64_t row) {
  const auto at = static_cast<size_t>(row);
  const auto* bytes = reinterpret_cast<const char*>(column.values().data());
  if (column.width() != 0) return {bytes + at * column.width(), column.width()};
  const auto offsets = column.offsets();
  return {bytes + offsets[at], static_cast<size_t>(offsets[at + 1] - offsets[at])};
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
