#pragma once
// RecordConsumer over one librdkafka consumer. Data and events travel on two queues, so that a poll
// returns as soon as some data is there (kafka-clients.md §5.2).

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/java_regex.h"
#include "runtime/broker/broker.h"
#include "runtime/broker/kafka/handles.h"
#include "runtime/broker/kafka/wake_event.h"

namespace millrace::kafka {

class KafkaConsumer final : public RecordConsumer {
 public:
  explicit KafkaConsumer(ClientConfig config);
  ~KafkaConsumer() override;

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override;
  void subscribe_pattern(const std::string& pattern, RebalanceListener& listener) override;
  void assign(std::span<const TopicPartition> partitions, const OffsetMap& begins = {}) override;
  std::optional<Offset> position(const TopicPartition& partition) const override;
  void poll(RecordBatch& out, Millis timeout) override;
  void wakeup() noexcept override;
  void seek(const TopicPartition& partition, Offset offset) override;
  void pause(std::span<const TopicPartition> partitions) override;
  void resume(std::span<const TopicPartition> partitions) override;
  std::optional<Offset> known_end(const TopicPartition& partition) const override;
  void commit_async(const OffsetMap& offsets, CommitCallback done) override;
  void commit_sync(const OffsetMap& offsets, Millis timeout) override;
  void close(Millis timeout) noexcept override;

 private:
  using Clock = std::chrono::steady_clock;

  /// An assignment that the listener is being told about: what it changes is applied with it.
  struct Assignment {
    rd_kafka_topic_partition_list_t* partitions;
    std::set<TopicPartition> paused;
  };

  enum class Use { Topics, Pattern, Partitions };

  void open(Use use);
  void set_subscription(const std::vector<std::string>& topics);
  bool take_records(RecordBatch& out);
  void note_position(const rd_kafka_message_t& message);
  void handle_errors(std::span<const rd_kafka_message_t* const> messages);
  void serve_events();
  void handle(rd_kafka_event_t* event);
  void handle_error(rd_kafka_resp_err_t code, const std::string& text);
  void finish_commit(rd_kafka_event_t* event);
  void wait_for_work(Clock::time_point deadline);
  void leave_group(Clock::time_point deadline);

  // kafka_rebalance.cc
  void handle_rebalance(rd_kafka_event_t* event);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void revoke(rd_kafka_topic_partition_list_t* partitions);
  void hand_over(rd_kafka_topic_partition_list_t* partitions);
  void forward(const rd_kafka_topic_partition_list_t* partitions);
  OffsetMap resolve_positions(rd_kafka_topic_partition_list_t* partitions);
  void resolve_missing(rd_kafka_topic_partition_list_t* partitions);
  rd_kafka_topic_partition_t* being_assigned(const TopicPartition& partition);
  void refresh_pattern(Millis timeout);

  const ClientConfig config_;
  WakeEvent wake_;
  std::atomic<bool> woken_ = false;
  Client client_;  // null before subscribe() or assign(), and after close()
  Queue events_;
  Queue data_;
  RebalanceListener* listener_ = nullptr;  // null: partitions were assigned
  std::set<TopicPartition> assigned_;      // by assign()
  OffsetMap read_to_;                      // their positions
  std::optional<Assignment> assignment_;
  std::map<uint64_t, CommitCallback> commits_;  // asynchronous ones under way
  uint64_t last_commit_ = 0;
  std::vector<rd_kafka_message_t*> messages_;
  std::optional<JavaRegex> pattern_;
  std::vector<std::string> matched_;
  Clock::time_point next_pattern_check_;
  int refusals_ = 0;
};

}  // namespace millrace::kafka
