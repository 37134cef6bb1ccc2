#pragma once
// How RocksDB is set up; what each choice brought is in the folder's README.

#include <rocksdb/cache.h>
#include <rocksdb/options.h>

#include <functional>
#include <memory>

#include "connectors/feature_store/rocksdb/database.h"

namespace millrace::feature_store {

rocksdb::DBOptions database_options(const RocksOptions& options);
rocksdb::ColumnFamilyOptions data_options(const RocksOptions& options,
                                          const std::shared_ptr<rocksdb::Cache>& cache);
rocksdb::ColumnFamilyOptions meta_options(const std::shared_ptr<rocksdb::Cache>& cache);

}  // namespace millrace::feature_store
