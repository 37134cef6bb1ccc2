#pragma once
// What a database is made of.

#include <atomic>
#include <memory>
#include <mutex>

#include "connectors/feature_store/rocksdb/database.h"
#include "connectors/feature_store/rocksdb/engine.h"
#include "connectors/feature_store/rocksdb/ingestions.h"
#include "connectors/feature_store/rocksdb/partition_refs.h"
#include "connectors/feature_store/rocksdb/positions.h"
#include "connectors/feature_store/rocksdb/stripes.h"
#include "connectors/feature_store/rocksdb/tables.h"

namespace millrace::feature_store {

struct RocksDatabase::Impl {
  explicit Impl(const RocksOptions& with) : options(with), engine(options) {}

  const RocksOptions options;
  Engine engine;
  PartitionRefs partitions{engine};
  Positions positions{engine};
  Tables tables{engine};
  Ingestions ingestions{engine};
  Stripes stripes;
  std::atomic<bool> was_applied = false;
  mutable std::atomic<uint64_t> ttl_filtered = 0;
  std::mutex checkpoint_mutex;
  std::unique_ptr<OnlineStore> local;
};

}  // namespace millrace::feature_store
