#include "runtime/broker/kafka/kafka_admin.h"

namespace millrace::kafka {
namespace {

using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;

AdminOptions options_for(rd_kafka_t* client, rd_kafka_admin_op_t operation, Millis timeout) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(timeout.count()), text,
                                            sizeof text);
  return options;
}

void check_list(const rd_kafka_topic_partition_list_t* list, const std::string& action) {
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error(action, list->elems[i].err);
  }
}

void check_group(const rd_kafka_group_result_t* result, const std::string& action) {
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(result)) {
    throw_error(action, rd_kafka_error_code(error), rd_kafka_error_string(error));
  }
  check_list(rd_kafka_group_result_partitions(result), action);
}

}  // namespace

KafkaAdmin::KafkaAdmin(const ClientConfig& config)
    : client_(make_client(RD_KAFKA_PRODUCER, make_conf(config))) {}

KafkaAdmin::~KafkaAdmin() { rd_kafka_destroy(client_); }

std::string KafkaAdmin::cluster_id(Millis timeout) {
  char* id = rd_kafka_clusterid(client_, static_cast<int>(timeout.count()));
  if (id == nullptr) {
    throw KafkaException(
        "Failed to connect to and describe Kafka cluster. Check worker's broker connection and "
        "security properties.");
  }
  std::string text(id);
  rd_kafka_mem_free(client_, id);
  return text;
}

Event KafkaAdmin::await(const Queue& queue, const std::string& action, Millis timeout) {
  Event event(rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())));
  if (!event) throw_error(action, RD_KAFKA_RESP_ERR__TIMED_OUT);
  const auto code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw_error(action, code, rd_kafka_event_error_string(event.get()));
  }
  return event;
}

std::map<std::string, int32_t> KafkaAdmin::describe_topics(std::span<const std::string> topics,
                                                           Millis timeout) {
  std::map<std::string, int32_t> found;
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code =
      rd_kafka_metadata(client_, 1, nullptr, &metadata, static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("describing topics", code);
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    for (const std::string& wanted : topics) {
      if (wanted == topic.topic && topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        found.emplace(wanted, topic.partition_cnt);
      }
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return found;
}

bool KafkaAdmin::create_topic(const NewTopic& topic, Millis timeout) {
  const std::string action = "creating topic " + topic.name;
  char text[256];
  rd_kafka_NewTopic_t* request = rd_kafka_NewTopic_new(
      topic.name.c_str(), topic.partitions, topic.replication_factor, text, sizeof text);
  if (request == nullptr) throw ConfigException(action + ": " + text);
  for (const auto& [key, value] : topic.config) {
    rd_kafka_NewTopic_set_config(request, key.c_str(), value.c_str());
  }
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options = options_for(client_, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
  rd_kafka_CreateTopics(client_, &request, 1, options.get(), queue.get());
  rd_kafka_NewTopic_destroy(request);
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto code = rd_kafka_topic_result_error(results[0]);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* reason = rd_kafka_topic_result_error_string(results[0]);
    throw_error(action, code, reason != nullptr ? reason : "");
  }
  return true;
}

OffsetMap KafkaAdmin::group_offsets(const std::string& group, Millis timeout) {
  const std::string action = "listing offsets of group " + group;
  rd_kafka_ListConsumerGroupOffsets_t* request =
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr);
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options =
      options_for(client_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout);
  rd_kafka_ListConsumerGroupOffsets(client_, &request, 1, options.get(), queue.get());
  rd_kafka_ListConsumerGroupOffsets_destroy(request);
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  OffsetMap offsets;
  if (count == 0) return offsets;
  check_group(groups[0], action);
  const auto* list = rd_kafka_group_result_partitions(groups[0]);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (list->elems[i].offset < 0) continue;
    offsets.insert_or_assign({list->elems[i].topic, list->elems[i].partition},
                             Offset{list->elems[i].offset});
  }
  return offsets;
}

void KafkaAdmin::alter_group_offsets(const std::string& group, const OffsetMap& offsets,
                                     Millis timeout) {
  const std::string action = "altering offsets of group " + group;
  const PartitionList list = make_list(offsets);
  rd_kafka_AlterConsumerGroupOffsets_t* request =
      rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get());
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options =
      options_for(client_, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout);
  rd_kafka_AlterConsumerGroupOffsets(client_, &request, 1, options.get(), queue.get());
  rd_kafka_AlterConsumerGroupOffsets_destroy(request);
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &count);
  if (count > 0) check_group(groups[0], action);
}

void KafkaAdmin::delete_group_offsets(const std::string& group,
                                      std::span<const TopicPartition> partitions, Millis timeout) {
  const std::string action = "deleting offsets of group " + group;
  const PartitionList list = make_list_of(partitions);
  rd_kafka_DeleteConsumerGroupOffsets_t* request =
      rd_kafka_DeleteConsumerGroupOffsets_new(group.c_str(), list.get());
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options =
      options_for(client_, RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS, timeout);
  rd_kafka_DeleteConsumerGroupOffsets(client_, &request, 1, options.get(), queue.get());
  rd_kafka_DeleteConsumerGroupOffsets_destroy(request);
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_DeleteConsumerGroupOffsets_result_groups(
      rd_kafka_event_DeleteConsumerGroupOffsets_result(event.get()), &count);
  if (count > 0) check_group(groups[0], action);
}

void KafkaAdmin::delete_group(const std::string& group, Millis timeout) {
  const std::string action = "deleting group " + group;
  rd_kafka_DeleteGroup_t* request = rd_kafka_DeleteGroup_new(group.c_str());
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options = options_for(client_, RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout);
  rd_kafka_DeleteGroups(client_, &request, 1, options.get(), queue.get());
  rd_kafka_DeleteGroup_destroy(request);
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_DeleteGroups_result_groups(
      rd_kafka_event_DeleteGroups_result(event.get()), &count);
  if (count == 0) return;
  const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[0]);
  if (error == nullptr) return;
  const auto code = rd_kafka_error_code(error);
  if (code != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
    throw_error(action, code, rd_kafka_error_string(error));
  }
}

OffsetMap KafkaAdmin::end_offsets(const std::string& topic, Millis timeout) {
  const std::string wanted[] = {topic};
  const auto known = describe_topics(wanted, timeout);
  OffsetMap result;
  if (known.empty()) return result;
  for (int32_t partition = 0; partition < known.begin()->second; ++partition) {
    int64_t low = 0;
    int64_t high = 0;
    const auto code = rd_kafka_query_watermark_offsets(client_, topic.c_str(), partition, &low,
                                                       &high, static_cast<int>(timeout.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw_error("reading end offsets of " + topic, code);
    result.insert_or_assign({topic, partition}, Offset{high});
  }
  return result;
}

}  // namespace millrace::kafka
