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
    : topic_(std::move(topic)),
      limits_(limits),
      admin_(std::move(admin)),
      answers_(std::make_shared<LogAnswers>(control)),
      writer_(broker, topic_, std::move(clients.producer), answers_),
      reader_({broker, *admin_, topic_, limits_, std::move(clients.consumer),
               [this](const std::exception_ptr& error) {
                 error ? writer_.fail(error) : writer_.open();
               }},
              answers_) {}

BrokerTopicLog::~BrokerTopicLog() {
  if (!answers_->ended()) stop();
}

void BrokerTopicLog::start(Consumer consumer, Callback<Done> caught_up) {
  logger().info("Starting to read {}", topic_.label());
  answers_->set_consumer(std::move(consumer));
  reader_.start(answers_->add(std::move(caught_up)));
}

void BrokerTopicLog::append(std::string key, std::optional<std::string> value,
                            Callback<Done> done) {
  const LogOperation operation = answers_->add(std::move(done));
  if (answers_->ended()) return answers_->end("writing to " + topic_.label() + ": it is stopped");
  writer_.append(operation, std::move(key), std::move(value));
}

void BrokerTopicLog::read_to_end(Callback<Done> done) {
  const LogOperation operation = answers_->add(std::move(done));
  if (answers_->ended()) return answers_->end("reading " + topic_.label() + ": it is stopped");
  reader_.read_to_end(operation);
}

void BrokerTopicLog::stop() noexcept {
  answers_->end(topic_.label() + " is stopped");
  reader_.stop();
  writer_.stop();
}

}  // namespace millrace
