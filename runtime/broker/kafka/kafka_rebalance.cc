// Rebalances, start positions and topic patterns of the consumer (kafka-clients.md §5.5).

#include <algorithm>
#include <utility>

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

bool is_internal(std::string_view topic) {
  return topic == "__consumer_offsets" || topic == "__transaction_state";
}

}  // namespace

void KafkaConsumer::handle_rebalance(rd_kafka_event_t* event) {
  refusals_ = 0;
  rd_kafka_topic_partition_list_t* partitions = rd_kafka_event_topic_partition_list(event);
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(partitions);
  } else {
    revoke(partitions);
  }
}

// The listener comes first: where it seeks to and what it pauses is then part of the assignment,
// and nothing is fetched that would be thrown away.
void KafkaConsumer::assign(rd_kafka_topic_partition_list_t* partitions) {
  std::exception_ptr failure;
  assignment_ = Assignment{partitions, {}};
  try {
    const OffsetMap positions = resolve_positions(partitions);
    logger().info("[{}] Adding newly assigned partitions: {}", rd_kafka_name(client_.get()),
                  names(to_partitions(partitions)));
    listener_->on_assigned(positions);
  } catch (...) {
    failure = std::current_exception();
  }
  const Assignment done = *std::exchange(assignment_, std::nullopt);
  if (failure) {
    // The group waits for an answer; without one, closing would wait too.
    if (is_cooperative(client_.get())) {
      check(client_.get(), rd_kafka_incremental_assign(client_.get(), partitions), "assigning");
    } else {
      rd_kafka_assign(client_.get(), nullptr);
    }
    std::rethrow_exception(failure);
  }
  hand_over(partitions);
  const std::vector<TopicPartition> paused(done.paused.begin(), done.paused.end());
  if (!paused.empty()) pause(paused);
}

void KafkaConsumer::forward(const rd_kafka_topic_partition_list_t* partitions) {
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto& one = partitions->elems[i];
    const Queue queue(rd_kafka_queue_get_partition(client_.get(), one.topic, one.partition));
    if (queue) rd_kafka_queue_forward(queue.get(), data_.get());
  }
}

void KafkaConsumer::hand_over(rd_kafka_topic_partition_list_t* partitions) {
  rd_kafka_t* const client = client_.get();
  forward(partitions);
  if (is_cooperative(client)) {
    check(client, rd_kafka_incremental_assign(client, partitions), "assigning partitions");
  } else if (const auto code = rd_kafka_assign(client, partitions);
             code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw_error("assigning partitions", code);
  }
}

void KafkaConsumer::revoke(rd_kafka_topic_partition_list_t* partitions) {
  rd_kafka_t* const client = client_.get();
  const std::vector<TopicPartition> list = to_partitions(partitions);
  const bool lost = rd_kafka_assignment_lost(client) != 0;
  logger().info("[{}] {} partitions {}", rd_kafka_name(client), lost ? "Lost" : "Revoking",
                names(list));
  std::exception_ptr failure;
  try {
    if (lost) listener_->on_lost(list);
    else listener_->on_revoked(list);
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cooperative(client)) {
    check(client, rd_kafka_incremental_unassign(client, partitions), "revoking partitions");
  } else {
    rd_kafka_assign(client, nullptr);
  }
  if (failure) std::rethrow_exception(failure);
}

rd_kafka_topic_partition_t* KafkaConsumer::being_assigned(const TopicPartition& partition) {
  if (!assignment_) return nullptr;
  return rd_kafka_topic_partition_list_find(assignment_->partitions, partition.topic.c_str(),
                                            partition.partition);
}

OffsetMap KafkaConsumer::resolve_positions(rd_kafka_topic_partition_list_t* partitions) {
  OffsetMap positions;
  if (partitions->cnt == 0) return positions;
  const auto code = rd_kafka_committed(client_.get(), partitions,
                                       static_cast<int>(config_.api_timeout_ms));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("reading committed offsets", code);
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto& one = partitions->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw_error("reading the committed offset of " +
                      TopicPartition{one.topic, one.partition}.to_string(),
                  one.err);
    }
  }
  resolve_missing(partitions);
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto& one = partitions->elems[i];
    positions.insert_or_assign({one.topic, one.partition}, Offset{one.offset});
  }
  return positions;
}

void KafkaConsumer::resolve_missing(rd_kafka_topic_partition_list_t* partitions) {
  PartitionList missing(rd_kafka_topic_partition_list_new(partitions->cnt));
  const std::string* policy = find(config_.topic, "auto.offset.reset");
  const bool earliest = policy != nullptr && *policy == "earliest";
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto& one = partitions->elems[i];
    if (one.offset >= 0) continue;
    rd_kafka_topic_partition_list_add(missing.get(), one.topic, one.partition)->offset =
        earliest ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  }
  if (missing->cnt == 0) return;
  if (policy != nullptr && *policy == "error") {
    throw KafkaException("Undefined offset with no reset policy for partitions: " +
                         names(to_partitions(missing.get())));
  }
  const auto code = rd_kafka_offsets_for_times(client_.get(), missing.get(),
                                               static_cast<int>(config_.api_timeout_ms));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("looking up start offsets", code);
  for (int i = 0; i < missing->cnt; ++i) {
    const auto& found = missing->elems[i];
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw_error("looking up the start offset of " +
                      TopicPartition{found.topic, found.partition}.to_string(),
                  found.err);
    }
    rd_kafka_topic_partition_list_find(partitions, found.topic, found.partition)->offset =
        found.offset;
  }
}

void KafkaConsumer::subscribe_pattern(const std::string& pattern, RebalanceListener& listener) {
  listener_ = &listener;
  try {
    pattern_.emplace(pattern);
  } catch (const Error& error) {
    throw ConfigException("topics.regex " + pattern + " is not a regular expression: " +
                          error.what());
  }
  if (!client_) open(Use::Pattern);
  next_pattern_check_ = Clock::now();
}

// librdkafka's regular expressions are another dialect that searches; topics are matched here.
void KafkaConsumer::refresh_pattern(Millis timeout) {
  constexpr Millis kRetry{1'000};
  if (!pattern_ || Clock::now() < next_pattern_check_) return;
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code =
      rd_kafka_metadata(client_.get(), 1, nullptr, &metadata, static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    next_pattern_check_ = Clock::now() + kRetry;
    logger().warn("[{}] listing topics for topics.regex: {}", rd_kafka_name(client_.get()),
                  rd_kafka_err2str(code));
    return;
  }
  next_pattern_check_ = Clock::now() + std::max(Millis{config_.metadata_max_age_ms}, kRetry);
  std::vector<std::string> found;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const std::string name = metadata->topics[i].topic;
    if (!is_internal(name) && pattern_->matches(name)) found.push_back(name);
  }
  rd_kafka_metadata_destroy(metadata);
  std::sort(found.begin(), found.end());
  if (found == matched_) return;
  matched_ = std::move(found);
  set_subscription(matched_);
}

}  // namespace millrace::kafka
