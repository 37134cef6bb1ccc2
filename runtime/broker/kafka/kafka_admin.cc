#include "runtime/broker/kafka/kafka_admin.h"

#include <algorithm>
#include <utility>

#include "runtime/broker/kafka/admin_calls.h"

namespace millrace::kafka {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis kSlice{100};  // between looks at the connection's errors

}  // namespace

KafkaAdmin::KafkaAdmin(ClientConfig config, rd_kafka_type_t type) : config_(std::move(config)) {
  Conf conf = make_conf(config_);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  rd_kafka_conf_set_opaque(conf.get(), this);
  client_ = make_client(type, std::move(conf));
}

KafkaAdmin::~KafkaAdmin() { rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }

void KafkaAdmin::on_error(rd_kafka_t* client, int code, const char* reason, void* self) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;  // says less than what came before
  auto& admin = *static_cast<KafkaAdmin*>(self);
  const std::lock_guard lock(admin.mutex_);
  admin.last_error_ = explain(client, reason);
  if (is_refusal(static_cast<rd_kafka_resp_err_t>(code), reason)) ++admin.refusals_;
}

std::string KafkaAdmin::connection_error() {
  rd_kafka_poll(client_, 0);
  const std::lock_guard lock(mutex_);
  return last_error_.empty() ? "" : " (last error of the connection: " + last_error_ + ")";
}

bool KafkaAdmin::is_refused() {
  rd_kafka_poll(client_, 0);
  const std::lock_guard lock(mutex_);
  return refusals_ >= kMaxRefusals;
}

std::string KafkaAdmin::cluster_id(Millis timeout) {
  const auto deadline = Clock::now() + timeout;
  char* id = nullptr;
  while (id == nullptr && Clock::now() < deadline && !is_refused()) {
    id = rd_kafka_clusterid(client_, static_cast<int>(kSlice.count()));
  }
  if (id == nullptr) {
    throw KafkaException(
        "Failed to connect to and describe Kafka cluster. Check worker's broker connection and "
        "security properties." +
        connection_error());
  }
  std::string text(id);
  rd_kafka_mem_free(client_, id);
  return text;
}

Event KafkaAdmin::await(const Queue& queue, const std::string& action, Millis timeout) {
  constexpr Millis kGrace{1'000};  // the operation has the timeout itself and says more
  const auto deadline = Clock::now() + timeout + kGrace;
  Event event;
  while (!event && Clock::now() < deadline) {
    event.reset(rd_kafka_queue_poll(queue.get(), static_cast<int>(kSlice.count())));
    if (!event && is_refused()) {
      throw_error(action, RD_KAFKA_RESP_ERR__AUTHENTICATION,
                  "the connection to the brokers is refused" + connection_error());
    }
  }
  const auto code = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (code == RD_KAFKA_RESP_ERR__TIMED_OUT) {
    throw_error(action, code,
                "no answer within " + std::to_string(timeout.count()) + " ms" + connection_error());
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw_admin_error(action, code, rd_kafka_event_error_string(event.get()));
  }
  const std::lock_guard lock(mutex_);
  refusals_ = 0;
  return event;
}

std::map<std::string, int32_t> KafkaAdmin::describe_topics(std::span<const std::string> topics,
                                                           Millis timeout) {
  std::map<std::string, int32_t> found;
  if (topics.empty()) return found;
  std::vector<const char*> names;
  for (const std::string& topic : topics) names.push_back(topic.c_str());
  const TopicCollection collection(
      rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options = admin_options(client_, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout);
  rd_kafka_DescribeTopics(client_, collection.get(), options.get(), queue.get());
  const Event event = await(queue, "describing topics", timeout);
  size_t count = 0;
  const auto** results = rd_kafka_DescribeTopics_result_topics(
      rd_kafka_event_DescribeTopics_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_TopicDescription_name(results[i]);
    const rd_kafka_error_t* error = rd_kafka_TopicDescription_error(results[i]);
    const auto code = error != nullptr ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) continue;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw_admin_error("describing topic " + name, code, rd_kafka_error_string(error));
    }
    size_t partitions = 0;
    rd_kafka_TopicDescription_partitions(results[i], &partitions);
    found.emplace(name, static_cast<int32_t>(partitions));
  }
  return found;
}

bool KafkaAdmin::create_topic(const NewTopic& topic, Millis timeout) {
  const std::string action = "creating topic " + topic.name;
  char text[256];
  const NewTopicRequest request(rd_kafka_NewTopic_new(
      topic.name.c_str(), topic.partitions, topic.replication_factor, text, sizeof text));
  if (!request) throw ConfigException(action + ": " + text);
  for (const auto& [key, value] : topic.config) {
    rd_kafka_NewTopic_set_config(request.get(), key.c_str(), value.c_str());
  }
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options = admin_options(client_, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
  rd_kafka_NewTopic_t* one = request.get();
  rd_kafka_CreateTopics(client_, &one, 1, options.get(), queue.get());
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto code = rd_kafka_topic_result_error(results[0]);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* reason = rd_kafka_topic_result_error_string(results[0]);
    throw_admin_error(action, code, reason != nullptr ? reason : "");
  }
  return true;
}

std::optional<Properties> KafkaAdmin::topic_config(const std::string& topic, Millis timeout) {
  const std::string action = "reading the configuration of topic " + topic;
  const ConfigRequest request(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options = admin_options(client_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
  rd_kafka_ConfigResource_t* one = request.get();
  rd_kafka_DescribeConfigs(client_, &one, 1, options.get(), queue.get());
  const Event event = await(queue, action, timeout);
  size_t count = 0;
  const auto** resources = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count == 0) return std::nullopt;
  const auto code = rd_kafka_ConfigResource_error(resources[0]);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* reason = rd_kafka_ConfigResource_error_string(resources[0]);
    throw_admin_error(action, code, reason != nullptr ? reason : "");
  }
  Properties config;
  const auto** entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value != nullptr) config[rd_kafka_ConfigEntry_name(entries[i])] = value;
  }
  return config;
}

OffsetMap KafkaAdmin::end_offsets(const std::string& topic, Millis timeout) {
  return list_offsets(topic, RD_KAFKA_OFFSET_SPEC_LATEST, "end", timeout);
}

OffsetMap KafkaAdmin::begin_offsets(const std::string& topic, Millis timeout) {
  return list_offsets(topic, RD_KAFKA_OFFSET_SPEC_EARLIEST, "first", timeout);
}

OffsetMap KafkaAdmin::list_offsets(const std::string& topic, int64_t which, const std::string& name,
                                   Millis timeout) {
  const std::string wanted[] = {topic};
  const auto known = describe_topics(wanted, timeout);
  OffsetMap result;
  if (known.empty()) return result;
  const int32_t count = known.begin()->second;
  const PartitionList list(rd_kafka_topic_partition_list_new(count));
  for (int32_t partition = 0; partition < count; ++partition) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = which;
  }
  const std::string action = "reading " + name + " offsets of " + topic;
  const Queue queue(rd_kafka_queue_new(client_));
  const AdminOptions options = admin_options(client_, RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout);
  const KafkaError refused(rd_kafka_AdminOptions_set_isolation_level(
      options.get(), RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED));
  if (refused) throw_error(action, rd_kafka_error_code(refused.get()));
  rd_kafka_ListOffsets(client_, list.get(), options.get(), queue.get());
  const Event event = await(queue, action, timeout);
  size_t found = 0;
  const auto** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event.get()), &found);
  for (size_t i = 0; i < found; ++i) {
    const auto* one = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    if (one->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // It was there a moment ago.
      if (one->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        throw RetriableException(action + ": a partition is not known yet, or not any more");
      }
      throw_admin_error(action + " for " + TopicPartition{one->topic, one->partition}.to_string(),
                        one->err);
    }
    result.insert_or_assign({topic, one->partition}, Offset{one->offset});
  }
  return result;
}

}  // namespace millrace::kafka
