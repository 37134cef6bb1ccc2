#pragma once
// RecordProducer over one librdkafka producer.

#include <deque>
#include <string>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/broker/kafka/handles.h"

namespace millrace::kafka {

class KafkaProducer final : public RecordProducer {
 public:
  KafkaProducer(const ClientConfig& config, DeliveryListener& listener);
  ~KafkaProducer() override;

  SendResult send(RecordBatch& batch, std::span<const uint32_t> rows) override;
  size_t poll(Millis timeout) override;
  void wakeup() noexcept override;
  size_t in_flight() const noexcept override { return in_flight_; }
  void close(Millis timeout) noexcept override;

 private:
  /// A batch with rows in flight. Its index travels with each message, beside the row.
  struct Slot {
    RecordBatch* batch = nullptr;
    size_t pending = 0;
  };
  struct NamedTopic {
    std::string name;
    Topic handle;
  };

  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* self);
  void report(const rd_kafka_message_t& message);
  uint32_t slot_of(RecordBatch& batch);
  rd_kafka_topic_t* topic(std::string_view name);
  rd_kafka_resp_err_t produce(const Record& record, void* opaque);
  void deliver_reports();

  DeliveryListener& listener_;
  rd_kafka_t* client_ = nullptr;
  Queue main_queue_;
  std::vector<NamedTopic> topics_;
  const char* last_name_ = nullptr;
  rd_kafka_topic_t* last_topic_ = nullptr;
  std::vector<Slot> slots_;
  size_t in_flight_ = 0;
  std::vector<Delivery> deliveries_;
  std::deque<RowError> errors_;
};

}  // namespace millrace::kafka
