#pragma once
// The reading half of BrokerTopicLog: one consumer on a thread of its own, that also asks the
// cluster about the topic.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/storage/internal_topic.h"
#include "runtime/storage/log_answers.h"

namespace millrace {

/// All functions but the destructor: any thread, none blocks.
class TopicReader {
 public:
  /// Batches of records on their way to the control thread; the reader waits beyond them.
  static constexpr size_t kMaxBatches = 8;
  static constexpr uint32_t kBatchRows = 2'000;
  /// Reads to the end that may wait; above it they are answered with an error at once.
  static constexpr size_t kMaxWaiting = 10'000;

  struct Parts {
    Broker& broker;
    BrokerAdmin& admin;
    const InternalTopic& topic;
    const InternalTopicLimits& limits;
    Properties client;
    /// Called on the thread once the topic is there, or with why it is not to be used.
    std::function<void(std::exception_ptr)> prepared;
  };
  TopicReader(Parts parts, std::shared_ptr<LogAnswers> answers);
  ~TopicReader();

  /// Makes or checks the topic, then reads; `caught_up` is answered at its end.
  void start(LogOperation caught_up);
  void read_to_end(LogOperation operation);
  void stop() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  /// Operations that wait until the reader has come to `ends`.
  struct Round {
    OffsetMap ends;
    std::vector<LogOperation> operations;
  };
  /// How many batches the control thread has not consumed.
  struct Credit {
    std::mutex mutex;
    std::condition_variable_any changed;
    size_t used = 0;
  };

  void run(const std::stop_token& stop);
  void open(const std::stop_token& stop);
  void read(const std::stop_token& stop);
  void take_requests();
  Millis look_up_ends();
  OffsetMap ends_of_topic();
  void poll(Millis wait, const std::stop_token& stop);
  void deliver(const std::stop_token& stop);
  void answer_reached();
  bool reached(const OffsetMap& ends) const;
  void fail_open(const std::exception_ptr& error);
  void fail(std::exception_ptr error);

  Parts parts_;
  const std::shared_ptr<LogAnswers> answers_;
  const std::shared_ptr<Credit> credit_ = std::make_shared<Credit>();

  std::mutex mutex_;
  std::vector<LogOperation> requests_;
  std::exception_ptr failure_;
  std::unique_ptr<RecordConsumer> consumer_;  // made and gone on the thread, under the mutex

  // The thread's alone.
  std::vector<TopicPartition> partitions_;
  RecordBatch batch_{kBatchRows};
  std::vector<LogOperation> asking_;  // the ends for them are not known yet
  Clock::time_point next_look_up_;
  Clock::time_point missing_since_;
  bool is_missing_ = false;
  bool is_trying_ = false;            // the last look at the ends failed
  Clock::time_point first_ends_by_;  // until the first look that succeeded
  std::deque<Round> rounds_;
  std::jthread thread_;  // last: ends before the rest goes
};

}  // namespace millrace
