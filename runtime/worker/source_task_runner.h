#pragma once
// The at-least-once source loop (connect-tasks.md §2): poll, transform and convert, send, and commit
// offsets of what the log has acknowledged.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/metrics/source_task_metrics.h"
#include "runtime/pipeline/pipeline.h"
#include "runtime/worker/connector_offsets.h"
#include "runtime/worker/dead_letter_queue.h"
#include "runtime/worker/in_flight_batch.h"
#include "runtime/worker/offset_committer.h"
#include "runtime/worker/submitted_records.h"
#include "runtime/worker/task_runner.h"
#include "runtime/worker/topic_creation.h"

namespace millrace {

class SourceTaskRunner final : public TaskRunner, private DeliveryListener {
 public:
  SourceTaskRunner(WorkerServices& services, TaskSpec spec, TargetState target, Events events);
  ~SourceTaskRunner() override;
  void abandon() noexcept override;
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

  void on_delivery(std::span<const Delivery> deliveries) override;
  void acknowledge(const Delivery& delivery);
  /// Gives up a row that the log refused. False: its report failed, and the task will.
  bool give_up(InFlightBatch& batch, uint32_t row, RowError error) noexcept;
  void note_topic(std::string_view topic);

  void open_reporters();
  void serve_producer(Millis timeout);
  void throw_if_delivery_failed();
  bool letters_durable(bool closing);
  bool may_release(const InFlightBatch& batch) const;
  void release_completed();
  void pause();
  /// Null when all batches are in flight; waits a little for deliveries then.
  InFlightBatch* free_batch();
  /// False when the task had nothing.
  bool poll_task(InFlightBatch& batch);
  void dispatch(InFlightBatch& batch);
  void send(InFlightBatch& batch);
  /// Those of `rows`, from the front, whose topics exist, the first one's made if need be. None:
  /// the log could not be asked now.
  std::span<const uint32_t> ready_rows(const InFlightBatch& batch, std::span<const uint32_t> rows);
  void back_off(std::string_view topic, const std::string& reason);

  void commit_when_due();
  void publish_counts();
  void end_commit(OffsetCommitter::Result result);
  void final_commit();
  void close_producer();

  std::unique_ptr<SourceConnector> connector_;  // made the task; outlives it
  std::unique_ptr<Context> context_;
  std::unique_ptr<SourceTask> task_;
  std::unique_ptr<ErrorHandler> errors_;
  DeadLetterQueue* dead_letters_ = nullptr;  // one of the reporters of errors_, if configured
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<TopicCreator> topic_creator_;  // null: topics are left to the log
  std::mutex producer_mutex_;  // guards the pointer against calls from the control thread
  std::unique_ptr<RecordProducer> producer_;

  const std::shared_ptr<SourceTaskMetrics> metrics_;
  BatchPool pool_;
  SubmittedRecords submitted_;
  std::unique_ptr<ConnectorOffsets> offsets_;
  std::optional<OffsetCommitter> committer_;  // once there is a store
  std::vector<InFlightBatch*> completed_;
  std::vector<uint32_t> rows_;
  std::optional<RowError> send_failure_;
  std::exception_ptr report_failure_;  // of a row given up in a delivery report
  std::vector<std::string> topics_;
  const char* last_topic_ = nullptr;
  Clock::time_point next_commit_;
  bool started_ = false;
};

}  // namespace millrace
