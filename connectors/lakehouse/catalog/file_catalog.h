#pragma once
// Tables in the layout of Hadoop's file system catalog (iceberg-sink.md §6.1):
// `<warehouse>/<levels>/<table>/metadata/v<N>.metadata.json`, and `version-hint.text` beside them.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/catalog/metadata_cache.h"

namespace millrace::lakehouse {

/// A version belongs to who makes its file first. Catalogs of Java share the folder, when they use
/// the same codec for metadata.
class FileCatalog : public Catalog {
 public:
  FileCatalog(std::string warehouse, std::shared_ptr<FileIO> files);

  std::optional<LoadedTable> load(const TableName& table) override;
  LoadedTable create(const TableName& table, const NewTable& what) override;
  LoadedTable commit(const TableName& table, const LoadedTable& base,
                     const TableChange& change) override;

 private:
  struct Version {
    int64_t number = 0;
    std::string path;
  };
  /// The newest; none when there is no table.
  std::optional<Version> find_version(const std::string& location);
  std::optional<Version> version(const std::string& location, int64_t number);
  std::optional<int64_t> hint(const std::string& location);
  int64_t highest_listed(const std::string& location);
  void write_hint(const std::string& location, int64_t number) noexcept;
  std::string location_of(const TableName& table) const;
  /// The name alone does not tell: where old versions are deleted, or a table was dropped and made
  /// anew, the place behind an old base is free again.
  bool is_newest(const TableName& table, const LoadedTable& base);
  /// Where the next version is published; false: another writer was faster.
  bool publish(const std::string& location, int64_t number, const TableMetadata& metadata,
               std::string& path, const std::string& previous = "");

  std::string warehouse_;  // without a slash at the end
  std::shared_ptr<FileIO> files_;
  MetadataCache cache_;
};

}  // namespace millrace::lakehouse
