#pragma once
// Complex values from Avro to Feast's Value.

#include <string>
#include <string_view>

#include "connectors/avro/schema.h"

namespace millrace::feature_store {

/// Appends the value of `type` that `bytes` are, to their end. Records are structs. False, with
/// nothing appended, when they are no such value, are nested deeper than avro::kMaxValueDepth, or
/// have more values than bytes allow (avro::kFreeValues).
bool append_nested_feast(std::string& out, const avro::Node& type, std::string_view bytes);

}  // namespace millrace::feature_store
