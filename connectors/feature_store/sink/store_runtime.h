#pragma once
// What the tasks and lookups of one store share in a process.

#include <memory>
#include <mutex>
#include <string>

#include "connectors/feature_store/metadata/catalog_source.h"
#include "connectors/feature_store/rocksdb/database.h"
#include "connectors/feature_store/serving/server.h"

namespace millrace::feature_store {

/// The embedded database of a folder, and the server of its lookups. Lookups outlive a task that fails: they go
/// on with what the store has until the connector ends or a new task takes over. Thread-safe.
class StoreRuntime {
 public:
  /// The one of this folder, with a server as `serving` says. A server that runs is kept when it would be the
  /// same. Throws as RocksDatabase::open and Server do.
  static std::shared_ptr<StoreRuntime> acquire(const RocksOptions& rocks, const ServingOptions& serving,
                                               std::shared_ptr<CatalogSource> catalog);
  /// A task that failed leaves lookups running.
  static void keep(const std::shared_ptr<StoreRuntime>& runtime);
  /// Ends what keep() has left of a folder.
  static void release(const std::string& path);

  const std::shared_ptr<RocksDatabase>& database() const noexcept { return database_; }
  /// Of the server; none without one.
  std::vector<TaskMetric> metrics() const;

 private:
  StoreRuntime() = default;
  void serve(const ServingOptions& serving, std::shared_ptr<CatalogSource> catalog);

  std::shared_ptr<RocksDatabase> database_;
  mutable std::mutex mutex_;
  std::shared_ptr<CatalogSource> catalog_;
  ServingOptions serving_;
  std::unique_ptr<Server> server_;
};

}  // namespace millrace::feature_store
