// Retention by age and size: whole chunks from the front of a partition.

#include <rocksdb/convenience.h>

#include "runtime/broker/embedded/log_keys.h"
#include "runtime/broker/embedded/log_store.h"

namespace millrace::embedded {

void LogStore::apply_retention(int64_t now_ms) {
  std::map<std::string, TopicInfo> topics;
  {
    const std::lock_guard lock(state_mutex_);
    topics = topics_;
  }
  for (auto& [name, info] : topics) {
    if (info.retention_ms == TopicInfo::kUseDefault) info.retention_ms = options_.retention_ms;
    if (info.retention_bytes == TopicInfo::kUseDefault) {
      info.retention_bytes = options_.retention_bytes;
    }
    if (info.retention_ms < 0 && info.retention_bytes < 0) continue;
    for (int32_t partition = 0; partition < info.partitions; ++partition) {
      retain({name, partition}, info, now_ms);
    }
  }
}

// As Kafka: by size only so far that at least `retention.bytes` stay.
LogStore::PartitionState LogStore::retained(const PartitionState& state,
                                            const TopicPartition& partition, const TopicInfo& info,
                                            int64_t now_ms) const {
  PartitionState kept = state;
  const std::shared_lock lock(db_mutex_);
  if (!db_) return kept;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::string prefix = partition_key(kRecordsKey, info.id, partition.partition);
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
  at->Seek(chunk_key(info.id, partition.partition, state.start));
  for (; kept.start < state.next && at->Valid() && at->key().starts_with(prefix); at->Next()) {
    const std::string_view chunk = chunk_of(at->value().ToStringView());
    const auto header = peek_chunk(chunk);
    if (!header) break;  // damaged: reading it says so
    const auto size = static_cast<int64_t>(chunk.size());
    const int64_t left = kept.end_position - kept.start_position - size;
    const bool old = info.retention_ms >= 0 && header->newest_ms < now_ms - info.retention_ms;
    const bool over = info.retention_bytes >= 0 && left >= info.retention_bytes;
    if (!old && !over) break;
    kept.start = offset_of_key(at->key().ToStringView()) + header->count;
    kept.start_position += size;
  }
  return kept;
}

void LogStore::retain(const TopicPartition& partition, const TopicInfo& info, int64_t now_ms) {
  PartitionState state;
  {
    const std::lock_guard lock(state_mutex_);
    state = states_.at(partition);
  }
  if (state.start == state.next) return;
  const PartitionState kept = retained(state, partition, info, now_ms);
  if (kept.start == state.start) return;
  {
    // Readers learn it first, so that a chunk that is missing is one that was removed.
    const std::lock_guard state_lock(state_mutex_);
    states_[partition].start = kept.start;
    states_[partition].start_position = kept.start_position;
  }
  const std::string begin = partition_key(kRecordsKey, info.id, partition.partition);
  const std::string end = chunk_key(info.id, partition.partition, kept.start);
  std::string start;
  put_be(start, static_cast<uint64_t>(kept.start), sizeof(int64_t));
  rocksdb::WriteBatch batch;
  batch.DeleteRange(begin, end);
  batch.Put(partition_key(kStartKey, info.id, partition.partition), start);
  // When this fails, the next removal takes these chunks along.
  if (write_once(batch, false).ok()) remove_files(begin, end);
}

// Gives the space of whole files back now instead of at some later compaction.
void LogStore::remove_files(const std::string& begin, const std::string& end) {
  const std::shared_lock lock(db_mutex_);
  if (!db_) return;
  const rocksdb::Slice from(begin);
  const rocksdb::Slice to(end);
  rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &from, &to, false);
}

}  // namespace millrace::embedded
