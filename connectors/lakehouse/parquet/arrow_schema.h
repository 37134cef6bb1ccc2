#pragma once
// Iceberg's schemas as Arrow's, so that Parquet files get the types of iceberg-sink.md §5.8.

#include <arrow/type_fwd.h>

#include <memory>

#include "connectors/lakehouse/table/types.h"

namespace millrace::lakehouse {

/// Every field has its id in its metadata, at any depth.
std::shared_ptr<arrow::Schema> arrow_schema(const TableSchema& schema);

}  // namespace millrace::lakehouse
