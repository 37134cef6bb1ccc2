#pragma once
// Entries into the bytes of a manifest and what a manifest list says of it (iceberg-sink.md §5.4, §5.5).

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest_partition.h"

namespace millrace::lakehouse {

class ManifestWriter {
 public:
  /// `types` of the spec's values, without nulls.
  ManifestWriter(const TableSchema& schema, const PartitionSpec& spec, ManifestContent content,
                 std::vector<TypePtr> types);

  /// Throws DataException for what does not belong into the manifest.
  void add(const ManifestEntry& entry);
  /// Once.
  WrittenManifest finish();

 private:
  std::vector<TypePtr> types_;
  avro::FileWriter writer_;
  PartitionSummaries summaries_;
  ManifestFile file_;
  std::optional<int64_t> lowest_;
};

}  // namespace millrace::lakehouse
