#pragma once
// Source offsets in a topic (KafkaOffsetBackingStore, connect-cluster.md §1.5).

#include <atomic>
#include <memory>

#include "runtime/core/executor.h"
#include "runtime/storage/memory_offset_store.h"
#include "runtime/storage/topic_log.h"

namespace millrace {

/// What readers see is what was read back from the topic, by the bytes of its keys. The last write
/// of a key wins, on every worker the same one. A write that failed may have come as far as some of
/// its keys, as in Kafka. `control` and `topic` outlive this, and `topic` is stopped first.
class TopicOffsetStore final : public MemoryOffsetStore {
 public:
  /// Entries that may wait for the topic; above it, and after stop(), set() fails at once.
  static constexpr size_t kMaxWaiting = 100'000;

  TopicOffsetStore(Executor& control, TopicLog& topic);
  ~TopicOffsetStore() override { stop(); }

  /// Control thread. Starts the topic log, and answers when all that was durable has been read. In
  /// place of start(), which would have to wait.
  void open(Callback<Done> caught_up);
  /// Control thread. What is under way is the topic log's to finish, by its own stop().
  void stop() noexcept override;
  /// `done` comes on the control thread, when every entry is durable.
  void set(OffsetEntries entries, WriteCallback done) override;
  /// Any thread; `done` comes on the control thread. Waits for the writes asked for before,
  /// whatever becomes of them: a task is never behind what its predecessor still had in hand.
  void refresh(WriteCallback done) const override;

  void abandon_writes() noexcept override;

  /// Control thread. Records that are no offsets.
  uint64_t skipped() const noexcept { return skipped_; }

 private:
  class Side;
  void consume(const TopicLogRecord& record);

  Executor& control_;
  TopicLog& topic_;
  const std::shared_ptr<Side> side_;
  uint64_t skipped_ = 0;  // keys that are none
};

}  // namespace millrace
