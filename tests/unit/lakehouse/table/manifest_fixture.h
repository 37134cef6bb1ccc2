#pragma once
// Schemas as they must stand in headers, and random manifests.

#include <random>
#include <string>
#include <vector>

#include "connectors/lakehouse/table/manifest.h"

namespace millrace::lakehouse {

/// Of a table partitioned by a date `dt`.
extern const char* const kGoldenManifestSchema;
extern const char* const kGoldenListSchema;
/// As other products wrote them for version 1.
extern const char* const kManifestSchemaV1;
extern const char* const kListSchemaV1;

/// All members, for comparing.
std::string text_of(const ManifestEntry& entry);
std::string text_of(const ManifestFile& file);

/// Of one table that is partitioned by a column of each type.
class RandomManifest {
 public:
  explicit RandomManifest(uint64_t seed);

  const TableSchema& schema() const { return schema_; }
  const PartitionSpec& spec() const { return spec_; }
  std::vector<ManifestEntry> entries(ManifestContent content, size_t at_least = 0);
  ManifestFile manifest_file();
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

 private:
  DataFile data_file(ManifestContent content);
  FileMetrics metrics();
  Literal literal(const Type& type);
  int64_t number() { return static_cast<int64_t>(random_()) >> below(64); }
  std::string bytes(size_t size);

  std::mt19937_64 random_;
  TableSchema schema_;
  PartitionSpec spec_;
};

}  // namespace millrace::lakehouse
