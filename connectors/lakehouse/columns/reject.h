#pragma once
// Why a record is no row of a table (iceberg-sink.md §11). The codes are stable: operators match on them
// in dead letters.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::lakehouse {

enum class RejectReason : uint8_t {
  NotJson,
  NotObject,
  NullValue,
  NestedField,
  TypeMismatch,
  MissingRequired,
  NumberRange,
  InvalidUtf8,
  DuplicateKey,
  UnknownField,
  TooLarge,
};
std::string_view reject_code(RejectReason reason) noexcept;  // NOT_JSON, NOT_OBJECT, ...

struct Reject {
  RejectReason reason = RejectReason::TypeMismatch;
  std::string field;  // path, e.g. `address.city`; empty: the whole value
  std::string detail;

  /// `TYPE_MISMATCH(amount): expected double, got STRING`
  std::string message() const;
};

}  // namespace millrace::lakehouse
