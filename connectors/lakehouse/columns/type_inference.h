#pragma once
// Types of columns for fields that have none yet (iceberg-sink.md §2.3, §11).

#include "connectors/lakehouse/table/types.h"
#include "millrace/schema.h"
#include "millrace/value.h"

namespace millrace::lakehouse {

struct InferenceOptions {
  bool nested_as_text = false;   // JSON text in place of nested types
  bool numbers_as_double = false;  // whole numbers, too: for fields that mix 1 and 1.5
};

/// Of a value, and its schema if it has one. Without: whole numbers are long, others double, objects
/// structs, arrays lists of what their first element that is none tells. Null when it tells nothing.
/// Field ids are all 0; members are optional unless a schema says otherwise.
TypePtr infer_type(const Schema* schema, const Value& value, const InferenceOptions& options);

}  // namespace millrace::lakehouse
