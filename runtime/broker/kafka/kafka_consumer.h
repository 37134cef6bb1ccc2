#pragma once
// RecordConsumer over one librdkafka consumer. Data and events travel on two queues, so that a poll
// returns as soon as some data is there (kafka-clients.md §5.2).

#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/broker/kafka/handles.h"

namespace millrace::kafka {

class KafkaConsumer final : public RecordConsumer {
 public:
  explicit KafkaConsumer(const ClientConfig& config);
  ~KafkaConsumer() override;

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override;
  void subscribe_pattern(const std::string& pattern, RebalanceListener& listener) override;
  void poll(RecordBatch& out, Millis timeout) override;
  void wakeup() noexcept override;
  void seek(const TopicPartition& partition, Offset offset) override;
  void pause(std::span<const TopicPartition> partitions) override;
  void resume(std::span<const TopicPartition> partitions) override;
  void commit_async(const OffsetMap& offsets, CommitCallback done) override;
  void commit_sync(const OffsetMap& offsets, Millis timeout) override;
  void close(Millis timeout) noexcept override;

 private:
  using Clock = std::chrono::steady_clock;

  bool take_records(RecordBatch& out);
  void serve_events();
  void handle(rd_kafka_event_t* event);
  void handle_rebalance(rd_kafka_event_t* event);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void revoke(rd_kafka_topic_partition_list_t* partitions);
  OffsetMap resolve_positions(rd_kafka_topic_partition_list_t* partitions);
  void resolve_missing(rd_kafka_topic_partition_list_t* partitions);
  void finish_commit(rd_kafka_event_t* event);
  void handle_error(rd_kafka_resp_err_t code, const std::string& text);
  void refresh_pattern();
  void wait_for_work(Clock::time_point deadline);

  const int64_t api_timeout_ms_;
  const std::string reset_policy_;
  const Millis pattern_refresh_;
  rd_kafka_t* client_ = nullptr;
  Queue events_;
  Queue data_;
  int wake_fd_ = -1;
  std::atomic<bool> woken_ = false;
  RebalanceListener* listener_ = nullptr;
  std::vector<rd_kafka_message_t*> messages_;
  std::string pattern_;
  std::vector<std::string> matched_;
  Clock::time_point next_pattern_check_;
  int authentication_failures_ = 0;
};

}  // namespace millrace::kafka
