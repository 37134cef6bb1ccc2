#pragma once
// One destination table of one task: where its partitions are, the files being written, and the batches
// that are on their way to the committer (iceberg-sink.md §4.3).

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "connectors/lakehouse/commit/table_committer.h"
#include "connectors/lakehouse/sink/options.h"
#include "connectors/lakehouse/sink/partition_writers.h"
#include "connectors/lakehouse/sink/table_setup.h"

namespace millrace::lakehouse {

/// What became of a batch, from the committer's thread to the task's.
class OutcomeInbox {
 public:
  struct Entry {
    uint64_t generation = 0;  // of the sink that handed the batch over
    std::map<TopicPartition, OffsetStep> steps;
    int64_t rows = 0;
    BatchOutcome outcome;
  };
  void put(Entry entry);
  std::vector<Entry> take();
  /// Waits until there is something; false when the time is over.
  bool wait(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Entry> entries_;
};

/// Used by the task's thread.
class TableSink {
 public:
  using Clock = std::chrono::steady_clock;
  /// A batch that is fenced so often, without one that is not, is fenced by another connector.
  static constexpr int kMaxFences = 10;
  /// Batches on their way, beyond which files grow instead: the catalog is away.
  static constexpr size_t kMaxInFlight = 8;
  /// Tries to pin offsets that other tasks pin at the same time.
  static constexpr int kPinTries = 5;
  /// The shortest time between two looks at what a table says of its offsets.
  static constexpr std::chrono::seconds kIdleCheck{10};

  struct Parts {
    std::shared_ptr<TableSetup> setup;
    std::string cluster;  // id
    std::string connector;
    std::string task;     // number
    RecordLog* log = nullptr;
  };
  TableSink(Parts parts, const SinkOptions& options);
  ~TableSink();

  /// Where to read these partitions from, pinned in the table. Blocks on catalog and log.
  OffsetMap open(std::span<const TopicPartition> partitions);
  /// In place of an open() that failed: restart() opens them with the others.
  void expect(std::span<const TopicPartition> partitions);
  /// After flush() and wait(): what is not committed is dropped.
  void close(std::span<const TopicPartition> partitions);

  /// Adds a row, unless the table has it already. False: `reject` says why, and the record counts as dealt
  /// with. Throws what storage throws: then call restart().
  bool write(const Record& record, Reject& reject);
  /// A row of this batch has fields that the table should get columns for.
  bool wants_columns() const noexcept { return wants_columns_; }
  /// Notes what this record wants.
  void collect(const Record& record);
  /// Adds them; rows that were refused for it can be written again.
  void add_columns();
  /// All records of the partition before `next` have been dealt with.
  void advance(const TopicPartition& partition, int64_t next);

  /// Whether something is due by rows, bytes, or time.
  bool flush_due(Clock::time_point now) const;
  /// When by time, if there is anything to commit.
  std::optional<Clock::time_point> due() const;
  /// Hands over what there is. Throws what storage throws.
  void flush();
  /// Takes up outcomes. Partitions to read again, from where, when a batch was fenced; throws the error
  /// of a batch that failed.
  OffsetMap settle();
  /// Now and then: partitions to read again, since the table does not say any more what it said. A
  /// rollback is seen so before the snapshots that tell of it expire, also of a partition that is quiet.
  OffsetMap look_again(Clock::time_point now);
  bool wait(std::chrono::milliseconds limit) { return inbox_->wait(limit); }
  bool idle() const noexcept { return in_flight_ == 0; }
  /// Drops what is not handed over, and reads anew from what the table says.
  OffsetMap restart();

  /// Offsets that the table has.
  const OffsetMap& committed() const noexcept { return committed_; }
  std::vector<TaskMetric> metrics() const;
  int64_t memory_bytes() const;
  /// Rows that wait for their commit fill the memory they may have, and the commits before it are not
  /// done: no more of them, for now.
  bool is_full() const;
  const TableName& name() const noexcept { return parts_.setup->name(); }

 private:
  struct Progress {
    int64_t begin = 0;  // of the batch being written
    int64_t next = 0;   // behind the last record that was dealt with
  };

  bool write_row(const Record& record, Reject& reject);
  bool write_change(const Record& record, Reject& reject);
  bool open_buffer(const RowChange& change, Reject& reject);
  bool buffer_is_large() const;
  void write_buffer(std::vector<DataFile>& files);
  PartitionWriters& writers();
  void make_writers();
  std::map<TopicPartition, Start> find_starts(std::span<const TopicPartition> partitions);
  /// False: another task was faster.
  bool pin(const std::map<TopicPartition, Start>& starts);
  void submit(WrittenBatch batch);
  bool moved() const;
  const Progress* progress_of(const Record& record);
  void drop_files();

  Parts parts_;
  const SinkOptions& options_;
  std::shared_ptr<TableCommitter> committer_;
  const ChangeReader changes_;
  std::unique_ptr<PartitionWriters> writers_;
  std::unique_ptr<UpsertBuffer> buffer_;       // of tables that rows are replaced in
  std::unique_ptr<PartitionWriters> deletes_;  // while the buffer is written
  const std::shared_ptr<OutcomeInbox> inbox_ = std::make_shared<OutcomeInbox>();
  std::map<TopicPartition, Progress> progress_;
  std::map<TopicPartition, Progress>::iterator last_ = progress_.end();  // used
  OffsetMap committed_;
  std::deque<DataFile> ended_;  // of writers that gave way to a new schema
  Clock::time_point last_flush_ = Clock::now();
  Clock::time_point last_look_ = Clock::now();
  uint64_t generation_ = 0;
  size_t in_flight_ = 0;
  int fences_ = 0;
  bool wants_columns_ = false;
  int64_t newest_ms_ = -1;
  int64_t rows_ = 0;
  std::map<RejectReason, uint64_t> rejected_;
};

}  // namespace millrace::lakehouse
