#pragma once
// RecordConsumer of the embedded log.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/java_regex.h"
#include "runtime/broker/embedded/groups.h"
#include "runtime/broker/embedded/log_store.h"

namespace millrace::embedded {

class EmbeddedConsumer final : public RecordConsumer {
 public:
  /// `config`: Java's names. Throws ConfigException.
  EmbeddedConsumer(std::shared_ptr<LogStore> store, std::shared_ptr<Groups> groups,
                   const Properties& config);
  ~EmbeddedConsumer() override;

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override;
  void subscribe_pattern(const std::string& pattern, RebalanceListener& listener) override;
  void assign(std::span<const TopicPartition> partitions, const OffsetMap& begins = {}) override;
  std::optional<Offset> position(const TopicPartition& partition) const override;
  void poll(RecordBatch& out, Millis timeout) override;
  void wakeup() noexcept override;
  void seek(const TopicPartition& partition, Offset offset) override;
  void pause(std::span<const TopicPartition> partitions) override;
  void resume(std::span<const TopicPartition> partitions) override;
  std::optional<Offset> known_end(const TopicPartition& partition) const override;
  void commit_async(const OffsetMap& offsets, CommitCallback done) override;
  void commit_sync(const OffsetMap& offsets, Millis timeout) override;
  void close(Millis timeout) noexcept override;

 private:
  using Clock = std::chrono::steady_clock;
  /// Reading place in one assigned partition.
  struct Position {
    int64_t offset = 0;
    bool paused = false;
    /// The chunk it lies in; its reader stands at `chunk_offset`.
    std::optional<StoredChunk> chunk = {};
    int64_t chunk_offset = 0;

    int64_t chunk_end() const { return chunk->base_offset + chunk->reader.header().count; }
  };

  void set_topics(const std::vector<std::string>& topics);
  void refresh_pattern();
  void do_duty();
  void take(const MemberDuty& duty);
  void give_up(bool lost);
  int64_t reset_offset(const TopicPartition& partition, const std::string& problem) const;
  bool read_all(RecordBatch& out);
  void read(const TopicPartition& partition, Position& position, RecordBatch& out);
  /// Puts the position's chunk and its reader to the offset; false when there is nothing to read.
  bool open_chunk(const TopicPartition& partition, Position& position);
  bool move_into_bounds(const TopicPartition& partition, Position& position) const;
  void commit(const OffsetMap& offsets);

  std::shared_ptr<LogStore> store_;
  std::shared_ptr<Groups> groups_;
  EmbeddedConsumerOptions options_;
  uint64_t member_ = 0;  // 0: of no group
  RebalanceListener* listener_ = nullptr;
  std::optional<JavaRegex> pattern_;
  std::vector<std::string> matched_;
  uint64_t pattern_version_ = UINT64_MAX;
  std::map<TopicPartition, Position> positions_;
  size_t next_partition_ = 0;  // partitions take turns
  std::atomic<bool> woken_ = false;
};

}  // namespace millrace::embedded
