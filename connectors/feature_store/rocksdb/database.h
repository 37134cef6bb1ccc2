#pragma once
// The embedded online store: one RocksDB in a folder, shared by the tasks and lookups of a process
// (feature-store-sink.md §9).

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/feature_store/store/online_store.h"

namespace millrace::feature_store {

struct RocksOptions {
  std::string path;
  size_t block_cache_bytes = size_t{64} << 20;
  size_t write_buffer_bytes = size_t{64} << 20;  // all memtables together
  std::chrono::milliseconds marker_retention{86'400'000};
  bool enforce_ttl = true;
  /// Microseconds since the epoch; tests give their own.
  std::function<int64_t()> now_us = {};
};

/// A table as lookups see it. Immutable; a new one takes its place when a schema is added.
struct StoredTable {
  uint32_t id = 0;
  KeySchema key;
  FeatureGroupPtr group;
  std::vector<RowPlanPtr> plans;  // ascending by the order they came in; the last is the newest
  const RowPlan* plan(int64_t schema_id) const noexcept;
  const RowPlan& newest() const noexcept { return *plans.back(); }
};
using StoredTablePtr = std::shared_ptr<const StoredTable>;

enum class Found : uint8_t { Row, Absent, Expired };

/// One row to look up. Not copyable: it pins what it found.
class Lookup {
 public:
  Lookup();
  ~Lookup();
  Lookup(Lookup&&) noexcept;
  Lookup& operator=(Lookup&&) noexcept;

  StoredTablePtr table;
  std::string key;  // KeySchema bytes

  // Answer; valid until the next lookup with it.
  Found found = Found::Absent;
  const RowPlan* plan = nullptr;
  std::string_view row = {};
  bool has_event_time = false;
  int64_t event_time_us = 0;
  int64_t kafka_ms = 0;
  int64_t offset = -1;

 private:
  friend class RocksDatabase;
  struct Pin;
  std::unique_ptr<Pin> pin_;
};

/// Thread-safe.
class RocksDatabase : public std::enable_shared_from_this<RocksDatabase> {
 public:
  /// The one of this folder in this process, opened when there is none. Throws ConnectException when it cannot
  /// be opened (another process has it, it is damaged), naming the folder.
  static std::shared_ptr<RocksDatabase> open(const RocksOptions& options);
  ~RocksDatabase();

  /// True when the folder had no store before this process opened it and nothing has been applied yet.
  bool is_new() const;
  /// Of this store, wherever it is copied from: kept in it. Checkpoints have another one.
  std::string id() const;

  /// A task's way to write. Offsets are kept by cluster.
  std::unique_ptr<OnlineStore> make_store(std::string cluster_id);
  /// Without a cluster: for pushes and ingestions of lookups' side.
  OnlineStore& local();  // guarded by its own lock: any thread

  // Reading.
  StoredTablePtr table(int64_t group_id) const;
  std::vector<StoredTablePtr> tables() const;
  /// As of one moment, with one `now`. Requests keep their order.
  void get(std::span<Lookup> lookups) const;
  /// At most `limit` rows whose keys begin with `prefix`, ascending, behind `after` (empty: from the first).
  /// `visit` gets key and row; returning false ends it. True: there may be more.
  bool scan(const StoredTable& table, std::string_view prefix, std::string_view after, size_t limit,
            const std::function<bool(std::string_view key, const Lookup& row)>& visit) const;
  /// Waits until the applied position of the partition (of any cluster) is at least `offset`.
  bool wait_applied(const TopicPartition& partition, int64_t offset,
                    std::chrono::steady_clock::time_point deadline) const;
  OffsetMap applied() const;  // of all clusters, the largest
  uint64_t ttl_filtered() const noexcept;  // rows that reads passed over
  uint64_t estimated_rows() const;

  /// A copy in a folder that must not exist. Whole or not there at all. Gives the offsets that are in it, of all
  /// clusters the largest. Throws ConnectException.
  OffsetMap checkpoint(const std::string& folder);

  struct Impl;

 private:
  explicit RocksDatabase(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::feature_store
