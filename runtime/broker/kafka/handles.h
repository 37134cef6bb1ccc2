#pragma once
// Thin RAII over librdkafka's C API, and its errors in the worker's terms.

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <string_view>

#include "millrace/errors.h"
#include "millrace/ids.h"
#include "millrace/record.h"
#include "runtime/broker/kafka/java_client_config.h"

namespace millrace::kafka {

template <auto Destroy>
struct Deleter {
  template <class T>
  void operator()(T* p) const noexcept {
    Destroy(p);
  }
};

using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Deleter<rd_kafka_topic_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      Deleter<rd_kafka_topic_partition_list_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;
using Conf = std::unique_ptr<rd_kafka_conf_t, Deleter<rd_kafka_conf_destroy>>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, Deleter<rd_kafka_error_destroy>>;

/// A consumer, shared with the batches whose rows point into its buffers.
using Client = std::shared_ptr<rd_kafka_t>;

/// Refusals in a row after which a client gives up, as Java's do at the first; the library itself
/// would try for ever. It reports a third identical one only half a minute later.
inline constexpr int kMaxRefusals = 2;

/// A broker refused us or we it (credentials, certificates), which trying again will not change; no
/// connection that merely broke.
bool is_refusal(rd_kafka_resp_err_t code, std::string_view reason) noexcept;

/// `reason` in Java's terms: why a certificate was refused and which settings to check.
std::string explain(const rd_kafka_t* client, std::string_view reason);

/// Configuration object with everything of `config` set, logging routed to the worker's log.
/// Throws ConfigException that names the key.
Conf make_conf(const ClientConfig& config);

/// Logs the warnings of a translation once per client.
void log_warnings(const ClientConfig& config, std::string_view client_id);

/// Creates a client; throws KafkaException with the library's reason.
rd_kafka_t* make_client(rd_kafka_type_t type, Conf conf);

ErrorKind kind_of(rd_kafka_resp_err_t code) noexcept;
RowError row_error(rd_kafka_resp_err_t code, std::string message);
/// Throws an Error of the kind that fits the code: `ACTION: REASON (CODE)`.
[[noreturn]] void throw_error(const std::string& action, rd_kafka_resp_err_t code,
                              std::string_view reason = {});

PartitionList make_list(const OffsetMap& offsets);
template <class Partitions>
PartitionList make_list_of(const Partitions& partitions) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& tp : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition);
  }
  return list;
}

}  // namespace millrace::kafka
