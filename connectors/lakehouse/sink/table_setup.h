#pragma once
// A table as a task needs it: loaded or created, its schema evolved, its committer (iceberg-sink.md §2.1,
// §11).

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/lakehouse/catalog/catalog.h"
#include "connectors/lakehouse/commit/table_committer.h"
#include "connectors/lakehouse/sink/options.h"
#include "connectors/lakehouse/sink/partition_writers.h"
#include "connectors/lakehouse/table/evolution.h"

namespace millrace::lakehouse {

/// Used by one task's thread.
class TableSetup {
 public:
  /// Tries to change a schema that others change at the same time.
  static constexpr int kSchemaTries = 3;

  TableSetup(std::shared_ptr<Catalog> catalog, std::string catalog_key, std::string table,
             const SinkOptions& options);

  const TableName& name() const noexcept { return name_; }
  const std::string& branch() const noexcept { return table_options_.branch; }
  /// Loads it anew; creates it, without columns but those of the broker, when it is missing and may be.
  /// Throws NotFoundException with what to do when it must not.
  const LoadedTable& load();
  const LoadedTable& table() const { return *table_; }
  /// Changes the schema, and gives a table that was made here the partition it is to have; what others did
  /// meanwhile is not done again. Throws ConfigException when the partition needs columns that are not
  /// there, unless it may wait for them.
  void evolve(SchemaChange wanted);
  /// It was made by a sink, and has no columns yet but those of the broker.
  bool is_bare() const;
  /// Files of the current schema and partition spec.
  FileTarget file_target(const std::string& task) const;
  /// Files of keys whose rows are deleted.
  FileTarget delete_target(const std::string& task, const TableSchemaPtr& keys) const;
  /// The key columns that the configuration names, or the table's identifier fields; none when the table
  /// has not got them all yet. Throws ConfigException when rows cannot be replaced by them.
  std::optional<std::vector<int32_t>> keys() const;
  /// Names of configured key columns that the table has not got yet.
  std::vector<std::string> missing_keys() const;
  /// Of this process, shared by all tasks that write the table.
  std::shared_ptr<TableCommitter> committer() const;

 private:
  LoadedTable create();
  std::map<std::string, std::string> write_properties() const;
  FileTarget file_target(const std::string& task, TableSchemaPtr schema,
                         const std::map<std::string, std::string>& properties) const;
  bool awaits_partition() const;
  void add_known_sources(SchemaChange& wanted) const;
  void add_partition_fields(const TableSchema& schema, TableChange& change) const;
  void add_identifiers(TableSchema& schema) const;
  std::vector<std::string> missing_in(const TableSchema& schema) const;

  const std::shared_ptr<Catalog> catalog_;
  const std::string catalog_key_;
  const TableName name_;
  const SinkOptions& options_;
  const TableOptions table_options_;
  std::optional<LoadedTable> table_;
};

}  // namespace millrace::lakehouse
