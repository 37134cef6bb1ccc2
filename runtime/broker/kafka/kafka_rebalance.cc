// Rebalances, start positions and topic patterns of the consumer (kafka-clients.md §5.5).

#include <algorithm>
#include <regex>

#include "runtime/broker/kafka/kafka_consumer.h"
#include "runtime/metrics/log.h"

namespace millrace::kafka {
namespace {

spdlog::logger& logger() {
  static auto& instance =
      logging::get("org.apache.kafka.clients.consumer.internals.ConsumerCoordinator");
  return instance;
}

std::vector<TopicPartition> to_partitions(const rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < list->cnt; ++i) {
    partitions.push_back({list->elems[i].topic, list->elems[i].partition});
  }
  return partitions;
}

std::string names(const std::vector<TopicPartition>& partitions) {
  std::string text;
  for (const TopicPartition& tp : partitions) text += (text.empty() ? "" : ", ") + tp.to_string();
  return text;
}

bool is_cooperative(rd_kafka_t* client) {
  const char* protocol = rd_kafka_rebalance_protocol(client);
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

void check(rd_kafka_t* client, rd_kafka_error_t* raw, const char* action) {
  const KafkaError error(raw);
  if (!error) return;
  logger().error("[{}] {}: {}", rd_kafka_name(client), action, rd_kafka_error_string(error.get()));
}

}  // namespace

void KafkaConsumer::handle_rebalance(rd_kafka_event_t* event) {
  rd_kafka_topic_partition_list_t* partitions = rd_kafka_event_topic_partition_list(event);
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(partitions);
  } else {
    revoke(partitions);
  }
}

void KafkaConsumer::assign(rd_kafka_topic_partition_list_t* partitions) {
  const OffsetMap positions = resolve_positions(partitions);
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto& one = partitions->elems[i];
    const Queue queue(rd_kafka_queue_get_partition(client_, one.topic, one.partition));
    if (queue) rd_kafka_queue_forward(queue.get(), data_.get());
  }
  if (is_cooperative(client_)) {
    check(client_, rd_kafka_incremental_assign(client_, partitions), "assigning partitions");
  } else {
    rd_kafka_assign(client_, partitions);
  }
  logger().info("[{}] Adding newly assigned partitions: {}", rd_kafka_name(client_),
                names(to_partitions(partitions)));
  listener_->on_assigned(positions);
}

void KafkaConsumer::revoke(rd_kafka_topic_partition_list_t* partitions) {
  const std::vector<TopicPartition> list = to_partitions(partitions);
  const bool lost = rd_kafka_assignment_lost(client_) != 0;
  logger().info("[{}] {} partitions {}", rd_kafka_name(client_), lost ? "Lost" : "Revoking",
                names(list));
  if (lost) {
    listener_->on_lost(list);
  } else {
    listener_->on_revoked(list);
  }
  if (is_cooperative(client_)) {
    check(client_, rd_kafka_incremental_unassign(client_, partitions), "revoking partitions");
  } else {
    rd_kafka_assign(client_, nullptr);
  }
}

OffsetMap KafkaConsumer::resolve_positions(rd_kafka_topic_partition_list_t* partitions) {
  OffsetMap positions;
  if (partitions->cnt == 0) return positions;
  const auto code = rd_kafka_committed(client_, partitions, static_cast<int>(api_timeout_ms_));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("reading committed offsets", code);
  resolve_missing(partitions);
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto& one = partitions->elems[i];
    positions.insert_or_assign({one.topic, one.partition}, Offset{one.offset});
  }
  return positions;
}

void KafkaConsumer::resolve_missing(rd_kafka_topic_partition_list_t* partitions) {
  PartitionList missing(rd_kafka_topic_partition_list_new(partitions->cnt));
  const bool earliest = reset_policy_ == "earliest" || reset_policy_ == "smallest" ||
                        reset_policy_ == "beginning";
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto& one = partitions->elems[i];
    if (one.offset >= 0) continue;
    rd_kafka_topic_partition_list_add(missing.get(), one.topic, one.partition)->offset =
        earliest ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  }
  if (missing->cnt == 0) return;
  if (reset_policy_ == "error") {
    throw KafkaException("no committed offset for " + names(to_partitions(missing.get())) +
                         " and auto.offset.reset is none");
  }
  const auto code =
      rd_kafka_offsets_for_times(client_, missing.get(), static_cast<int>(api_timeout_ms_));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("looking up start offsets", code);
  for (int i = 0; i < missing->cnt; ++i) {
    const auto& found = missing->elems[i];
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw_error("looking up the start offset of " + TopicPartition{found.topic, found.partition}.to_string(), found.err);
    }
    rd_kafka_topic_partition_list_find(partitions, found.topic, found.partition)->offset =
        found.offset;
  }
}

void KafkaConsumer::subscribe_pattern(const std::string& pattern, RebalanceListener& listener) {
  listener_ = &listener;
  pattern_ = pattern;
  next_pattern_check_ = Clock::now();
  refresh_pattern();
}

// librdkafka's regular expressions are another dialect that searches; topics are matched here.
void KafkaConsumer::refresh_pattern() {
  if (pattern_.empty() || Clock::now() < next_pattern_check_) return;
  next_pattern_check_ = Clock::now() + pattern_refresh_;
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code =
      rd_kafka_metadata(client_, 1, nullptr, &metadata, static_cast<int>(api_timeout_ms_));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    logger().warn("[{}] listing topics for topics.regex: {}", rd_kafka_name(client_),
                  rd_kafka_err2str(code));
    return;
  }
  const std::regex expression(pattern_, std::regex::ECMAScript);
  std::vector<std::string> found;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const std::string name = metadata->topics[i].topic;
    const bool is_internal = name == "__consumer_offsets" || name == "__transaction_state";
    if (!is_internal && std::regex_match(name, expression)) found.push_back(name);
  }
  rd_kafka_metadata_destroy(metadata);
  std::sort(found.begin(), found.end());
  if (found == matched_) return;
  matched_ = std::move(found);
  subscribe(matched_, *listener_);
}

}  // namespace millrace::kafka
