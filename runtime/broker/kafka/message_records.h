#pragma once
// Consumed messages as rows of a batch.

#include <librdkafka/rdkafka.h>

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/record.h"
#include "runtime/broker/kafka/handles.h"

namespace millrace::kafka {

/// Keeps the client's message buffers, and the client they belong to, alive until the batch is
/// reset.
class MessageHolder final : public BatchResource {
 public:
  MessageHolder(Client client, std::span<rd_kafka_message_t*> messages)
      : client_(std::move(client)), messages_(messages.begin(), messages.end()) {}
  ~MessageHolder() override {
    for (rd_kafka_message_t* message : messages_) rd_kafka_message_destroy(message);
  }
  MessageHolder(const MessageHolder&) = delete;
  MessageHolder& operator=(const MessageHolder&) = delete;

 private:
  Client client_;
  std::vector<rd_kafka_message_t*> messages_;
};

inline void add_headers(Record& record, const rd_kafka_message_t& message, Arena& arena) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const auto copies = arena.make_array<Header>(rd_kafka_header_cnt(headers));
  for (size_t i = 0; i < copies.size(); ++i) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    rd_kafka_header_get_all(headers, i, &name, &value, &size);
    copies[i] = Header{name, {}, {static_cast<const uint8_t*>(value), static_cast<uint32_t>(size)}};
  }
  record.headers = copies.data();
  record.header_count = static_cast<uint32_t>(copies.size());
}

/// `messages` pass into the batch's ownership. `on_error` is called for error messages, which
/// become no rows; it may throw.
template <class OnError>
void add_records(RecordBatch& out, const Client& client, std::span<rd_kafka_message_t*> messages,
                 const OnError& on_error) {
  out.keep(std::make_unique<MessageHolder>(client, messages));
  const rd_kafka_topic_t* last_topic = nullptr;
  std::string_view topic;
  for (const rd_kafka_message_t* message : messages) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      on_error(*message);
      continue;
    }
    if (message->rkt != last_topic) {
      last_topic = message->rkt;
      topic = rd_kafka_topic_name(last_topic);
    }
    Record& record = out.add();
    record.topic = record.original_topic = topic;
    record.partition = record.original_partition = message->partition;
    record.offset = message->offset;
    record.key_wire = {static_cast<const uint8_t*>(message->key),
                       static_cast<uint32_t>(message->key_len)};
    record.value_wire = {static_cast<const uint8_t*>(message->payload),
                         static_cast<uint32_t>(message->len)};
    rd_kafka_timestamp_type_t type{};
    record.timestamp = rd_kafka_message_timestamp(message, &type);
    if (type == RD_KAFKA_TIMESTAMP_CREATE_TIME) record.timestamp_type = TimestampType::Create;
    if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME) {
      record.timestamp_type = TimestampType::LogAppend;
    }
    add_headers(record, *message, out.arena());
  }
}

}  // namespace millrace::kafka
