#pragma once
// Fields by their paths.

#include <string_view>

#include "millrace/record.h"

namespace millrace::lakehouse {

/// `a.b` through maps with text keys and structs; null when there is none.
const Value* value_at(const Value& value, std::string_view path);

/// A member of a map or struct, with its schema if it has one; a null value when there is none.
SchemaAndValue member_with_schema(const SchemaAndValue& object, std::string_view name);

}  // namespace millrace::lakehouse
