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
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/ids.h"
#include "runtime/broker/broker.h"
#include "runtime/broker/embedded/chunk.h"
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
  /// The worker's setting holds, also when it changes later.
  static constexpr int64_t kUseDefault = INT64_MIN;

  uint32_t id = 0;
  int32_t partitions = 1;
  int64_t retention_ms = kUseDefault;
  int64_t retention_bytes = kUseDefault;
};

/// A chunk read back and verified, with the offset of its first record. `reader` points into
/// `bytes`.
struct StoredChunk {
  int64_t base_offset = 0;
  std::shared_ptr<const std::string> bytes;
  ChunkReader reader;
};

/// Thread-safe. One writer thread joins the appends of all producers into one synced write.
class LogStore {
 public:
  /// Throws ConnectException with the folder's name when it is in use, foreign or damaged.
  explicit LogStore(const EmbeddedOptions& options);
  ~LogStore();

  const std::string& cluster_id() const noexcept { return cluster_id_; }
  std::optional<TopicInfo> topic(const std::string& name) const;
  std::vector<std::string> topics() const;
  /// Grows with every new topic.
  uint64_t topics_version() const noexcept { return topics_version_.load(); }
  /// False when it exists already. Throws KafkaException for a name, count or setting that Kafka
  /// refuses, TimeoutException when the store takes no writes.
  bool create_topic(const NewTopic& topic);
  /// Partitions of the topic, created with the default count when missing. Throws as above.
  int32_t ensure_topic(const std::string& name);

  /// False when `embedded.log.queue.bytes` wait or are being written.
  bool has_room() const noexcept {
    return queued_bytes_.load() < static_cast<size_t>(options_.queue_bytes);
  }
  /// Takes the chunk in any case: who sends many asks has_room() in between.
  void append(Append append);
  /// Offsets of the first record kept and of the next record to come.
  std::pair<int64_t, int64_t> bounds(const TopicPartition& partition) const;
  /// Chunk that holds `offset`, or the first one behind it; nullopt at the end, and while the store
  /// is opened anew. Throws ConnectException when it is damaged.
  std::optional<StoredChunk> read(const TopicPartition& partition, int64_t offset) const;

  OffsetMap group_offsets(const std::string& group) const;
  /// Offsets set and, where empty, removed; synced. Throws TimeoutException when the store takes no
  /// writes; a later call may succeed.
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
    // Bytes of the partition in front of `start` and of `next`, from an arbitrary zero.
    int64_t start_position = 0;
    int64_t end_position = 0;
  };
  using States = std::map<TopicPartition, PartitionState>;

  // log_store.cc
  void open(bool may_create);
  void load(bool is_new);
  void load_topics();
  void load_groups();
  PartitionState load_partition(const std::string& name, const TopicInfo& info, int32_t partition);
  [[noreturn]] void fail_damaged(const std::string& what) const;
  void store_topic(const std::string& name, const TopicInfo& info);

  // log_writer.cc
  void write_loop();
  void write(std::deque<Append> appends);
  bool write_until_timeout(rocksdb::WriteBatch& batch, std::string& error);
  /// One write, alone at that time.
  rocksdb::Status write_once(rocksdb::WriteBatch& batch, bool synced);
  /// One synced write of a caller that waits, with one attempt to heal. Throws TimeoutException.
  void write_now(rocksdb::WriteBatch& batch, const std::string& action);
  void heal(bool hard);
  void reopen();
  std::string writing_failed(const rocksdb::Status& status, const std::string& action) const;

  // log_retention.cc
  void retain(const TopicPartition& partition, const TopicInfo& info, int64_t now_ms);
  PartitionState retained(const PartitionState& state, const TopicPartition& partition,
                          const TopicInfo& info, int64_t now_ms) const;
  void remove_files(const std::string& begin, const std::string& end);

  EmbeddedOptions options_;
  // Taken before the next one. Nearly all writes are the writer's, so joining those of several
  // threads would gain nothing.
  std::mutex write_mutex_;
  // Shared by those who use the store, exclusive while it is opened anew; null in between.
  mutable std::shared_mutex db_mutex_;
  std::unique_ptr<rocksdb::DB> db_;
  std::string cluster_id_;
  std::mutex create_mutex_;  // one creation of a topic at a time
  mutable std::mutex state_mutex_;
  std::map<std::string, TopicInfo> topics_;
  States states_;
  std::map<std::string, OffsetMap> groups_;
  std::atomic<uint64_t> topics_version_ = 0;

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<Append> queue_;
  std::atomic<size_t> queued_bytes_ = 0;
  bool stopping_ = false;
  // Writer's thread only: partitions behind whose end an abandoned write may have left chunks.
  std::set<TopicPartition> littered_;

  std::mutex change_mutex_;
  std::condition_variable changed_;
  std::atomic<uint64_t> version_ = 0;
  std::thread writer_;
};

}  // namespace millrace::embedded
