#pragma once
// Partitions as numbers of two bytes in values.

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <vector>

#include "connectors/feature_store/rocksdb/engine.h"
#include "millrace/ids.h"

namespace millrace::feature_store {

/// Thread-safe. A partition keeps its number for as long as the store lives.
class PartitionRefs {
 public:
  static constexpr uint16_t kNone = 0;  // of pushes; sorts first
  static constexpr size_t kMaxPartitions = 65'535;

  /// Reads those that are stored.
  explicit PartitionRefs(Engine& engine);

  /// Stores it when it is new. Throws ConnectException when there are too many, and as Engine::write.
  uint16_t ref(const TopicPartition& partition);
  /// By topic, then partition: the same in every process, whichever came first. Negative: a < b.
  int compare(uint16_t a, uint16_t b) const;

 private:
  Engine& engine_;
  mutable std::shared_mutex mutex_;
  std::vector<TopicPartition> partitions_;  // by number
  std::map<TopicPartition, uint16_t> refs_;
};

}  // namespace millrace::feature_store
