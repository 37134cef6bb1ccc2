#pragma once
// Connect's `Values`: text of values and values of text (connect-data.md §2), as
// SimpleHeaderConverter, InsertHeader, MaskField and Cast use them.

#include <string>
#include <string_view>

#include "millrace/record.h"

namespace millrace {

/// Values.convertToString. `embedded` quotes strings and bytes, as inside a list. Returns the empty
/// string, or why the value has no text.
std::string append_values_text(std::string& out, const Value& value, bool embedded = false);

/// Values.parseString. Never fails: what is nothing else is a string. The result lives in the
/// batch's arena or points into `text`; schemas are kept by the batch.
SchemaAndValue parse_values_text(std::string_view text, RecordBatch& batch);

}  // namespace millrace
