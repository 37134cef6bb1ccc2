#pragma once
// TopicLog over the broker seam (KafkaBasedLog, connect-cluster.md §1.1).

#include <memory>
#include <optional>

#include "runtime/broker/broker.h"
#include "runtime/storage/topic_reader.h"
#include "runtime/storage/topic_writer.h"

namespace millrace {

/// A consumer and a producer on a thread each, of its own or shared with other logs, and a thread
/// while the cluster is asked about the topic. The control thread never waits for them, but in the
/// destructor: for a call of the cluster that is under way (InternalTopicLimits::kCall), and, in
/// the last log of a producer, for records on their way (TopicWriter::kCloseWait).
///
/// While the brokers are away, appends and reads to the end wait, without a limit of their own (a
/// producer's `delivery.timeout.ms` apart), as Kafka's do; a caller sets its own. What goes wrong
/// with one topic does not concern the other logs of the same clients.
class BrokerTopicLog final : public TopicLog {
 public:
  /// Settings of the clients, complete, in Java's names.
  struct Clients {
    Properties producer;
    Properties consumer;
  };
  /// Clients that logs of the same `control` share. They are made when the first of these reads and
  /// writes, and go when the last has stopped: no log may be made with them after that.
  struct Shared {
    std::shared_ptr<TopicPoller> poller;  // of logs of different topics
    std::shared_ptr<TopicWriter> writer;
    std::optional<Millis> delivery_timeout = {};  // in place of the producer's
  };
  /// `control` and `broker` outlive this.
  BrokerTopicLog(Executor& control, Broker& broker, std::shared_ptr<BrokerAdmin> admin,
                 InternalTopic topic, Clients clients, InternalTopicLimits limits = {});
  BrokerTopicLog(Executor& control, std::shared_ptr<BrokerAdmin> admin, InternalTopic topic,
                 const Shared& clients, InternalTopicLimits limits = {});
  ~BrokerTopicLog() override;

  void start(Consumer consumer, Callback<Done> caught_up) override;
  void append(std::string key, std::optional<std::string> value, Callback<Done> done) override;
  void abandon_writes() noexcept override { writer_->abandon(queue_); }
  void read_to_end(Callback<Done> done) override;
  void stop() noexcept override;

  const InternalTopic& topic() const noexcept { return queue_->topic; }

 private:
  const std::shared_ptr<LogAnswers> answers_;
  const std::shared_ptr<TopicWriter> writer_;
  const TopicWriter::Queue queue_;
  TopicReader reader_;  // its thread opens the queue
};

}  // namespace millrace
