#pragma once
// The log a worker's settings ask for.

#include <memory>

#include "runtime/broker/broker.h"

namespace millrace {

/// The embedded log when `embedded.log.dir` is set, else the Kafka cluster of `bootstrap.servers`.
std::unique_ptr<Broker> open_broker(const Properties& settings);

}  // namespace millrace
