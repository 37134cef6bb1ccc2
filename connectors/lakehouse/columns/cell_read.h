#pragma once
// Values out of columns.

#include <cstring>
#include <string_view>

#include "connectors/lakehouse/columns/column_batch.h"

namespace millrace::lakehouse {

/// Whether a row of a column is null.
inline bool is_null_at(const Column& column, int64_t row) noexcept {
  const auto bit = static_cast<size_t>(row);
  return ((column.validity()[bit / 8] >> (bit % 8)) & 1) == 0;
}

/// Bytes of a value of fixed or varying width that is not null; valid until the column changes.
inline std::string_view bytes_at(const Column& column, int64_t row) noexcept {
  const auto* data = reinterpret_cast<const char*>(column.values().data());
  const auto at = static_cast<size_t>(row);
  if (column.width() != 0) return {data + at * column.width(), column.width()};
  const auto offsets = column.offsets();
  return {data + offsets[at], static_cast<size_t>(offsets[at + 1] - offsets[at])};
}

/// A value of fixed width that is not null.
template <class T>
T fixed_at(const Column& column, int64_t row) noexcept {
  T value;
  std::memcpy(&value, column.values().data() + static_cast<size_t>(row) * sizeof(T), sizeof(T));
  return value;
}

}  // namespace millrace::lakehouse
