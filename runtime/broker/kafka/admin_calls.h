#pragma once
// What the admin operations share.

#include <algorithm>
#include <memory>
#include <string>

#include "runtime/broker/broker.h"
#include "runtime/broker/kafka/handles.h"

namespace millrace::kafka {

using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;
using NewTopicRequest = std::unique_ptr<rd_kafka_NewTopic_t, Deleter<rd_kafka_NewTopic_destroy>>;
using ConfigRequest =
    std::unique_ptr<rd_kafka_ConfigResource_t, Deleter<rd_kafka_ConfigResource_destroy>>;
using TopicCollection =
    std::unique_ptr<rd_kafka_TopicCollection_t, Deleter<rd_kafka_TopicCollection_destroy>>;

/// Milliseconds as the C API takes them; at most an hour.
inline int to_int(Millis timeout) {
  return static_cast<int>(std::clamp<Millis::rep>(timeout.count(), 0, 3'600'000));
}

inline AdminOptions admin_options(rd_kafka_t* client, rd_kafka_admin_op_t operation,
                                  Millis timeout) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), to_int(timeout), text, sizeof text);
  return options;
}

/// What passes by itself once the cluster has settled: Java's clients try such requests again, the
/// library's admin operations do not.
inline bool is_passing(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_OR_FOLLOWER:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER: return true;
    default: return false;
  }
}

/// As throw_error(), with RetriableException for what passes by itself.
[[noreturn]] inline void throw_admin_error(const std::string& action, rd_kafka_resp_err_t code,
                                           std::string_view reason = {}) {
  if (!is_passing(code)) throw_error(action, code, reason);
  throw RetriableException(action + ": " + std::string(reason.empty() ? rd_kafka_err2str(code)
                                                                      : reason) +
                           " (" + rd_kafka_err2name(code) + ")");
}

/// Throws for the first partition with an error.
inline void check_list(const rd_kafka_topic_partition_list_t* list, const std::string& action) {
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const auto& one = list->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    throw_error(action + " for " + TopicPartition{one.topic, one.partition}.to_string(), one.err);
  }
}

}  // namespace millrace::kafka
