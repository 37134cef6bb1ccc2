#include "runtime/worker/sink_task_runner.h"

#include <algorithm>

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"
#include "runtime/metrics/log.h"
#include "runtime/pipeline/wire_copy.h"
#include "runtime/storage/internal_topic.h"
#include "runtime/worker/batch_measures.h"
#include "runtime/worker/errant_records.h"
#include "runtime/worker/sink_task_context.h"
#include "runtime/worker/task_factory.h"
#include "runtime/worker/topic_list.h"

namespace millrace {
namespace {

constexpr Millis kConsumerCloseTimeout{30'000};
constexpr Millis kOutboxCloseTimeout{30'000};
constexpr uint32_t kDefaultMaxPollRecords = 500;  // Java consumer's max.poll.records

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.runtime.WorkerSinkTask");
  return instance;
}

Millis until(std::chrono::steady_clock::time_point when) {
  const auto rest = std::chrono::ceil<Millis>(when - std::chrono::steady_clock::now());
  return std::max(rest, Millis{0});
}

uint32_t max_poll_records(const Properties& consumer) {
  const std::string* text = find(consumer, "max.poll.records");
  if (text == nullptr) return kDefaultMaxPollRecords;
  const long value = std::strtol(text->c_str(), nullptr, 10);
  return value > 0 ? static_cast<uint32_t>(value) : kDefaultMaxPollRecords;
}

}  // namespace

SinkTaskRunner::SinkTaskRunner(WorkerServices& services, TaskSpec spec, TargetState target,
                               Events events)
    : TaskRunner(services, std::move(spec), target, std::move(events)),
      metrics_(std::make_shared<SinkTaskMetrics>(services.metrics)) {}

SinkTaskRunner::~SinkTaskRunner() = default;

void SinkTaskRunner::build() {
  TaskFactory factory(services_, spec_);
  auto connector = factory.make_connector();
  plugin_version_ = connector->version();
  connector_.reset(dynamic_cast<SinkConnector*>(connector.release()));
  const auto batch_rows = connector_->batch_rows(spec_.connector_config);
  spec_.connector_config = connector_->resolved(spec_.connector_config);
  context_ = std::make_unique<Context>(*this);
  errors_ = factory.make_error_handler(true, stop_token());
  pipeline_ = std::make_unique<Pipeline>(factory.make_pipeline(*errors_));
  task_ = connector_->make_task();
  Properties config =
      sink_consumer_config(services_.worker_config, spec_.id, spec_.connector_config);
  if (batch_rows && !spec_.connector_config.contains("consumer.override.max.poll.records")) {
    config["max.poll.records"] = std::to_string(*batch_rows);
  }
  batch_->set_limit(max_poll_records(config));
  spare_->set_limit(batch_->limit());
  auto consumer = services_.broker.make_consumer(config);
  const std::lock_guard lock(consumer_mutex_);
  consumer_ = std::move(consumer);
}

void SinkTaskRunner::open_reporters() {
  auto queue = TaskFactory(services_, spec_).make_dead_letter_queue(stop_token());
  dead_letters_ = queue.get();
  if (queue) errors_->add_reporter(std::move(queue));
  if (!errors_->has_reporters()) return;
  errants_ = std::make_unique<Errants>(*errors_, *pipeline_, batch_);
  context_->set_errant_record_reporter(errants_.get());
}

void SinkTaskRunner::send(const RecordBatch& batch) {
  if (!own_records_) {
    own_records_ = std::make_unique<Outbox>(
        services_.broker,
        source_producer_config(services_.worker_config, spec_.id, spec_.connector_config),
        OutboxWords{"Could not produce a record of the task", "a topic of the task's own",
                    "records of the task"},
        logger(), stop_token());
  }
  for (const Record& record : batch.records()) {
    if (record.state != RowState::Live) continue;
    own_records_->send([&record](RecordBatch& out) { add_wire_copy(out, record); });
  }
}

OutboxList SinkTaskRunner::outboxes() const {
  return {dead_letters_ == nullptr ? nullptr : &dead_letters_->outbox(), own_records_.get()};
}

void SinkTaskRunner::start() {
  open_reporters();
  const TopicSelection topics = select_topics(
      with_resolved_topics(spec_.task_config, spec_.connector_config));
  if (topics.pattern.empty()) {
    consumer_->subscribe(topics.names, *this);
  } else {
    consumer_->subscribe_pattern(topics.pattern, *this);
  }
  started_ = true;
  const Busy busy(*this);
  task_->start(spec_.task_config, *context_);
  next_commit_ = Clock::now() + services_.limits.offset_flush_interval;
  logger().info("WorkerSinkTask{{id={}}} Sink task finished initialization and start",
                spec_.id.to_string());
}

void SinkTaskRunner::wake() noexcept {
  const std::lock_guard lock(consumer_mutex_);
  if (consumer_) consumer_->wakeup();
}

void SinkTaskRunner::run_loop() {
  while (!stop_requested()) {
    apply_target_change();
    for (Outbox* outbox : outboxes()) outbox->serve();
    commit_when_due();
    poll_and_put();
    publish_errors();
    note_lag();
  }
}

void SinkTaskRunner::apply_target_change() {
  if (paused() == reported_paused_) return;
  reported_paused_ = paused();
  fix_pauses();
  if (reported_paused_) context_->request_commit();
  report(reported_paused_ ? State::Paused : State::Running);
}

void SinkTaskRunner::poll_and_put() {
  rewind();
  if (context_->take_pauses_changed()) fix_pauses();
  Millis timeout = until(next_commit_);
  if (const auto task_timeout = context_->take_timeout()) {
    timeout = std::min(timeout, *task_timeout);
  }
  consume(timeout);
  if (stop_requested()) return;
  if (!may_write()) return wait_for_stop();  // another worker may have put these rows
  if (!redelivering_) convert();
  deliver();
}

// The control thread is about to stop this task, or the group leaves it its work after all.
void SinkTaskRunner::wait_for_stop() {
  constexpr Millis kCheck{10};
  while (!stop_requested() && !may_write()) wait_unless_stopped(kCheck, stop_token());
}

void SinkTaskRunner::consume(Millis timeout) {
  // Paused partitions bring nothing during redelivery; rows that a client still delivers are kept
  // behind the batch that is waiting.
  RecordBatch& batch = redelivering_ ? *spare_ : *batch_;
  const uint32_t before = batch.size();
  consumer_->poll(batch, timeout);
  if (listener_error_) std::rethrow_exception(std::exchange(listener_error_, nullptr));
  metrics_->read(batch.size() - before);
}

void SinkTaskRunner::convert() {
  if (batch_->empty()) return note_waiting();
  if (dead_letters_ != nullptr) dead_letters_->remember(*batch_);
  const std::optional<uint32_t> fatal = pipeline_->run_sink(*batch_);
  note_consumed(fatal.value_or(batch_->size()));
  note_waiting();
  if (fatal) end_at(*fatal);
}

// The rows before the one that fails the task are put and committed first, so that the group stops
// exactly there.
void SinkTaskRunner::end_at(uint32_t fatal) {
  try {
    ErrorHandler::fail(*batch_, fatal);
  } catch (...) {
    if (fatal == 0) throw;
    failure_after_put_ = std::current_exception();
  }
  for (uint32_t row = fatal + 1; row < batch_->size(); ++row) batch_->filter(row);
}

void SinkTaskRunner::note_consumed(uint32_t row_count) {
  // Rows of one partition come in runs; only the end of a run matters.
  const auto rows = batch_->records().first(row_count);
  for (size_t row = 0; row < rows.size(); ++row) {
    const Record& record = rows[row];
    if (row + 1 < rows.size() && rows[row + 1].original_partition == record.original_partition &&
        rows[row + 1].original_topic.data() == record.original_topic.data()) {
      continue;
    }
    note_topic(record.original_topic);
    consumed_[{std::string(record.original_topic), record.original_partition}] =
        Offset{record.offset + 1};
  }
}

void SinkTaskRunner::note_topic(std::string_view topic) {
  if (topic.data() == last_topic_) return;
  last_topic_ = topic.data();
  if (std::find(topics_.begin(), topics_.end(), topic) != topics_.end()) return;
  topics_.emplace_back(topic);
  report_active_topic(topics_.back());
}

void SinkTaskRunner::deliver() {
  batch_->live_rows(put_rows_);
  const auto started = Clock::now();
  try {
    const Busy busy(*this);
    task_->put(*batch_, stop_token());
  } catch (const Error& error) {
    if (!error.retriable()) throw;
    logger().warn("WorkerSinkTask{{id={}}} RetriableException from SinkTask, will redeliver the "
                  "same batch: {}", spec_.id.to_string(), describe(error));
    take_back_rejections();
    redelivering_ = true;
    fix_pauses();
    return;
  }
  const double ms = ms_since(started);
  settle_put();
  note_put(ms);
  for (const auto& [partition, offset] : consumed_) current_.insert_or_assign(partition, offset);
  consumed_.clear();
  if (failure_after_put_) std::rethrow_exception(failure_after_put_);
  batch_->reset();
  last_topic_ = nullptr;
  if (!redelivering_) return;
  redelivering_ = false;
  fix_pauses();
  rewind();  // what waits may be behind where the task wants to begin
  if (!spare_->empty()) {
    std::swap(batch_, spare_);
    convert();
    deliver();
  }
}

// Rows the task rejected in put(), as Java's tasks report them to the errant record reporter.
void SinkTaskRunner::settle_put() {
  if (errants_) errants_->throw_if_failed();
  if (!batch_->has_errors()) return;
  for (const uint32_t row : put_rows_) {
    if ((*batch_)[row].state != RowState::Rejected) continue;
    batch_->locate_error(row, Stage::TaskPut, kSinkTaskClass);
  }
  if (const auto fatal = errors_->settle(*batch_, put_rows_)) {
    ErrorHandler::fail(*batch_, *fatal);
  }
}

// Of a put that will be repeated: the task decides anew.
void SinkTaskRunner::take_back_rejections() {
  for (const uint32_t row : put_rows_) {
    Record& record = (*batch_)[row];
    if (record.state == RowState::Rejected) record.state = RowState::Live;
  }
}

void SinkTaskRunner::rewind() {
  const OffsetMap wanted = context_->take_offsets();
  for (const auto& [partition, offset] : wanted) {
    if (!last_committed_.contains(partition)) {
      logger().warn("WorkerSinkTask{{id={}}} ignoring the rewind of {}: it is not assigned",
                    spec_.id.to_string(), partition.to_string());
      continue;
    }
    consumer_->seek(partition, offset);
    last_committed_[partition] = current_[partition] = offset;
    consumed_.erase(partition);
    drop_rows(std::span(&partition, 1));
  }
  if (!wanted.empty()) note_offsets_changed();
}

std::vector<TopicPartition> SinkTaskRunner::assigned() const {
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, offset] : last_committed_) partitions.push_back(partition);
  return partitions;
}

void SinkTaskRunner::fix_pauses() {
  std::vector<TopicPartition> to_pause;
  std::vector<TopicPartition> to_resume;
  for (const TopicPartition& partition : assigned()) {
    const bool hold = redelivering_ || reported_paused_ || context_->is_paused(partition);
    (hold ? to_pause : to_resume).push_back(partition);
  }
  consumer_->pause(to_pause);
  consumer_->resume(to_resume);
}

void SinkTaskRunner::drop_rows(std::span<const TopicPartition> partitions) {
  for (RecordBatch* batch : {batch_, spare_}) {
    for (uint32_t row = 0; row < batch->size(); ++row) {
      const Record& record = (*batch)[row];
      const auto is_of = [&record](const TopicPartition& tp) {
        return tp.partition == record.original_partition && tp.topic == record.original_topic;
      };
      if (std::any_of(partitions.begin(), partitions.end(), is_of)) batch->filter(row);
    }
  }
  // Tasks take filtered rows for dealt with, and these will come again.
  const auto is_dropped = [](const Record& record) { return record.state == RowState::Filtered; };
  if (std::all_of(spare_->records().begin(), spare_->records().end(), is_dropped)) spare_->reset();
}

void SinkTaskRunner::finish(bool) noexcept {
  if (consumer_ && started_) {
    try {
      commit(assigned(), true);
    } catch (...) {
      logger().error("WorkerSinkTask{{id={}}} final offset commit failed: {}",
                     spec_.id.to_string(), describe_current_exception());
    }
    last_committed_.clear();  // the revocation that closing brings has nothing left to do
  }
  if (started_) {
    const Busy busy(*this);
    task_->stop();
  }
  for (Outbox* outbox : outboxes()) outbox->close(cancelled() ? Millis{0} : kOutboxCloseTimeout);
  note_offsets_changed();
  publish_errors();
  // Rows pin the client's buffers, which must be gone before the client is.
  batch_->reset();
  spare_->reset();
  if (consumer_) {
    const std::lock_guard lock(consumer_mutex_);
    consumer_->close(kConsumerCloseTimeout);
    consumer_.reset();
  }
  task_.reset();
}

}  // namespace millrace
