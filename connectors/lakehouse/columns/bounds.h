#pragma once
// Least and greatest values of columns, read from their buffers.

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "connectors/lakehouse/columns/column_batch.h"

namespace millrace::lakehouse {

/// Calls `visit(row)` for each row that is not null.
template <class Visit>
void for_each_value(const Column& column, Visit&& visit) {
  const int64_t rows = column.rows();
  if (column.nulls() == 0) {
    for (int64_t row = 0; row < rows; ++row) visit(row);
    return;
  }
  const uint8_t* validity = column.validity().data();
  for (int64_t first = 0; first < rows; first += 8) {
    unsigned bits = validity[first / 8];
    if (rows - first < 8) bits &= (1U << (rows - first)) - 1;
    for (; bits != 0; bits &= bits - 1) visit(first + std::countr_zero(bits));
  }
}

/// `numeric_limits` knows no extension types in strict C++.
template <class T>
struct Range {
  T least;
  T greatest;

  static constexpr Range none() noexcept {
    if constexpr (std::is_floating_point_v<T>) {
      return {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity()};
    } else {
      constexpr T kMost = static_cast<T>(~(T{1} << (sizeof(T) * 8 - 1)));
      return {kMost, static_cast<T>(-kMost - 1)};
    }
  }
  void add(T value) noexcept {
    least = value < least ? value : least;
    greatest = value > greatest ? value : greatest;
  }
};

/// Of the values that are neither null nor NaN; `nans` are counted.
template <class T>
Range<T> range_of(const Column& column, int64_t& nans) {
  const T* values = reinterpret_cast<const T*>(column.values().data());
  Range<T> range = Range<T>::none();
  int64_t not_numbers = 0;
  for_each_value(column, [&](int64_t row) {
    const T value = values[row];
    if constexpr (std::is_floating_point_v<T>) not_numbers += value != value ? 1 : 0;
    range.add(value);  // a NaN is neither less nor greater
  });
  nans += not_numbers;
  return range;
}

/// Bytes compared by their first eight as one number, and only when these are the same as a whole.
struct ByteView {
  std::string_view bytes;
  uint64_t head = 0;

  bool operator<(const ByteView& other) const noexcept {
    if (head != other.head) return head < other.head;
    return bytes < other.bytes;
  }
};

/// `end` of the buffer that `bytes` lie in: up to there may be read.
inline ByteView byte_view(std::string_view bytes, const char* end) noexcept {
  constexpr size_t kHead = sizeof(uint64_t);
  uint64_t head = 0;
  if (bytes.empty()) return {bytes, 0};
  if (end - bytes.data() >= static_cast<std::ptrdiff_t>(kHead)) {
    std::memcpy(&head, bytes.data(), kHead);
    head = __builtin_bswap64(head);
    if (bytes.size() < kHead) head &= ~uint64_t{0} << ((kHead - bytes.size()) * 8);
  } else {
    for (size_t i = 0; i < kHead; ++i) {
      head = head << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
  }
  return {bytes, head};
}

struct ByteRange {
  std::string least;
  std::string greatest;
  bool any = false;

  void add(const Column& column) {
    if (column.rows() == column.nulls()) return;
    const char* values = reinterpret_cast<const char*>(column.values().data());
    const char* end = values + column.values().size();
    const int32_t* offsets = column.offsets().data();
    const size_t width = column.width();
    ByteView low = byte_view(least, least.data() + least.size());
    ByteView high = byte_view(greatest, greatest.data() + greatest.size());
    for_each_value(column, [&](int64_t row) {
      const std::string_view bytes =
          width > 0 ? std::string_view(values + static_cast<size_t>(row) * width, width)
                    : std::string_view(values + offsets[row],
                                       static_cast<size_t>(offsets[row + 1] - offsets[row]));
      const ByteView value = byte_view(bytes, end);
      if (!any) {
        low = high = value;
        any = true;
      } else if (value < low) {
        low = value;
      } else if (high < value) {
        high = value;
      }
    });
    // The batch will be cleared. Both are taken before either is replaced: one may be the other's.
    std::string new_least(low.bytes);
    greatest = std::string(high.bytes);
    least = std::move(new_least);
  }
};

}  // namespace millrace::lakehouse
