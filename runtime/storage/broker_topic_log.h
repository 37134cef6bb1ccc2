#pragma once
// TopicLog over the broker seam (KafkaBasedLog, connect-cluster.md §1.1).

#include <memory>

#include "runtime/broker/broker.h"
#include "runtime/storage/topic_reader.h"
#include "runtime/storage/topic_writer.h"

namespace millrace {

/// Two threads and two clients: one reads and asks the cluster about the topic, one writes. The
/// control thread never waits for them, but in the destructor: for a call of the cluster that is
/// under way (InternalTopicLimits::kCall), and for records on their way (TopicWriter::kCloseWait).
///
/// While the brokers are away, appends and reads to the end wait, without a limit of their own (a
/// producer's `delivery.timeout.ms` apart), as Kafka's do; a caller sets its own.
class BrokerTopicLog final : public TopicLog {
 public:
  /// Settings of the clients, complete, in Java's names.
  struct Clients {
    Properties producer;
    Properties consumer;
  };
  /// `control` and `broker` outlive this.
  BrokerTopicLog(Executor& control, Broker& broker, std::shared_ptr<BrokerAdmin> admin,
                 InternalTopic topic, Clients clients, InternalTopicLimits limits = {});
  ~BrokerTopicLog() override;

  void start(Consumer consumer, Callback<Done> caught_up) override;
  void append(std::string key, std::optional<std::string> value, Callback<Done> done) override;
  void abandon_writes() noexcept override { writer_.abandon(); }
  void read_to_end(Callback<Done> done) override;
  void stop() noexcept override;

  const InternalTopic& topic() const noexcept { return topic_; }

 private:
  const InternalTopic topic_;
  const InternalTopicLimits limits_;
  const std::shared_ptr<BrokerAdmin> admin_;
  const std::shared_ptr<LogAnswers> answers_;
  TopicWriter writer_;
  TopicReader reader_;  // its thread opens the writer
};

}  // namespace millrace
