#include "runtime/storage/broker_topic_log.h"

#include "runtime/metrics/log.h"

namespace millrace {
namespace {

spdlog::logger& logger() {
  static auto& instance = logging::get("org.apache.kafka.connect.util.KafkaBasedLog");
  return instance;
}

}  // namespace

BrokerTopicLog::BrokerTopicLog(Executor& control, Broker& broker,
                               std::shared_ptr<BrokerAdmin> admin, InternalTopic topic,
                               Clients clients, InternalTopicLimits limits)
    : BrokerTopicLog(
          control, std::move(admin), std::move(topic),
          Shared{std::make_shared<TopicPoller>(control, broker, std::move(clients.consumer)),
                 std::make_shared<TopicWriter>(broker, std::move(clients.producer))},
          limits) {}

BrokerTopicLog::BrokerTopicLog(Executor& control, std::shared_ptr<BrokerAdmin> admin,
                               InternalTopic topic, const Shared& clients,
                               InternalTopicLimits limits)
    : answers_(std::make_shared<LogAnswers>(control)),
      writer_(clients.writer),
      queue_(writer_->enroll(topic, answers_, clients.delivery_timeout)),
      reader_({std::move(admin), clients.poller, limits,
               [this](const std::exception_ptr& error) {
                 error ? writer_->fail(queue_, error) : writer_->open(queue_);
               }},
              std::move(topic), answers_) {}

BrokerTopicLog::~BrokerTopicLog() {
  if (!answers_->ended()) stop();
}

void BrokerTopicLog::start(Consumer consumer, Callback<Done> caught_up) {
  logger().info("Starting to read {}", topic().label());
  answers_->set_consumer(std::move(consumer));
  reader_.start(answers_->add(std::move(caught_up)));
}

void BrokerTopicLog::append(std::string key, std::optional<std::string> value,
                            Callback<Done> done) {
  const LogOperation operation = answers_->add(std::move(done));
  if (answers_->ended()) return answers_->end("writing to " + topic().label() + ": it is stopped");
  writer_->append(queue_, operation, std::move(key), std::move(value));
}

void BrokerTopicLog::read_to_end(Callback<Done> done) {
  const LogOperation operation = answers_->add(std::move(done));
  if (answers_->ended()) return answers_->end("reading " + topic().label() + ": it is stopped");
  reader_.read_to_end(operation);
}

void BrokerTopicLog::stop() noexcept {
  answers_->end(topic().label() + " is stopped");
  reader_.stop();
  writer_->stop(queue_);
}

}  // namespace millrace
