#pragma once
// The store of the embedded log: topics, chunks and group offsets in one RocksDB.

#include <rocksdb/db.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/ids.h"
#include "runtime/broker/broker.h"
#include "runtime/broker/embedded/embedded_options.h"

namespace millrace::embedded {

/// Chunk of one partition on its way into the log.
struct Append {
  TopicPartition partition;
  std::string chunk;
  uint32_t count = 0;
  /// Called on the writer's thread: base offset, or -1 and the reason.
  std::function<void(int64_t base_offset, const std::string& error)> done;
};

struct TopicInfo {
  uint32_t id = 0;
  int32_t partitions = 1;
  int64_t retention_ms = -1;
  int64_t retention_bytes = -1;
};

/// A chunk read back, with the offset of its first record.
struct StoredChunk {
  int64_t base_offset = 0;
  std::shared_ptr<const std::string> bytes;
};

/// Thread-safe. One writer thread joins the appends of all producers into one synced write.
class LogStore {
 public:
  explicit LogStore(const EmbeddedOptions& options);
  ~LogStore();

  const std::string& cluster_id() const noexcept { return cluster_id_; }
  std::optional<TopicInfo> topic(const std::string& name) const;
  std::vector<std::string> topics() const;
  /// False when it exists already.
  bool create_topic(const NewTopic& topic);
  /// Partitions of the topic, created with the default count when missing.
  int32_t ensure_topic(const std::string& name);

  /// False when `embedded.log.queue.bytes` are waiting already.
  bool append(Append append);
  /// Offsets of the first record kept and of the next record to come.
  std::pair<int64_t, int64_t> bounds(const TopicPartition& partition) const;
  /// Chunk that holds `offset`, or the first one behind it; nullopt at the end.
  std::optional<StoredChunk> read(const TopicPartition& partition, int64_t offset) const;

  OffsetMap group_offsets(const std::string& group) const;
  /// Offsets set and, where empty, removed; synced.
  void put_group_offsets(const std::string& group,
                         const std::map<TopicPartition, std::optional<Offset>>& offsets);

  /// Grows with every append, new topic and rebalance; waiters compare.
  uint64_t version() const noexcept { return version_.load(); }
  void wait_for_change(uint64_t seen, std::chrono::steady_clock::time_point deadline,
                       const std::atomic<bool>& woken);
  void announce_change();
  /// Removes what the retention settings allow. Also runs by itself.
  void apply_retention(int64_t now_ms);

 private:
  struct PartitionState {
    int64_t start = 0;
    int64_t next = 0;
  };
  using States = std::map<TopicPartition, PartitionState>;

  void open();
  /// After an error the store refuses writes; opened anew it takes them again. False: not yet.
  bool reopen();
  void load();
  void load_partitions(const std::string& name, const TopicInfo& info);
  void store_topic(const std::string& name, const TopicInfo& info);
  void write_loop();
  void write(std::deque<Append> appends);
  bool write_synced(rocksdb::WriteBatch& batch, std::string& error);
  void retain(const std::string& name, const TopicInfo& info, int32_t partition, int64_t now_ms);
  std::string chunk_key(const TopicPartition& partition, int64_t offset) const;

  EmbeddedOptions options_;
  // Shared by those who use the store, exclusive while it is opened anew; null in between.
  mutable std::shared_mutex db_mutex_;
  std::unique_ptr<rocksdb::DB> db_;
  std::string cluster_id_;
  mutable std::mutex state_mutex_;
  std::map<std::string, TopicInfo> topics_;
  States states_;

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<Append> queue_;
  size_t queued_bytes_ = 0;
  bool stopping_ = false;

  std::mutex change_mutex_;
  std::condition_variable changed_;
  std::atomic<uint64_t> version_ = 0;
  std::thread writer_;
};

}  // namespace millrace::embedded
