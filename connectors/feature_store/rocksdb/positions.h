#pragma once
// Where partitions go on, by cluster.

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <string>

#include "connectors/feature_store/rocksdb/engine.h"
#include "millrace/ids.h"

namespace millrace::feature_store {

/// Thread-safe.
class Positions {
 public:
  explicit Positions(Engine& engine);

  OffsetMap of(const std::string& cluster, std::span<const TopicPartition> partitions) const;
  /// The largest of all clusters.
  OffsetMap all() const;
  bool wait(const TopicPartition& partition, int64_t offset,
            std::chrono::steady_clock::time_point deadline) const;
  /// Stores other ones; nullopt forgets. Throws as Engine::write.
  void set(const std::string& cluster, const std::map<TopicPartition, std::optional<Offset>>& positions);

  /// The right to move some partitions: one batch at a time, in case a task that was given up still writes.
  class Claim {
   public:
    /// Waits for another batch of these partitions. Throws FencedException when `expected` is not where they
    /// are.
    Claim(Positions& positions, const std::string& cluster, const OffsetMap& expected, const OffsetMap& next);
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    /// Puts the new positions into `batch`.
    void put(rocksdb::WriteBatch& batch) const;
    /// The batch is written.
    void publish();

   private:
    bool is_free() const;
    void check(const OffsetMap& expected) const;

    Positions& positions_;
    const std::string& cluster_;
    const OffsetMap& next_;
  };

 private:
  struct Place {
    std::optional<int64_t> offset = {};
    bool claimed = false;
  };
  using Places = std::map<TopicPartition, Place>;

  Engine& engine_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, Places> clusters_;
};

}  // namespace millrace::feature_store
