#pragma once
// Sizes and times of a batch for the metrics: one cheap pass over rows that are in the cache.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "millrace/record.h"

namespace millrace {

/// Keys and values in wire form, in bytes, of `rows`.
template <class Rows>
int64_t wire_bytes(const RecordBatch& batch, const Rows& rows) noexcept {
  int64_t bytes = 0;
  for (const uint32_t row : rows) bytes += batch[row].key_wire.size + batch[row].value_wire.size;
  return bytes;
}

inline int64_t wire_bytes(const RecordBatch& batch) noexcept {
  int64_t bytes = 0;
  for (const Record& record : batch.records()) {
    bytes += record.key_wire.size + record.value_wire.size;
  }
  return bytes;
}

/// Milliseconds since `start`, with fractions.
inline double ms_since(std::chrono::steady_clock::time_point start) noexcept {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace millrace
