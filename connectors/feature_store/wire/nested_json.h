#pragma once
// Complex values from Avro to JSON in one pass.

#include <string>
#include <string_view>

#include "connectors/avro/schema.h"
#include "connectors/feature_store/wire/cell_text.h"

namespace millrace::feature_store {

/// Appends the value of `type` that `bytes` are, to their end, as plain JSON: nullable unions without tags,
/// records and maps as objects. False, with nothing appended, when they are no such value, are nested
/// deeper than avro::kMaxValueDepth, or have more values than bytes allow (avro::kFreeValues).
bool append_nested_json(std::string& out, const avro::Node& type, std::string_view bytes,
                        const JsonStyle& style);

}  // namespace millrace::feature_store
