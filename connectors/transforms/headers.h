#pragma once
// Appending headers to a record.

#include <algorithm>
#include <span>

#include "millrace/record.h"

namespace millrace::transforms {

/// Gives the record an array with room for `count` more headers, its own copied; returns the new
/// ones, uninitialised. The array at hand stays as it is, for rows may share it.
inline std::span<Header> append_headers(RecordBatch& batch, Record& record, size_t count) {
  const auto old = record.header_span();
  const auto all = batch.arena().make_array<Header>(old.size() + count);
  std::copy(old.begin(), old.end(), all.begin());
  record.headers = all.data();
  record.header_count = static_cast<uint32_t>(all.size());
  return all.subspan(old.size());
}

}  // namespace millrace::transforms
