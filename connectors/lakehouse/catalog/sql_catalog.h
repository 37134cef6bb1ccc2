#pragma once
// Tables in a database, in the layout that PyIceberg's SqlCatalog and Java's JdbcCatalog share
// (iceberg-sink.md §6.2).

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/catalog/metadata_cache.h"
#include "connectors/lakehouse/catalog/sql_database.h"

namespace millrace::lakehouse {

class SqlCatalog : public Catalog {
 public:
  /// `name` is that of the catalog: several may share a database. `settings`: `warehouse`, and what
  /// storage needs. Makes the database's tables when they are missing, at the first use.
  SqlCatalog(std::string name, Properties settings, std::unique_ptr<SqlDatabase> database);

  std::optional<LoadedTable> load(const TableName& table) override;
  LoadedTable create(const TableName& table, const NewTable& what) override;
  LoadedTable commit(const TableName& table, const LoadedTable& base,
                     const TableChange& change) override;

 private:
  // These take the lock.
  std::optional<std::string> find_metadata(const TableName& table);
  std::string make_namespaces(const TableName& table);  // the last one's location, or nothing
  bool insert(const TableName& table, const std::string& metadata);
  bool swap(const TableName& table, const std::string& from, const std::string& to);

  SqlDatabase& ready();  // with the lock held
  std::shared_ptr<FileIO> files_for(const std::string& path);

  const std::string name_;
  const Properties settings_;
  std::mutex mutex_;
  std::unique_ptr<SqlDatabase> database_;
  bool is_ready_ = false;
  bool has_type_ = false;                                 // the column `iceberg_type`
  std::map<std::string, std::shared_ptr<FileIO>> files_;  // by scheme
  MetadataCache cache_;
};

}  // namespace millrace::lakehouse
