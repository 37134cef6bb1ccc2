#pragma once
// Cells as parameters, and as the server prints them.

#include <string>

#include "connectors/feature_store/mysql/mysql_table.h"

namespace millrace::feature_store {

/// As the column of `field` takes it: moments are cut to its digits, numbers that are not finite
/// are null. Null, or why not (static storage).
const char* append_cell(BoundRows& out, const PlannedField& field, const Cell& cell);

/// Of a cell that is not null.
std::string server_text(const PlannedField& field, const Cell& cell);

}  // namespace millrace::feature_store
