#pragma once
// The task of the lakehouse sink: rows to tables, offsets from tables (iceberg-sink.md §4.3, §4.6).

#include <exception>
#include <optional>
#include <set>
#include <string>

#include "connectors/lakehouse/sink/destinations.h"
#include "connectors/support/offset_check.h"
#include "millrace/connector.h"

namespace millrace::lakehouse {

/// Commits are begun in pre_commit(), when the dead letters of what they cover are durable, and go on in
/// the committers' threads. The consumer group's offsets follow the tables', for lag tools; with tables that
/// records name they are the low watermark, where reading begins.
class LakehouseTask final : public SinkTask {
 public:
  /// How long the end of partitions waits for the commit of what was written.
  static constexpr std::chrono::milliseconds kCloseLimit{4'000};
  /// The longest time between two looks at outcomes.
  static constexpr std::chrono::milliseconds kTick{500};
  /// By name: the shortest time between two looks at tables that get no rows.
  static constexpr std::chrono::seconds kLookGap{1};

  void start(const Properties& config, SinkTaskContext& context) override;
  void open(std::span<const TopicPartition> partitions) override;
  void put(RecordBatch& batch, std::stop_token stop) override;
  OffsetMap pre_commit(const OffsetMap& current) override;
  void close(std::span<const TopicPartition> partitions) override;
  void stop() noexcept override;

 private:
  bool settle();
  void write(RecordBatch& batch, uint32_t end);
  void write_to_all(RecordBatch& batch, uint32_t end);
  void write_by_name(RecordBatch& batch, uint32_t end);
  void begin_behind_loss();
  /// When what may pass began; none: it is well.
  using Since = std::optional<std::chrono::steady_clock::time_point>;
  void note_trouble(Since& since, const Error& error) const;
  void drain();
  Destination* find(RecordBatch& batch, uint32_t row);
  void write_row(const Destination& destination, RecordBatch& batch, uint32_t row);
  void reject(RecordBatch& batch, uint32_t row, const std::string& why, const std::string& table);
  void note_positions(const RecordBatch& batch, uint32_t end);
  void restart_all();
  void read_from(const OffsetMap& offsets);
  void ask_for_commit();
  void flush_due();
  void hold_back();
  void show_metrics();

  // By name: where the task is, since tables are not known before their records come.
  void begin_pending();
  bool is_ahead(const Record& record);
  void advance(TableSink& table);
  void go_back(const OffsetMap& offsets);
  OffsetMap low_watermark() const;
  OffsetMap safe_offsets(const OffsetMap& current) const;

  SinkTaskContext* context_ = nullptr;
  SinkOptions options_;
  std::optional<Destinations> destinations_;
  OffsetCheck offsets_;
  bool must_restart_ = false;
  Since cannot_open_;   // tables
  Since cannot_write_;  // files: rows that only reach a buffer do not end it
  std::exception_ptr failure_;  // of a commit, for put()
  bool flush_asked_ = false;
  bool paused_ = false;
  bool offsets_given_ = false;  // to the worker, for the consumer group
  std::chrono::steady_clock::time_point next_metrics_;

  OffsetMap positions_;                     // behind the records that were dealt with
  OffsetMap::iterator last_ = positions_.end();  // used
  std::set<TopicPartition> pending_;        // assigned, and not begun yet
  uint64_t batch_ = 0;
  bool too_many_ = false;  // tables
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace millrace::lakehouse
