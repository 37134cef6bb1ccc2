#pragma once
// Giving field ids anew, and what a schema must keep to.

#include <map>

#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

/// Highest id a field may have; above are those of metadata columns.
inline constexpr int32_t kMaxFieldId = 2'147'483'447;

/// The fields with ids from `next` on, a struct's members before the members of those, as Java's
/// servers give them. `next` is the one after the last. `renamed`, when given, gets old id -> new
/// id.
std::vector<NestedField> with_new_ids(const std::vector<NestedField>& fields, int32_t& next,
                                      std::map<int32_t, int32_t>* renamed = nullptr);

/// Throws DataException for names given twice or empty, ids out of range, and identifier fields
/// that may be none (§5.2).
void check_schema(const TableSchema& schema);

}  // namespace millrace::lakehouse
