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

/// Throws for the first partition with an error.
inline void check_list(const rd_kafka_topic_partition_list_t* list, const std::string& action) {
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const auto& one = list->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    throw_error(action + " for " + TopicPartition{one.topic, one.partition}.to_string(), one.err);
  }
}

}  // namespace millrace::kafka
