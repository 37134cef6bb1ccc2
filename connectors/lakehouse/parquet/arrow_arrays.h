#pragma once
// Column buffers as Arrow's arrays.

#include <arrow/type_fwd.h>

#include <memory>

#include "connectors/lakehouse/columns/column_batch.h"

namespace millrace::lakehouse {

/// The rows of `batch` without a copy, except booleans: they are packed, in `pool`. Lives no longer
/// than the batch stays as it is. Throws ConnectException for a null in a required column.
std::shared_ptr<arrow::RecordBatch> arrow_batch(const ColumnBatch& batch,
                                                const std::shared_ptr<arrow::Schema>& schema,
                                                arrow::MemoryPool* pool);

}  // namespace millrace::lakehouse
