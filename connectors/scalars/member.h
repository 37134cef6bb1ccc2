#pragma once
// Members of Connect values.

#include <string_view>

#include "millrace/value.h"

namespace millrace {

/// Of a map with text keys or a struct; null when there is none.
const Value* member_of(const Value& object, std::string_view name);

}  // namespace millrace
