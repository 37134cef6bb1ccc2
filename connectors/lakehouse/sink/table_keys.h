#pragma once
// Which columns tell the rows of a table apart, and whether rows may be replaced by them
// (iceberg-sink.md §8).

#include <string>
#include <vector>

#include "connectors/lakehouse/catalog/catalog.h"

namespace millrace::lakehouse {

/// Ids of the key columns: `names`, or the table's identifier fields when there are none. Throws
/// ConfigException when there are neither, a name is no top-level column, or a column's type cannot be a
/// key (float, double, nested ones).
std::vector<int32_t> key_ids(const TableSchema& schema, const std::vector<std::string>& names,
                             bool ignore_case);

/// Throws ConfigException when a partition is of more than the key: rows in the partitions that a key had
/// before would stay.
void require_partition_of_key(const PartitionSpec& spec, const std::vector<int32_t>& keys);

/// Throws ConfigException when the branch has files of another partition spec than the table's present
/// one: deletes by key do not reach them. Reads the manifest list.
void require_one_spec(const LoadedTable& table, const std::string& branch);

/// True when no snapshot of the branch added rows.
bool is_without_rows(const TableMetadata& table, const std::string& branch);

/// The schema with the key columns required and as its identifier fields, for a table without rows.
TableSchema with_identifiers(TableSchema schema, const std::vector<int32_t>& keys);

}  // namespace millrace::lakehouse
