#pragma once
// BrokerAdmin over a librdkafka handle.

#include <mutex>
#include <string>
#include <utility>

#include "runtime/broker/broker.h"
#include "runtime/broker/kafka/handles.h"

namespace millrace::kafka {

class KafkaAdmin final : public BrokerAdmin {
 public:
  explicit KafkaAdmin(ClientConfig config) : KafkaAdmin(std::move(config), RD_KAFKA_PRODUCER) {}
  ~KafkaAdmin() override;
  KafkaAdmin(const KafkaAdmin&) = delete;
  KafkaAdmin& operator=(const KafkaAdmin&) = delete;

  std::string cluster_id(Millis timeout);
  std::map<std::string, int32_t> describe_topics(std::span<const std::string> topics,
                                                 Millis timeout) override;
  bool create_topic(const NewTopic& topic, Millis timeout) override;
  OffsetMap group_offsets(const std::string& group, Millis timeout) override;
  void alter_group_offsets(const std::string& group, const OffsetMap& offsets,
                           Millis timeout) override;
  void delete_group_offsets(const std::string& group, std::span<const TopicPartition> partitions,
                            Millis timeout) override;
  void delete_group(const std::string& group, Millis timeout) override;
  std::optional<Properties> topic_config(const std::string& topic, Millis timeout) override;
  OffsetMap end_offsets(const std::string& topic, Millis timeout) override;
  OffsetMap begin_offsets(const std::string& topic, Millis timeout) override;

 private:
  KafkaAdmin(ClientConfig config, rd_kafka_type_t type);
  OffsetMap list_group_offsets(const std::string& group, Millis timeout);
  static void on_error(rd_kafka_t*, int code, const char* reason, void* self);
  /// ` (last error of the connection: ...)`, or nothing. Tells why an operation timed out.
  std::string connection_error();
  /// The broker refused us, or we the broker, so often that waiting on is of no use. The library
  /// itself would try for ever; Java fails the call.
  bool is_refused();
  /// Waits for the result of an operation sent to `queue`; throws when the whole of it failed.
  Event await(const Queue& queue, const std::string& action, Millis timeout);
  /// Of all partitions of a topic; `which` is RD_KAFKA_OFFSET_SPEC_*, `name` says it in messages.
  OffsetMap list_offsets(const std::string& topic, int64_t which, const std::string& name,
                         Millis timeout);

  const ClientConfig config_;
  rd_kafka_t* client_;
  std::mutex mutex_;
  std::string last_error_;
  int refusals_ = 0;
};

}  // namespace millrace::kafka
