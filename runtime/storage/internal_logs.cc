// Which of a distributed worker's topics share a consumer or a producer (kafka-clients.md §7).

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/storage/internal_topics.h"

namespace millrace {
namespace {

constexpr const char* kDeliveryTimeout = "delivery.timeout.ms";
constexpr Millis kDefaultDeliveryTimeout{120'000};  // of Kafka's producer
constexpr const char* kNoDeliveryTimeout = "2147483647";

/// Makes the logs, and their clients where no log before has some that fit.
class LogMaker {
 public:
  LogMaker(Executor& control, Broker& broker, std::shared_ptr<BrokerAdmin> admin,
           const Properties& worker)
      : control_(control), broker_(broker), admin_(std::move(admin)), worker_(worker) {}

  std::unique_ptr<BrokerTopicLog> make(InternalTopicKind kind) {
    InternalTopic topic = internal_topic(worker_, kind);
    BrokerTopicLog::Clients settings = internal_clients(worker_, kind);
    BrokerTopicLog::Shared clients;
    clients.poller = poller_of(std::move(settings.consumer), topic.name);
    if (kind == InternalTopicKind::Offset || !may_share(settings.producer)) {
      clients.writer = std::make_shared<TopicWriter>(broker_, std::move(settings.producer));
    } else {
      clients.delivery_timeout = delivery_timeout_of(settings.producer);
      clients.writer = shared_writer(std::move(settings.producer));
    }
    return std::make_unique<BrokerTopicLog>(control_, admin_, std::move(topic), clients,
                                            internal_topic_limits(worker_));
  }

 private:
  struct Reading {
    Properties client;
    std::set<std::string> topics;
    std::shared_ptr<TopicPoller> poller;
  };

  std::shared_ptr<TopicPoller> poller_of(Properties client, const std::string& topic) {
    client["client.id"] = internal_client_id(worker_, "shared-reader");
    for (Reading& one : readings_) {
      if (one.client != client || one.topics.contains(topic)) continue;
      one.topics.insert(topic);
      return one.poller;
    }
    auto made = std::make_shared<TopicPoller>(control_, broker_, client);
    readings_.push_back({std::move(client), {topic}, made});
    return made;
  }

  // One that the worker's file names is for the client to check.
  bool may_share(const Properties& producer) const {
    return find(producer, kDeliveryTimeout) == nullptr ||
           producer.at(kDeliveryTimeout) == kNoDeliveryTimeout;
  }
  static std::optional<Millis> delivery_timeout_of(const Properties& producer) {
    if (find(producer, kDeliveryTimeout) != nullptr) return std::nullopt;
    return kDefaultDeliveryTimeout;
  }

  // Of settings that differ in the delivery timeout at most.
  std::shared_ptr<TopicWriter> shared_writer(Properties client) {
    client["client.id"] = internal_client_id(worker_, "shared-writer");
    client[kDeliveryTimeout] = kNoDeliveryTimeout;
    if (!writer_) writer_ = std::make_shared<TopicWriter>(broker_, std::move(client));
    return writer_;
  }

  Executor& control_;
  Broker& broker_;
  const std::shared_ptr<BrokerAdmin> admin_;
  const Properties& worker_;
  std::vector<Reading> readings_;
  std::shared_ptr<TopicWriter> writer_;
};

}  // namespace

InternalLogs make_internal_logs(Executor& control, Broker& broker,
                                const std::shared_ptr<BrokerAdmin>& admin,
                                const Properties& worker) {
  LogMaker maker(control, broker, admin, worker);
  InternalLogs logs;
  logs.config = maker.make(InternalTopicKind::Config);
  logs.status = maker.make(InternalTopicKind::Status);
  logs.offset = maker.make(InternalTopicKind::Offset);
  return logs;
}

}  // namespace millrace
