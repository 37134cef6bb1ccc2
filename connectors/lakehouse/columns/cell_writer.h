#pragma once
// One Connect value into one column (iceberg-sink.md §2.3, §11).

#include <string>

#include "connectors/lakehouse/columns/column_batch.h"
#include "connectors/lakehouse/columns/reject.h"
#include "millrace/value.h"

namespace millrace::lakehouse {

/// What becomes of objects and arrays for columns that are none.
enum class NestedHandling : uint8_t {
  Error,
  Stringify,  // JSON text, for string columns
};

/// What becomes of members that a struct column has no field for.
enum class UnknownMembers : uint8_t {
  Ignore,
  Collect,  // those whose value tells a type make the row none: the schema is to evolve first
  Reject,
};

inline constexpr int64_t kDefaultValueBytes = int64_t{16} << 20;

struct CellOptions {
  NestedHandling nested = NestedHandling::Error;
  bool ignore_case = false;  // names of members
  UnknownMembers unknown = UnknownMembers::Ignore;
  /// Of one value as its column holds it, nulls of missing members included: a small message can ask for
  /// very many.
  int64_t max_bytes = kDefaultValueBytes;
};

/// Appends `value`, which is not null, as one row of `column`. Numbers fit int, long and decimal columns
/// when nothing is lost, and are rounded in float and double ones when they are in their range; numbers
/// and booleans become text in string columns; text is parsed for numeric, boolean, temporal, decimal,
/// uuid and (base64) binary columns, numbers are milliseconds in temporal ones. False: `reject` says why,
/// its field empty or below the column. Then, and after an exception, the column may be left halfway, for
/// truncate().
bool append_value(Column& column, const Value& value, const CellOptions& options, Reject& reject);

}  // namespace millrace::lakehouse
