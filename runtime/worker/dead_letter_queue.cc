#include "runtime/worker/dead_letter_queue.h"

#include "millrace/errors.h"
#include "runtime/broker/client_layers.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr int32_t kPartitions = 1;      // DeadLetterQueueReporter.DLQ_NUM_DESIRED_PARTITIONS
constexpr Millis kTopicTimeout{60'000};  // Java's default.api.timeout.ms

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
      forms_(std::move(forms)) {
  try {
    const auto admin = services.broker.make_admin(
        dlq_admin_config(services.worker_config, spec.id, spec.connector_config));
    create_topic(*admin);
  } catch (...) {
    std::throw_with_nested(ConnectException(
        "Could not initialize dead letter queue with topic=" + config_.topic_name));
  }
  outbox_ = std::make_unique<Outbox>(
      services.broker, dlq_producer_config(services.worker_config, spec.id, spec.connector_config),
      OutboxWords{"Could not produce message to dead letter queue",
                  "dead letter queue topic " + config_.topic_name, "dead letters"},
      logger(), std::move(stop), [this] {
        if (counts_ != nullptr) ++counts_->dead_letter_failures;
      });
}

void DeadLetterQueue::create_topic(BrokerAdmin& admin) const {
  if (!admin.describe_topics(std::span(&config_.topic_name, 1), kTopicTimeout).empty()) return;
  logger().error("Topic {} doesn't exist. Will attempt to create topic.", config_.topic_name);
  admin.create_topic({config_.topic_name, kPartitions, config_.replication_factor}, kTopicTimeout);
}

void DeadLetterQueue::report(const RecordBatch& batch, uint32_t row, const RowError& error,
                             ErrorCounts& counts) {
  outbox_->throw_if_failed();
  if (outbox_->closed()) throw ConnectException("The dead letter queue is closed");
  counts_ = &counts;
  ++counts.dead_letter_requests;
  outbox_->send([&](RecordBatch& letters) {
    add_letter(letters, config_.topic_name, forms_->original(batch, row, error), error, id_,
               config_.context_headers_enable);
  });
}

}  // namespace millrace
