#pragma once
// A Kafka cluster as the worker's log.

#include <memory>
#include <string>

#include "runtime/broker/broker.h"

namespace millrace::kafka {

/// `worker` are the worker's settings; unprefixed ones configure the cluster-id look-up. Logs the
/// client library's version and refuses one that is too old.
std::unique_ptr<Broker> make_kafka_broker(const Properties& worker);

}  // namespace millrace::kafka
