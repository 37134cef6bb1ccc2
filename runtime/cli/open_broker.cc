#include "runtime/cli/open_broker.h"

#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/broker/kafka/kafka_broker.h"

namespace millrace {

std::unique_ptr<Broker> open_broker(const StandaloneConfig& config, const Properties& settings) {
  if (config.uses_embedded_log()) return embedded::open_embedded_broker(settings);
  return kafka::make_kafka_broker(settings);
}

}  // namespace millrace
