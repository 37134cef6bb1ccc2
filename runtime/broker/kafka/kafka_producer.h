#pragma once
// RecordProducer over one librdkafka producer.

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/broker/kafka/handles.h"

namespace millrace::kafka {

class KafkaProducer final : public RecordProducer {
 public:
  KafkaProducer(const ClientConfig& config, DeliveryListener& listener);
  ~KafkaProducer() override;

  void limit_delivery(const std::string& topic, Millis timeout) override;
  SendResult send(RecordBatch& batch, std::span<const uint32_t> rows) override;
  size_t poll(Millis timeout) override;
  void wakeup() noexcept override;
  size_t in_flight() const noexcept override { return in_flight_; }
  void close(Millis timeout) noexcept override;
  void abandon() noexcept override;

 private:
  using Clock = std::chrono::steady_clock;

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
  static void on_error(rd_kafka_t*, int code, const char* reason, void* self);
  void report(const rd_kafka_message_t& message);
  void note_error(rd_kafka_resp_err_t code, const char* reason);
  uint32_t slot_of(RecordBatch& batch);
  rd_kafka_topic_t* topic(std::string_view name);
  rd_kafka_resp_err_t produce(const Record& record, void* opaque);
  RowError refusal(const Record& record, rd_kafka_resp_err_t code);
  bool waits_for(std::string_view topic) const;
  bool waits_for_topic(const rd_kafka_message_t& message) const;
  std::set<std::string_view> missing_topics() const;
  void resend();
  void deliver_reports();

  DeliveryListener& listener_;
  const bool retries_without_limit_;
  std::set<std::string, std::less<>> limited_;  // topics it does not hold for
  std::mutex end_mutex_;  // guards the next two, against calls of other threads while they go
  rd_kafka_t* client_ = nullptr;
  Queue main_queue_;
  std::vector<NamedTopic> topics_;
  const char* last_name_ = nullptr;
  rd_kafka_topic_t* last_topic_ = nullptr;
  std::vector<Slot> slots_;
  size_t in_flight_ = 0;
  std::vector<Delivery> deliveries_;
  std::deque<RowError> errors_;
  // Rows that came back because their topic is missing, in order; at most in_flight_ of them. Later
  // rows of these topics wait for them.
  std::deque<void*> resend_;
  Clock::time_point next_resend_;
  int refusals_ = 0;
  std::optional<RowError> broken_;  // no row can be sent any more
  std::atomic<bool> abandoned_ = false;
};

}  // namespace millrace::kafka
