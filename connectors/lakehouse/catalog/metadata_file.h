#pragma once
// What catalogs without a server have in common: metadata files, and changes made here.

#include <string>
#include <vector>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/catalog/metadata_cache.h"

namespace millrace::lakehouse {

/// A metadata file, compressed or not, may have so many bytes.
inline constexpr size_t kMaxMetadataBytes = size_t{512} << 20;

/// Exceptions name the path. What `cache` has of the same path and bytes is not parsed again.
TableMetadata read_metadata(FileIO& files, const std::string& path, MetadataCache& cache);
/// The bytes of a metadata file, compressed when the table's properties say so.
std::string metadata_bytes(const TableMetadata& table);
/// What stands before `.metadata.json` then: `.gz` or nothing.
std::string metadata_suffix(const TableMetadata& table);

struct ChangedTable {
  TableMetadata metadata;
  std::vector<std::string> dropped;  // metadata files that may be deleted once the change is made
};
/// `base` after the change, its file noted in the log. Throws CommitConflict when a requirement
/// does not hold, and what TableMetadata::apply() throws.
ChangedTable changed_table(const TableName& name, const LoadedTable& base,
                           const TableChange& change);
/// Never throws: such files are no harm.
void remove_files(FileIO& files, const std::vector<std::string>& paths) noexcept;

}  // namespace millrace::lakehouse
