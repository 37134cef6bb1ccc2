#include "runtime/cli/open_broker.h"

#include "runtime/broker/embedded/embedded_broker.h"
#include "runtime/broker/kafka/kafka_broker.h"

namespace millrace {

std::unique_ptr<Broker> open_broker(const Properties& settings) {
  if (settings.contains("embedded.log.dir")) return embedded::open_embedded_broker(settings);
  return kafka::make_kafka_broker(settings);
}

}  // namespace millrace
