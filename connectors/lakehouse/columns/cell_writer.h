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

struct CellOptions {
  NestedHandling nested = NestedHandling::Error;
};

/// Appends `value`, which is not null, as one row of `column`. Numbers fit int, long and decimal columns
/// when nothing is lost, and are rounded in float and double ones when they are in their range; numbers
/// and booleans become text in string columns; text is parsed for temporal, decimal, uuid and (base64)
/// binary columns, numbers are milliseconds in temporal ones. False: `reject` says why, its field empty
/// or below the column. Then, and after an exception, the column may be left halfway, for truncate().
bool append_value(Column& column, const Value& value, const CellOptions& options, Reject& reject);

}  // namespace millrace::lakehouse
