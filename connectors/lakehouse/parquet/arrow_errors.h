#pragma once
// Arrow's errors as Millrace's.

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>

#include "millrace/errors.h"

namespace millrace::lakehouse {

inline void check(const arrow::Status& status, const std::string& action) {
  if (!status.ok()) throw ConnectException(action + ": " + status.message());
}

template <class T>
T value_of(arrow::Result<T> result, const std::string& action) {
  check(result.status(), action);
  return std::move(result).ValueUnsafe();
}

}  // namespace millrace::lakehouse
