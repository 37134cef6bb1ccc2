#pragma once
// The entries of a manifest, one at a time.

#include "connectors/avro/container.h"
#include "connectors/lakehouse/table/manifest.h"

namespace millrace::lakehouse {

/// As read_manifest() reads. All functions throw DataException that names the manifest.
class ManifestReader {
 public:
  /// `bytes` outlive it. `like`: a manifest read with the same `schema` and `spec` before, whose bytes may
  /// be gone; what it was written with is not looked into again if it is the same.
  ManifestReader(std::string_view bytes, const ManifestFile& file, const TableSchema& schema,
                 const PartitionSpec& spec, const ManifestReader* like = nullptr);

  /// False at the end.
  bool next(ManifestEntry& entry);
  /// The schema of entries as they were written.
  const avro::Node& written() const;

 private:
  template <class Call>
  void named(const Call& call) const;

  const ManifestFile manifest_;
  const std::vector<TypePtr> types_;
  std::optional<avro::FileReader> file_;
  std::shared_ptr<const avro::Projection> projection_;
};

}  // namespace millrace::lakehouse
