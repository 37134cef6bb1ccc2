#pragma once
// Types of columns for fields that have none yet (iceberg-sink.md §2.3, §11).

#include <string>
#include <string_view>
#include <vector>

#include "connectors/lakehouse/table/types.h"
#include "millrace/schema.h"
#include "millrace/value.h"

namespace millrace::lakehouse {

/// Columns of whole numbers without a schema that are none of 64 bits. Reject: a long column, which does
/// not take them.
enum class BigIntegers : uint8_t { Decimal, Text, Reject };

struct InferenceOptions {
  bool nested_as_text = false;     // JSON text in place of nested types
  bool numbers_as_double = false;  // whole numbers, too: for fields that mix 1 and 1.5
  bool all_optional = false;       // members, too, that a schema says are required
  bool ignore_case = false;        // members whose names differ by case are one
  BigIntegers big_integers = BigIntegers::Decimal;
  /// Paths (`at`, `place.since`) of fields whose texts and whole numbers are instants, or days.
  std::vector<std::string> timestamps = {};
  std::vector<std::string> dates = {};
};

/// Of a value, and its schema if it has one. Without: whole numbers are long, others double, objects
/// structs, arrays lists of what their first element that is none tells. Null when it tells nothing.
/// Field ids are all 0; members are optional unless a schema says otherwise. `path` is the field's.
TypePtr infer_type(const Schema* schema, const Value& value, const InferenceOptions& options,
                   std::string_view path = {});

/// Whether there is such a type: none of null, and of an object or array with nothing in it that tells.
bool tells_type(const Schema* schema, const Value& value, const InferenceOptions& options);

/// A type that takes the values of both, for a column that does not exist yet: of two numbers the wider,
/// of two structs all members. Null when there is none.
TypePtr merge_types(const TypePtr& a, const TypePtr& b, bool ignore_case);

/// Columns that hold values, at any depth.
int64_t leaf_count(const Type& type) noexcept;

}  // namespace millrace::lakehouse
