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

/// Appends `value` as one row of `column`. Numbers fit when nothing is lost; numbers and booleans become
/// text in string columns; text is parsed for temporal, decimal, uuid and (base64) binary columns,
/// numbers are milliseconds there, days for dates with a schema. False: `reject` says why, its field
/// empty or below the column; the column may be left halfway, for truncate().
bool append_value(Column& column, const Value& value, const CellOptions& options, Reject& reject);

}  // namespace millrace::lakehouse
