#pragma once
// A task's way to write.

#include <rocksdb/slice.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connectors/feature_store/rocksdb/database_impl.h"
#include "connectors/feature_store/rocksdb/stored_value.h"

namespace millrace::feature_store {

class RocksStore : public OnlineStore {
 public:
  /// `keep` holds the database open for as long as this is there; null for the one inside of it.
  RocksStore(RocksDatabase::Impl& database, std::shared_ptr<const RocksDatabase> keep, std::string cluster);

  OffsetMap positions(std::span<const TopicPartition> partitions) override;
  void prepare(const RowPlan& plan) override;
  bool apply(ApplyBatch& batch) override;
  void flush() override;
  std::future<void> flush_soon() override;
  void set_positions(const std::map<TopicPartition, std::optional<Offset>>& positions) override;
  avro::SchemaPtr schema(int64_t schema_id) override;
  void drop_group(int64_t project_id, int64_t group_id) override;
  Ingestion begin_ingestion(int64_t group_id, std::optional<int64_t> entries) override;
  std::vector<Ingestion> ingestions(int64_t group_id, size_t limit) override;
  std::optional<Ingestion> ingestion(int64_t group_id, int64_t id) override;

 private:
  /// What a change becomes in the store.
  struct Target {
    uint32_t table = 0;
    uint16_t partition = PartitionRefs::kNone;
  };
  /// A change in the order of keys. The first bytes of a key decide nearly always.
  struct Ordered {
    uint64_t first_bytes = 0;
    uint32_t table = 0;
    uint32_t change = 0;
  };

  void prepare_missing(std::span<const RowChange> changes);
  void find_targets(std::span<const RowChange> changes);
  void order(std::span<const RowChange> changes);
  void read_current(std::span<const RowChange> changes);
  /// `current`: the stored one that still counts; null: none.
  void put(RowChange& change, const Target& target, const StoredValue* current, int64_t now_us);
  void put_value(const RowChange& change, const Target& target, const StoredValue& value);
  bool is_newer(const StoredValue& value, const StoredValue& current) const;

  RocksDatabase::Impl& db_;
  std::shared_ptr<const RocksDatabase> keep_;
  const std::string cluster_;

  // Reused from batch to batch.
  rocksdb::WriteBatch write_;
  std::vector<Target> targets_;
  std::vector<Ordered> order_;
  std::string keys_;  // of rows that are compared
  std::vector<rocksdb::Slice> slices_;
  std::vector<rocksdb::PinnableSlice> found_;
  std::vector<rocksdb::Status> statuses_;
  std::vector<size_t> place_;  // by change: in `found_`; kNotRead
};

/// The same for several threads.
class SharedStore : public OnlineStore {
 public:
  explicit SharedStore(std::unique_ptr<OnlineStore> store) : store_(std::move(store)) {}

  OffsetMap positions(std::span<const TopicPartition> partitions) override {
    const std::lock_guard lock(mutex_);
    return store_->positions(partitions);
  }
  void prepare(const RowPlan& plan) override {
    const std::lock_guard lock(mutex_);
    store_->prepare(plan);
  }
  bool apply(ApplyBatch& batch) override {
    const std::lock_guard lock(mutex_);
    return store_->apply(batch);
  }
  void flush() override { store_->flush(); }  // these have no state of the store's own
  void set_positions(const std::map<TopicPartition, std::optional<Offset>>& positions) override {
    store_->set_positions(positions);
  }
  avro::SchemaPtr schema(int64_t schema_id) override { return store_->schema(schema_id); }
  void drop_group(int64_t project_id, int64_t group_id) override {
    store_->drop_group(project_id, group_id);
  }
  Ingestion begin_ingestion(int64_t group_id, std::optional<int64_t> entries) override {
    return store_->begin_ingestion(group_id, entries);
  }
  std::vector<Ingestion> ingestions(int64_t group_id, size_t limit) override {
    return store_->ingestions(group_id, limit);
  }
  std::optional<Ingestion> ingestion(int64_t group_id, int64_t id) override {
    return store_->ingestion(group_id, id);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<OnlineStore> store_;
};

}  // namespace millrace::feature_store
