#include "connectors/feature_store/rocksdb/partition_refs.h"

#include <mutex>

#include "connectors/feature_store/rocksdb/meta_keys.h"

namespace millrace::feature_store {

PartitionRefs::PartitionRefs(Engine& engine) : engine_(engine), partitions_(1) {
  engine_.each_meta(std::string(1, kPartitionTag), [this](std::string_view rest, std::string_view value) {
    uint16_t ref = 0;
    TopicPartition partition;
    if (!take_big_endian(rest, ref) || !take_big_endian(value, partition.partition) ||
        ref != partitions_.size()) {
      engine_.fail_damaged("a partition's number");
    }
    partition.topic = value;
    refs_.emplace(partition, ref);
    partitions_.push_back(std::move(partition));
  });
}

uint16_t PartitionRefs::ref(const TopicPartition& partition) {
  {
    const std::shared_lock lock(mutex_);
    const auto found = refs_.find(partition);
    if (found != refs_.end()) return found->second;
  }
  const std::unique_lock lock(mutex_);
  const auto found = refs_.find(partition);
  if (found != refs_.end()) return found->second;
  if (partitions_.size() > kMaxPartitions) {
    throw ConnectException("the online store in " + engine_.folder() + " takes rows of " +
                           std::to_string(kMaxPartitions) + " partitions at most; use another for " +
                           partition.topic);
  }
  const auto ref = static_cast<uint16_t>(partitions_.size());
  std::string value;
  append_big_endian(value, partition.partition);
  value += partition.topic;
  rocksdb::WriteBatch batch;
  batch.Put(engine_.meta(), partition_key(ref), value);
  engine_.write(batch, "numbering partition " + partition.to_string());
  refs_.emplace(partition, ref);
  partitions_.push_back(partition);
  return ref;
}

int PartitionRefs::compare(uint16_t a, uint16_t b) const {
  if (a == b) return 0;
  if (a == kNone || b == kNone) return a == kNone ? -1 : 1;
  const std::shared_lock lock(mutex_);
  if (a >= partitions_.size() || b >= partitions_.size()) return a < b ? -1 : 1;
  return partitions_[a] < partitions_[b] ? -1 : 1;
}

}  // namespace millrace::feature_store
