#pragma once
// What lookups ask of a store.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "connectors/feature_store/rocksdb/database.h"

namespace millrace::feature_store {

/// Thread-safe. RocksSource is the one that programs have; tests have rows in memory.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Null: nothing has been stored of the group yet.
  virtual StoredTablePtr table(int64_t group_id) const = 0;
  /// As RocksDatabase::get.
  virtual void get(std::span<Lookup> lookups) const = 0;
  /// As RocksDatabase::scan.
  virtual bool scan(
      const StoredTable& table, std::string_view prefix, std::string_view after, size_t limit,
      const std::function<bool(std::string_view key, const Lookup& row)>& visit) const = 0;
  /// Whether the record of this offset has been applied. Never blocks for long.
  virtual bool is_applied(const TopicPartition& partition, int64_t offset) const = 0;
  /// Pushes and ingestions; one caller at a time, the source sees to it.
  virtual OnlineStore& local() = 0;
  virtual uint64_t ttl_filtered() const noexcept = 0;
  /// As RocksDatabase::checkpoint. Blocks for as long as that takes.
  virtual OffsetMap checkpoint(const std::string& folder) = 0;
};

}  // namespace millrace::feature_store
