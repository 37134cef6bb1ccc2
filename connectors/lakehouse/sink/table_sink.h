#pragma once
// One destination table of one task: where its partitions are, the files being written, and the batches
// that are on their way to the committer (iceberg-sink.md §4.3).

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/lakehouse/commit/table_committer.h"
#include "connectors/lakehouse/sink/options.h"
#include "connectors/lakehouse/sink/outcome_inbox.h"
#include "connectors/lakehouse/sink/partition_writers.h"
#include "connectors/lakehouse/sink/table_setup.h"

namespace millrace::lakehouse {

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
    /// Records name the table: it pins nothing, and commits only when it has rows. Then the caller keeps
    /// the positions, and says before flush() and before it goes back how far it came, by advance().
    bool by_rows = false;
  };
  TableSink(Parts parts, const SinkOptions& options);
  ~TableSink();

  /// The least memory of a table, however many share it.
  static constexpr size_t kLeastMemory = size_t{4} << 20;

  /// Where to read these partitions from, pinned in the table. Blocks on catalog and log. By rows: only
  /// those where the table says less than it did, since it was rolled back.
  OffsetMap open(std::span<const TopicPartition> partitions);
  /// In place of an open() that failed: restart() opens them with the others.
  void expect(std::span<const TopicPartition> partitions);
  /// After flush() and wait(): what is not committed is dropped.
  void close(std::span<const TopicPartition> partitions);

  /// Adds a row, unless the table has it already. False: `reject` says why, and the record counts as dealt
  /// with. Throws what storage throws: then call restart().
  bool write(const Record& record, Reject& reject);
  /// A row of this batch was refused, and fits when the table's schema is changed.
  bool wants_columns() const noexcept { return wants_columns_; }
  /// Notes what this record wants.
  void collect(const Record& record) { writers().rows().wishes().add(row_of(record)); }
  /// Changes it; rows that were refused for it can be written again.
  void add_columns();
  /// All records of the partition before `next` have been dealt with.
  void advance(const TopicPartition& partition, int64_t next);

  /// By rows: everything below the positions that the table may get is in it.
  bool clean() const noexcept { return !wrote_ && !dropped_ && idle(); }
  /// Of a clean table that is about to get a row, or of partitions that are new to it: where the task is.
  void begin_rows(const OffsetMap& positions);
  /// Of the task's memory, when it writes so many tables; from the next batch on.
  void share_memory(size_t tables) noexcept { sharers_ = std::max<size_t>(tables, 1); }

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
  bool look_due(Clock::time_point now) const;
  bool wait(std::chrono::milliseconds limit) { return inbox_->wait(limit); }
  bool idle() const noexcept { return in_flight_ == 0; }
  /// Drops what is not handed over, and reads anew from what the table says. By rows: where to go back to,
  /// if anywhere.
  OffsetMap restart();

  /// Offsets that the table has.
  const OffsetMap& committed() const noexcept { return committed_; }
  /// Below which all that is for the table is in it; `positions`: behind what the task dealt with.
  OffsetMap settled(const OffsetMap& positions) const;
  /// `ends`: of the log, as far as known.
  std::vector<TaskMetric> metrics(const OffsetMap& ends, const OffsetMap& positions) const;
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

  OffsetMap open_as_stored(std::span<const TopicPartition> partitions);
  StoredPositions load_positions();
  bool write_row(const Record& record, Reject& reject);
  Record row_of(const Record& record) const;
  bool write_change(const Record& record, Reject& reject);
  bool open_buffer(const RowChange& change, Reject& reject);
  bool buffer_is_large() const;
  void write_buffer(std::vector<DataFile>& files);
  PartitionWriters& writers();
  void make_writers();
  void take_share(FileTarget& target) const;
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
  bool evolves_ = false;  // while writers_ are there
  bool wants_columns_ = false;
  int64_t newest_ms_ = -1;
  int64_t newest_committed_ms_ = -1;
  bool wrote_ = false;    // rows since the last flush
  bool dropped_ = false;  // rows that are not read again yet
  OffsetMap settled_;     // when the table stopped being clean
  size_t sharers_ = 1;
  int64_t rows_ = 0;
  std::map<RejectReason, uint64_t> rejected_;
};

}  // namespace millrace::lakehouse
