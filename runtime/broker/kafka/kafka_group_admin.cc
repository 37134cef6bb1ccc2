// Consumer groups: offsets and deletion (kafka-clients.md §5.6).

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "runtime/broker/kafka/admin_calls.h"
#include "runtime/broker/kafka/kafka_admin.h"

namespace millrace::kafka {
namespace {

using ListRequest = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t,
                                    Deleter<rd_kafka_ListConsumerGroupOffsets_destroy>>;
using AlterRequest = std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t,
                                     Deleter<rd_kafka_AlterConsumerGroupOffsets_destroy>>;
using DeleteOffsetsRequest = std::unique_ptr<rd_kafka_DeleteConsumerGroupOffsets_t,
                                             Deleter<rd_kafka_DeleteConsumerGroupOffsets_destroy>>;
using DeleteRequest =
    std::unique_ptr<rd_kafka_DeleteGroup_t, Deleter<rd_kafka_DeleteGroup_destroy>>;

constexpr Millis kGroupRetryWait{100};  // between two tries to ask a coordinator that is not ready

/// Brokers say it in three ways, by the operation.
void check_empty(const std::string& action, rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP || code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
      code == RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC) {
    throw KafkaException(action + ": the group still has members (GROUP_NOT_EMPTY)");
  }
}

void check_group(const rd_kafka_group_result_t* result, const std::string& action) {
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(result)) {
    const auto code = rd_kafka_error_code(error);
    check_empty(action, code);
    throw_error(action, code, rd_kafka_error_string(error));
  }
  const auto* list = rd_kafka_group_result_partitions(result);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) check_empty(action, list->elems[i].err);
  check_list(list, action);
}

bool is_missing(const rd_kafka_group_result_t* result) {
  const rd_kafka_error_t* error = rd_kafka_group_result_error(result);
  return error != nullptr && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
}

}  // namespace

// When the coordinator is not ready the library has the client's own group look for another one, and a client
// without a group crashes: this one is asked as a consumer of the group, which never joins it.
OffsetMap KafkaAdmin::group_offsets(const std::string& group, Millis timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  ClientConfig config = config_;
  config.rdkafka["group.id"] = group;
  KafkaAdmin consumer(std::move(config), RD_KAFKA_CONSUMER);
  while (true) {
    const auto rest = std::chrono::ceil<Millis>(deadline - std::chrono::steady_clock::now());
    try {
      return consumer.list_group_offsets(group, std::max(rest, kGroupRetryWait));
    } catch (const RetriableException&) {
      if (rest <= kGroupRetryWait) throw;
      std::this_thread::sleep_for(kGroupRetryWait);
    }
  }
}

OffsetMap KafkaAdmin::list_group_offsets(const std::string& group, Millis timeout) {
  const std::string action = "listing offsets of group " + group;
  const ListRequest request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr));
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options =
      admin_options(client_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout);
  rd_kafka_ListConsumerGroupOffsets_t* one = request.get();
  rd_kafka_ListConsumerGroupOffsets(client_, &one, 1, options.get(), queue.get());
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  OffsetMap offsets;
  if (count == 0 || is_missing(groups[0])) return offsets;
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
  if (offsets.empty()) return;
  const std::string action = "altering offsets of group " + group;
  const PartitionList list = make_list(offsets);
  const AlterRequest request(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options =
      admin_options(client_, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout);
  rd_kafka_AlterConsumerGroupOffsets_t* one = request.get();
  rd_kafka_AlterConsumerGroupOffsets(client_, &one, 1, options.get(), queue.get());
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &count);
  if (count > 0) check_group(groups[0], action);
}

void KafkaAdmin::delete_group_offsets(const std::string& group,
                                      std::span<const TopicPartition> partitions, Millis timeout) {
  if (partitions.empty()) return;
  const std::string action = "deleting offsets of group " + group;
  const PartitionList list = make_list_of(partitions);
  const DeleteOffsetsRequest request(
      rd_kafka_DeleteConsumerGroupOffsets_new(group.c_str(), list.get()));
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options =
      admin_options(client_, RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS, timeout);
  rd_kafka_DeleteConsumerGroupOffsets_t* one = request.get();
  rd_kafka_DeleteConsumerGroupOffsets(client_, &one, 1, options.get(), queue.get());
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_DeleteConsumerGroupOffsets_result_groups(
      rd_kafka_event_DeleteConsumerGroupOffsets_result(event.get()), &count);
  if (count > 0 && !is_missing(groups[0])) check_group(groups[0], action);
}

void KafkaAdmin::delete_group(const std::string& group, Millis timeout) {
  const std::string action = "deleting group " + group;
  const DeleteRequest request(rd_kafka_DeleteGroup_new(group.c_str()));
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options = admin_options(client_, RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout);
  rd_kafka_DeleteGroup_t* one = request.get();
  rd_kafka_DeleteGroups(client_, &one, 1, options.get(), queue.get());
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* groups = rd_kafka_DeleteGroups_result_groups(
      rd_kafka_event_DeleteGroups_result(event.get()), &count);
  if (count > 0 && !is_missing(groups[0])) check_group(groups[0], action);
}

}  // namespace millrace::kafka
