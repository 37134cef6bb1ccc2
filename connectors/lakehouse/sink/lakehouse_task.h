#pragma once
// The task of the lakehouse sink: rows to tables, offsets from tables (iceberg-sink.md §4.3, §4.6).

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/lakehouse/sink/options.h"
#include "connectors/lakehouse/sink/table_sink.h"
#include "millrace/connector.h"
#include "millrace/java_regex.h"

namespace millrace::lakehouse {

/// Commits are begun in pre_commit(), when the dead letters of what they cover are durable, and go on in
/// the committers' threads. The consumer group's offsets follow the tables', for lag tools.
class LakehouseTask final : public SinkTask {
 public:
  /// How long the end of partitions waits for the commit of what was written.
  static constexpr std::chrono::milliseconds kCloseLimit{4'000};
  /// The longest time between two looks at outcomes.
  static constexpr std::chrono::milliseconds kTick{500};

  void start(const Properties& config, SinkTaskContext& context) override;
  void open(std::span<const TopicPartition> partitions) override;
  void put(RecordBatch& batch, std::stop_token stop) override;
  OffsetMap pre_commit(const OffsetMap& current) override;
  void close(std::span<const TopicPartition> partitions) override;
  void stop() noexcept override;

 private:
  struct Destination {
    std::unique_ptr<TableSink> table;
    std::optional<JavaRegex> route;  // of the route field's value; none: everything
  };

  bool settle();
  void write(RecordBatch& batch, uint32_t end);
  uint32_t rows_that_follow(const RecordBatch& batch);
  void begin_behind_loss();
  void drain();
  void write_row(Destination& destination, RecordBatch& batch, uint32_t row);
  bool goes_to(const Destination& destination, const Record& record) const;
  void note_positions(const RecordBatch& batch, uint32_t end);
  void restart_all();
  void read_from(const OffsetMap& offsets);
  void ask_for_commit();
  void flush_due();
  void hold_back();
  void show_metrics();

  SinkTaskContext* context_ = nullptr;
  SinkOptions options_;
  std::vector<Destination> destinations_;
  std::map<TopicPartition, int64_t> next_;  // offsets that are expected
  bool must_restart_ = false;
  std::exception_ptr failure_;  // of a commit, for put()
  bool flush_asked_ = false;
  bool paused_ = false;
  bool offsets_given_ = false;  // to the worker, for the consumer group
  std::chrono::steady_clock::time_point next_metrics_;
};

}  // namespace millrace::lakehouse
