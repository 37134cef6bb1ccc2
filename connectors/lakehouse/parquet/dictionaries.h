#pragma once
// Which columns are worth a dictionary.

#include <string>
#include <vector>

#include "connectors/lakehouse/columns/column_batch.h"

namespace millrace::lakehouse {

/// Paths in the file (`a.list.element`) of columns whose values hardly ever repeat, or repeat too
/// late for a dictionary of at most `dictionary_bytes`: told by a sample of a file's first rows. Few
/// rows tell nothing.
std::vector<std::string> columns_without_dictionary(const ColumnBatch& batch,
                                                    int64_t dictionary_bytes);

}  // namespace millrace::lakehouse
