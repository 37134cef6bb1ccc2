#include "runtime/broker/kafka/kafka_broker.h"

#include "runtime/broker/client_layers.h"
#include "runtime/broker/kafka/kafka_admin.h"
#include "runtime/broker/kafka/kafka_consumer.h"
#include "runtime/broker/kafka/kafka_producer.h"

namespace millrace::kafka {
namespace {

constexpr int kOldestLibrary = 0x020c0000;  // 2.12.0

ClientConfig translate_and_warn(const Properties& config, ClientKind kind,
                                const Properties& worker) {
  ClientConfig translated = translate(config, kind, worker);
  const std::string* id = find(config, "client.id");
  log_warnings(translated, id != nullptr ? *id : "");
  return translated;
}

class KafkaBroker final : public Broker {
 public:
  explicit KafkaBroker(const Properties& worker) : worker_(worker) {}

  std::string cluster_id() override {
    // The handle goes away again: an idle worker keeps no broker connection.
    const ClientConfig config = translate(worker_admin_config(worker_), ClientKind::Admin);
    return KafkaAdmin(config).cluster_id(Millis{config.api_timeout_ms});
  }
  std::unique_ptr<RecordProducer> make_producer(const Properties& config,
                                                DeliveryListener& listener) override {
    return std::make_unique<KafkaProducer>(
        translate_and_warn(config, ClientKind::Producer, worker_), listener);
  }
  std::unique_ptr<RecordConsumer> make_consumer(const Properties& config) override {
    return std::make_unique<KafkaConsumer>(
        translate_and_warn(config, ClientKind::Consumer, worker_));
  }
  std::unique_ptr<BrokerAdmin> make_admin(const Properties& config) override {
    return std::make_unique<KafkaAdmin>(translate(config, ClientKind::Admin));
  }

 private:
  Properties worker_;
};

}  // namespace

std::unique_ptr<Broker> make_kafka_broker(const Properties& worker) {
  if (rd_kafka_version() < kOldestLibrary) {
    throw ConfigException(std::string("librdkafka ") + rd_kafka_version_str() +
                          " was loaded, but 2.12 or newer is needed; check the library path");
  }
  return std::make_unique<KafkaBroker>(worker);
}

}  // namespace millrace::kafka
