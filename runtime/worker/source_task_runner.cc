#include "runtime/worker/source_task_runner.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"
#include "runtime/metrics/log.h"
#include "runtime/worker/batch_measures.h"
#include "runtime/worker/error_totals.h"
#include "runtime/worker/offset_reader.h"
#include "runtime/worker/task_factory.h"

namespace millrace {
namespace {

constexpr Millis kBackpressureWait{100};  // wait for deliveries when batches or queue are full
constexpr Millis kSendRetryWait{100};     // AbstractWorkerSourceTask.SEND_FAILED_BACKOFF_MS
constexpr Millis kPausedWait{1'000};
constexpr Millis kProducerCloseTimeout{30'000};
constexpr std::string_view kSourceTaskClass = "org.apache.kafka.connect.source.SourceTask";
constexpr std::string_view kWorkerClass = "org.apache.kafka.connect.runtime.WorkerSourceTask";

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.WorkerSourceTask");
  return instance;
}

// Calls of optional hooks: what they throw is logged and ignored (connect-tasks.md §2.1).
template <class Call>
void swallow(const char* what, const Call& call) noexcept {
  try {
    call();
  } catch (...) {
    logger().error("Exception thrown while calling task.{}: {}", what,
                   describe_current_exception());
  }
}

}  // namespace

/// Rows a source task cannot read are rejected, so that they keep their place among the others.
class SourceTaskRunner::Errants final : public ErrantRecordReporter {
 public:
  void report(RecordBatch& batch, uint32_t row, const Error& error,
              std::span<const std::pair<std::string, std::string>> more) override {
    batch.reject(row, {error.kind(), Stage::TaskPoll, error.what(), kSourceTaskClass,
                       cause_of(error), {more.begin(), more.end()}});
  }
};

class SourceTaskRunner::Context final : public SourceTaskContext {
 public:
  explicit Context(SourceTaskRunner& runner)
      : runner_(runner), reader_(runner.offsets_->store(), runner.spec_.id.connector) {}
  const Properties& config() const override { return runner_.spec_.task_config; }
  const ConnectorTaskId& id() const override { return runner_.spec_.id; }
  OffsetStorageReader& offset_storage_reader() override { return reader_; }
  ErrantRecordReporter* errant_record_reporter() override {
    return runner_.errors_->has_reporters() ? &errants_ : nullptr;
  }

 private:
  SourceTaskRunner& runner_;
  StoreOffsetReader reader_;
  Errants errants_;
};

SourceTaskRunner::SourceTaskRunner(WorkerServices& services, TaskSpec spec, TargetState target,
                                   Events events)
    : TaskRunner(services, std::move(spec), target, std::move(events)),
      metrics_(std::make_shared<SourceTaskMetrics>(services.metrics)),
      pool_(services.limits.max_in_flight_batches, RecordBatch::kDefaultLimit),
      submitted_(spec_.id.connector) {}

SourceTaskRunner::~SourceTaskRunner() = default;

void SourceTaskRunner::build() {
  TaskFactory factory(services_, spec_);
  auto connector = factory.make_connector();
  plugin_version_ = connector->version();
  connector_.reset(dynamic_cast<SourceConnector*>(connector.release()));
  offsets_ = std::make_unique<ConnectorOffsets>(services_, spec_.id, spec_.connector_config,
                                                stop_token());
  committer_.emplace(offsets_->store(), [this] { wake(); });
  context_ = std::make_unique<Context>(*this);
  errors_ = factory.make_error_handler(false, stop_token());
  pipeline_ = std::make_unique<Pipeline>(factory.make_pipeline(*errors_));
  topic_creator_ = factory.make_topic_creator();
  auto producer = services_.broker.make_producer(
      source_producer_config(services_.worker_config, spec_.id, spec_.connector_config), *this);
  task_ = connector_->make_task();
  const std::lock_guard lock(producer_mutex_);
  producer_ = std::move(producer);
}

void SourceTaskRunner::open_reporters() {
  auto queue = TaskFactory(services_, spec_).make_source_dead_letter_queue(stop_token());
  dead_letters_ = queue.get();
  if (queue) errors_->add_reporter(std::move(queue));
}

void SourceTaskRunner::start() {
  open_reporters();
  started_ = true;
  const Busy busy(*this);
  task_->start(spec_.task_config, *context_);
  next_commit_ = Clock::now() + services_.limits.offset_flush_interval;
  logger().info("WorkerSourceTask{{id={}}} Source task finished initialization and start",
                spec_.id.to_string());
}

void SourceTaskRunner::wake() noexcept {
  const std::lock_guard lock(producer_mutex_);
  if (producer_) producer_->wakeup();
}

// Of a task that has been given up, or a producer that waits too long to hear so.
void SourceTaskRunner::abandon() noexcept {
  const std::lock_guard lock(producer_mutex_);
  if (producer_) producer_->abandon();
}

void SourceTaskRunner::run_loop() {
  while (!stop_requested()) {
    if (!may_write()) {
      serve_producer(kBackpressureWait);  // the control thread is about to stop this task
      continue;
    }
    serve_producer(Millis{0});
    throw_if_delivery_failed();
    commit_when_due();
    if (paused()) {
      pause();
      continue;
    }
    InFlightBatch* batch = free_batch();
    if (batch == nullptr) continue;
    if (poll_task(*batch)) {
      dispatch(*batch);
    } else {
      pool_.release(batch);
    }
  }
}

void SourceTaskRunner::pause() {
  report(State::Paused);
  while (paused() && !stop_requested()) {
    serve_producer(kPausedWait);
    throw_if_delivery_failed();
    commit_when_due();
  }
  if (!stop_requested()) report(State::Running);
}

InFlightBatch* SourceTaskRunner::free_batch() {
  InFlightBatch* batch = pool_.acquire();
  if (batch == nullptr) serve_producer(kBackpressureWait);
  return batch;
}

bool SourceTaskRunner::poll_task(InFlightBatch& batch) {
  const auto started = Clock::now();
  try {
    const Busy busy(*this);
    task_->poll(batch, stop_token());
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    logger().warn("WorkerSourceTask{{id={}}} failed to poll records from SourceTask. Will retry "
                  "operation: {}", spec_.id.to_string(), describe(error));
    return false;
  }
  if (batch.has_errors()) {
    for (uint32_t row = 0; row < batch.size(); ++row) {
      if (batch[row].state != RowState::Rejected) continue;
      batch.locate_error(row, Stage::TaskPoll, kSourceTaskClass);
    }
  }
  if (batch.empty()) return false;
  metrics_->polled(batch.size(), ms_since(started));
  return true;
}

void SourceTaskRunner::dispatch(InFlightBatch& batch) {
  if (dead_letters_ != nullptr) dead_letters_->remember(batch);
  const std::optional<uint32_t> fatal = pipeline_->run_source(batch);
  submitted_.submit(batch, fatal.value_or(batch.size()), dead_letters_ != nullptr);
  rows_.clear();
  for (uint32_t row = 0; row < batch.size(); ++row) {
    if (batch.progress[row] == RowProgress::Pending) rows_.push_back(row);
  }
  batch.written_rows = batch.pending_rows;
  batch.wire_bytes = wire_bytes(batch, rows_);
  metrics_->sent(batch.size(), batch.wire_bytes, batch[batch.size() - 1].timestamp);
  if (rows_.empty() && !fatal) {
    completed_.push_back(&batch);
    release_completed();
    return;
  }
  send(batch);
  if (fatal) ErrorHandler::fail(batch, *fatal);
}

std::span<const uint32_t> SourceTaskRunner::ready_rows(const InFlightBatch& batch,
                                                       std::span<const uint32_t> rows) {
  if (!topic_creator_) return rows;
  try {
    topic_creator_->ensure(batch[rows.front()].topic);
  } catch (const RetriableException& error) {
    back_off(batch[rows.front()].topic, describe(error));
    return {};
  }
  size_t ready = 1;
  while (ready < rows.size() && topic_creator_->knows(batch[rows[ready]].topic)) ++ready;
  return rows.first(ready);
}

void SourceTaskRunner::back_off(std::string_view topic, const std::string& reason) {
  logger().warn("WorkerSourceTask{{id={}}} failed to send record to topic '{}'. Backing off before "
                "retrying: {}", spec_.id.to_string(), topic, reason);
  serve_producer(kSendRetryWait);
}

void SourceTaskRunner::send(InFlightBatch& batch) {
  std::span<const uint32_t> rest(rows_);
  while (!rest.empty() && !stop_requested() && may_write()) {
    const auto ready = ready_rows(batch, rest);
    const SendResult result = ready.empty() ? SendResult{} : producer_->send(batch, ready);
    rest = rest.subspan(result.accepted);
    if (result.error) {
      const RowError& error = *result.error;
      if (error.kind == ErrorKind::RecordTooLarge && errors_->tolerates_all()) {
        if (give_up(batch, rest.front(), error)) rest = rest.subspan(1);
      } else if (error.kind != ErrorKind::Retriable && error.kind != ErrorKind::Timeout) {
        throw Error(error.kind, "sending a record to topic " +
                                    std::string(batch[rest.front()].topic) + ": " + error.message);
      } else {
        back_off(batch[rest.front()].topic, error.message);
      }
    } else if (result.accepted < ready.size()) {
      serve_producer(kBackpressureWait);
    }
    throw_if_delivery_failed();
    commit_when_due();
  }
}

void SourceTaskRunner::serve_producer(Millis timeout) {
  producer_->poll(timeout);
  release_completed();
  publish_counts();
}

void SourceTaskRunner::throw_if_delivery_failed() {
  if (dead_letters_ != nullptr) dead_letters_->outbox().serve();
  if (report_failure_) std::rethrow_exception(report_failure_);
  if (!send_failure_) return;
  try {
    throw_with_cause(send_failure_->kind, send_failure_->message, send_failure_->cause.get());
  } catch (...) {
    std::throw_with_nested(
        ConnectException("Unrecoverable exception from producer send callback"));
  }
}

void SourceTaskRunner::on_delivery(std::span<const Delivery> deliveries) {
  for (const Delivery& delivery : deliveries) acknowledge(delivery);
}

void SourceTaskRunner::acknowledge(const Delivery& delivery) {
  auto& batch = static_cast<InFlightBatch&>(*delivery.batch);
  if (delivery.error != nullptr) {
    // Without tolerance it is not acknowledged: its offset, and all behind it, stay uncommitted.
    // Nor with it, when no record could be sent.
    const bool about_record = delivery.error->kind != ErrorKind::Authentication;
    if (about_record && errors_->tolerates_all()) {
      give_up(batch, delivery.row, *delivery.error);
    } else if (!send_failure_) {
      send_failure_ = *delivery.error;
    }
    return;
  }
  note_topic(batch[delivery.row].topic);
  SubmittedRecords::acknowledge(batch, delivery.row);
  if (batch.pending_rows == 0) completed_.push_back(&batch);
}

bool SourceTaskRunner::give_up(InFlightBatch& batch, uint32_t row, RowError error) noexcept {
  try {
    error.stage = Stage::KafkaProduce;
    error.class_name = kWorkerClass;
    batch.reject(row, std::move(error));
    errors_->report(batch, row);
  } catch (...) {  // may have been called by the client's library
    if (!report_failure_) report_failure_ = std::current_exception();
    return false;
  }
  --batch.written_rows;
  SubmittedRecords::acknowledge(batch, row);
  if (batch.pending_rows == 0) completed_.push_back(&batch);
  return true;
}

void SourceTaskRunner::note_topic(std::string_view topic) {
  if (topic.data() == last_topic_) return;
  last_topic_ = topic.data();
  if (std::find(topics_.begin(), topics_.end(), topic) != topics_.end()) return;
  topics_.emplace_back(topic);
  report_active_topic(topics_.back());
}

// The task hears of a batch when nothing of it can be lost any more, its dead letters included.
bool SourceTaskRunner::may_release(const InFlightBatch& batch) const {
  return batch.finished() &&
         (dead_letters_ == nullptr || !batch.has_errors() || dead_letters_->outbox().all_durable());
}

// Offsets are committed after the dead letters of the records they cover. Those were handed to the
// queue before the records behind them could be acknowledged.
bool SourceTaskRunner::letters_durable(bool closing) {
  return dead_letters_ == nullptr ||
         dead_letters_->outbox().await_for_commit(spec_.id.to_string(),
                                                  services_.limits.offset_flush_timeout, closing);
}

void SourceTaskRunner::release_completed() {
  if (completed_.empty()) return;
  submitted_.collect();
  std::erase_if(completed_, [this](InFlightBatch* batch) {
    if (!may_release(*batch)) return false;
    metrics_->finished(batch->size(), batch->written_rows, batch->wire_bytes);
    swallow("commitRecord()", [&] {
      const Busy busy(*this);
      task_->commit_records(*batch);
    });
    pool_.release(batch);
    last_topic_ = nullptr;  // may have pointed into the batch
    return true;
  });
}

void SourceTaskRunner::commit_when_due() {
  if (committer_->flushing()) {
    const OffsetCommitter::Result result = committer_->poll();
    if (result != OffsetCommitter::Result::Running) {
      end_commit(result);
    } else if (Clock::now() >= next_commit_) {
      committer_->cancel();
      end_commit(OffsetCommitter::Result::Failed);
    }
    return;
  }
  if (Clock::now() < next_commit_ || !may_write()) return;
  if (!letters_durable(false)) {
    next_commit_ = Clock::now() + services_.limits.offset_flush_interval;
    return;
  }
  metrics_->commit_began();
  committer_->stage(submitted_.take_committable());
  if (committer_->begin_flush()) {
    next_commit_ = Clock::now() + services_.limits.offset_flush_timeout;  // deadline of the flush
  } else {
    end_commit(OffsetCommitter::Result::Succeeded);
  }
}

void SourceTaskRunner::publish_counts() {
  if (producer_) metrics_->in_flight(pool_.in_use(), producer_->in_flight());
  if (errors_) metrics_->errors(error_totals(errors_->counts()));
}

void SourceTaskRunner::end_commit(OffsetCommitter::Result result) {
  next_commit_ = Clock::now() + services_.limits.offset_flush_interval;
  metrics_->committed(result == OffsetCommitter::Result::Succeeded);
  if (result == OffsetCommitter::Result::Succeeded) {
    swallow("commit()", [this] {
      const Busy busy(*this);
      task_->commit();
    });
    return;
  }
  logger().error("WorkerSourceTask{{id={}}} Failed to commit offsets, will try again in {} ms: {}",
                 spec_.id.to_string(), services_.limits.offset_flush_interval.count(),
                 committer_->reason());
}

void SourceTaskRunner::final_commit() {
  using Result = OffsetCommitter::Result;
  const Millis timeout = services_.limits.offset_flush_timeout;
  const auto deadline = Clock::now() + timeout;
  metrics_->commit_began();
  while (producer_->in_flight() > 0 && Clock::now() < deadline && may_write()) {
    const auto rest = std::chrono::ceil<Millis>(deadline - Clock::now());
    serve_producer(std::min(rest, kBackpressureWait));
  }
  if (committer_->flushing()) {
    // What was being written comes first; a failure gives it back for the last attempt.
    committer_->await(timeout);
  }
  if (letters_durable(true)) committer_->stage(submitted_.take_committable());
  release_completed();  // the task hears of all that is durable
  if (!may_write()) {
    throw ConnectException("another worker may have this task by now, and its offsets are newer");
  }
  if (!committer_->begin_flush()) return end_commit(Result::Succeeded);
  end_commit(committer_->await(timeout));
}

void SourceTaskRunner::close_producer() {
  if (!producer_) return;
  if (!may_write()) producer_->abandon();
  producer_->close(kProducerCloseTimeout);  // without the lock: the control thread may give it up
  const std::lock_guard lock(producer_mutex_);
  producer_.reset();
}

void SourceTaskRunner::finish(bool) noexcept {
  try {
    if (started_ && producer_ && !cancelled()) final_commit();
  } catch (...) {
    logger().error("WorkerSourceTask{{id={}}} final offset commit failed: {}",
                   spec_.id.to_string(), describe_current_exception());
  }
  if (committer_) committer_->cancel();
  publish_counts();
  if (started_) {
    const Busy busy(*this);
    task_->stop();
  }
  if (dead_letters_ != nullptr) {
    dead_letters_->outbox().close(may_write() ? kProducerCloseTimeout : Millis{0});
  }
  close_producer();
  task_.reset();
  context_.reset();
  committer_.reset();
  if (offsets_ && !may_write()) offsets_->abandon_writes();
  offsets_.reset();
}

}  // namespace millrace
