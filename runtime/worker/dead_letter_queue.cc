#include "runtime/worker/dead_letter_queue.h"

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int32_t kPartitions = 1;      // DeadLetterQueueReporter.DLQ_NUM_DESIRED_PARTITIONS
constexpr Millis kTopicTimeout{60'000};  // Java's default.api.timeout.ms
constexpr Millis kRoomWait{100};         // between looks at whether a stop was asked

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter");
  return instance;
}

}  // namespace

DeadLetterQueue::DeadLetterQueue(const WorkerServices& services, const TaskSpec& spec,
                                 DeadLetterConfig config, std::unique_ptr<LetterForms> forms,
                                 std::stop_token stop)
    : id_(spec.id),
      config_(std::move(config)),
      stop_(std::move(stop)),
      forms_(std::move(forms)) {
  try {
    const auto admin = services.broker.make_admin(
        dlq_admin_config(services.worker_config, spec.id, spec.connector_config));
    create_topic(*admin);
  } catch (...) {
    std::throw_with_nested(ConnectException(
        "Could not initialize dead letter queue with topic=" + config_.topic_name));
  }
  producer_ = services.broker.make_producer(
      dlq_producer_config(services.worker_config, spec.id, spec.connector_config), *this);
}

void DeadLetterQueue::create_topic(BrokerAdmin& admin) const {
  if (!admin.describe_topics(std::span(&config_.topic_name, 1), kTopicTimeout).empty()) return;
  logger().error("Topic {} doesn't exist. Will attempt to create topic.", config_.topic_name);
  admin.create_topic({config_.topic_name, kPartitions, config_.replication_factor}, kTopicTimeout);
}

void DeadLetterQueue::report(const RecordBatch& batch, uint32_t row, const RowError& error,
                             ErrorCounts& counts) {
  throw_if_failed();
  if (!producer_) throw ConnectException("The dead letter queue is closed");
  counts_ = &counts;
  ++counts.dead_letter_requests;
  make_room();
  const uint32_t letter = letters_.size();
  add_letter(letters_, config_.topic_name, forms_->original(batch, row, error), error, id_,
             config_.context_headers_enable);
  send(letter);
}

void DeadLetterQueue::make_room() {
  while (producer_->in_flight() > 0) {
    if (!letters_.full() && letters_.arena().used() < kMaxLetterBytes) return;
    wait_for_room();
  }
  letters_.reset();
}

void DeadLetterQueue::send(uint32_t row) {
  for (;;) {
    const SendResult result = producer_->send(letters_, std::span(&row, 1));
    if (result.accepted == 1) return;
    if (result.error && result.error->kind != ErrorKind::Retriable &&
        result.error->kind != ErrorKind::Timeout) {
      failure_ = *result.error;
      if (counts_ != nullptr) ++counts_->dead_letter_failures;
    }
    wait_for_room();
  }
}

void DeadLetterQueue::wait_for_room() {
  throw_if_failed();
  if (stop_.stop_requested()) {
    throw ConnectException("The task was stopped before a record could be written to dead letter "
                           "queue topic " + config_.topic_name + "; the record will be read again");
  }
  producer_->poll(kRoomWait);
}

void DeadLetterQueue::serve() {
  producer_->poll(Millis{0});
  throw_if_failed();
}

bool DeadLetterQueue::await(Millis timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!failure_ && producer_->in_flight() > 0) {
    const auto rest = std::chrono::ceil<Millis>(deadline - Clock::now());
    if (rest <= Millis{0}) return false;
    producer_->poll(rest);
  }
  throw_if_failed();
  return true;
}

bool DeadLetterQueue::await_for_commit(Millis timeout, bool closing) {
  try {
    if (await(timeout)) return true;
    logger().error("{} Not committing offsets: dead letters were not acknowledged within {} ms",
                   id_.to_string(), timeout.count());
  } catch (const Error& error) {
    if (!closing) throw;
    logger().error("{} Not committing offsets: {}", id_.to_string(), describe(error));
  }
  return false;
}

void DeadLetterQueue::close(Millis timeout) noexcept {
  if (!producer_) return;
  producer_->close(timeout);
  producer_.reset();
}

void DeadLetterQueue::on_delivery(std::span<const Delivery> deliveries) {
  for (const Delivery& delivery : deliveries) {
    if (delivery.error == nullptr) continue;
    logger().error("Could not produce message to dead letter queue. topic={}: {}: {}",
                   config_.topic_name, java_class_name(delivery.error->kind),
                   delivery.error->message);
    if (counts_ != nullptr) ++counts_->dead_letter_failures;
    if (!failure_) failure_ = *delivery.error;
  }
}

void DeadLetterQueue::throw_if_failed() const {
  if (!failure_) return;
  try {
    throw_with_cause(failure_->kind, failure_->message, failure_->cause.get());
  } catch (...) {
    std::throw_with_nested(ConnectException(
        "Could not produce message to dead letter queue. topic=" + config_.topic_name));
  }
}

}  // namespace millrace
