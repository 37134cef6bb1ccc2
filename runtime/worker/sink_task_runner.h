#pragma once
// The sink loop (connect-tasks.md §4): consume, convert and transform, put, and commit the offsets
// the task says are safe.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/metrics/sink_task_metrics.h"
#include "runtime/pipeline/pipeline.h"
#include "runtime/worker/dead_letter_queue.h"
#include "runtime/worker/task_runner.h"

namespace millrace {

class SinkTaskRunner final : public TaskRunner, private RebalanceListener {
 public:
  SinkTaskRunner(WorkerServices& services, TaskSpec spec, TargetState target, Events events);
  ~SinkTaskRunner() override;
  std::shared_ptr<const TaskMetrics> metrics() const override { return metrics_; }

 private:
  class Context;
  class Errants;
  using Clock = std::chrono::steady_clock;

  void build() override;
  void start() override;
  void run_loop() override;
  void finish(bool failed) noexcept override;
  void wake() noexcept override;

  // RebalanceListener; exceptions are kept for the next poll.
  void on_assigned(const OffsetMap& positions) override;
  void on_revoked(std::span<const TopicPartition> partitions) override;
  void on_lost(std::span<const TopicPartition> partitions) override;
  template <class Call>
  void guard_listener(const Call& call) noexcept;
  void open(const OffsetMap& positions);
  void close_lost(std::span<const TopicPartition> partitions);

  void apply_target_change();
  void poll_and_put();
  void consume(Millis timeout);
  void wait_for_stop();
  void convert();
  void end_at(uint32_t fatal);
  void note_consumed(uint32_t row_count);
  void note_topic(std::string_view topic);
  void deliver();
  void settle_put();
  void open_reporters();
  void send(const RecordBatch& batch);
  OutboxList outboxes() const;
  bool written_is_durable(bool closing);
  void take_back_rejections();
  void rewind();
  void fix_pauses();
  std::vector<TopicPartition> assigned() const;
  void drop_rows(std::span<const TopicPartition> partitions);

  // sink_task_measures.cc
  void note_waiting();
  int64_t waiting_records() const;
  void note_put(double ms);
  void note_offsets_changed();
  void note_lag();
  void publish_errors();

  void commit_when_due();
  void commit(const std::vector<TopicPartition>& partitions, bool closing);
  OffsetMap acceptable(const OffsetMap& returned, const OffsetMap& current) const;
  void commit_async(OffsetMap offsets);
  void commit_sync(const OffsetMap& offsets);
  void on_committed(uint64_t sequence, const OffsetMap& offsets, const std::string& error);

  std::unique_ptr<SinkConnector> connector_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<SinkTask> task_;
  std::unique_ptr<ErrorHandler> errors_;
  DeadLetterQueue* dead_letters_ = nullptr;  // one of the reporters of errors_, if configured
  std::unique_ptr<Outbox> own_records_;      // what the task writes; null: nothing yet
  std::unique_ptr<Errants> errants_;         // null unless there are reporters
  std::unique_ptr<Pipeline> pipeline_;
  std::mutex consumer_mutex_;  // guards the pointer against wake() from the control thread
  std::unique_ptr<RecordConsumer> consumer_;

  RecordBatch batches_[2];
  RecordBatch* batch_ = &batches_[0];
  RowSet put_rows_;                   // live when the batch was put
  RecordBatch* spare_ = &batches_[1];  // takes what a poll brings during redelivery
  OffsetMap consumed_;              // next offsets after the rows of batch_
  OffsetMap current_;               // next offsets after what put() took
  OffsetMap last_committed_;
  bool redelivering_ = false;
  bool reported_paused_ = false;
  std::exception_ptr listener_error_;
  std::exception_ptr failure_after_put_;  // of the row behind those of batch_
  std::vector<std::string> topics_;
  const char* last_topic_ = nullptr;

  const std::shared_ptr<SinkTaskMetrics> metrics_;
  OffsetMap log_ends_;              // known ends of assigned partitions
  Clock::time_point next_lag_;      // log_ends_ is looked up again
  int64_t uncommitted_ = 0;         // current_ minus last_committed_, over partitions

  Clock::time_point next_commit_;
  Clock::time_point commit_started_;
  uint64_t commit_sequence_ = 0;
  bool committing_ = false;
  bool started_ = false;
};

}  // namespace millrace
