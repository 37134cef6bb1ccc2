#pragma once
// The writing half of BrokerTopicLog: one producer on a thread of its own.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/storage/internal_topic.h"
#include "runtime/storage/log_answers.h"

namespace millrace {

/// Sends records in the order in which they were given. All functions: any thread, none blocks but
/// the destructor.
class TopicWriter final : private DeliveryListener {
 public:
  /// Records that may wait for the producer; above it append() answers with an error at once.
  static constexpr size_t kMaxWaiting = 100'000;
  static constexpr uint32_t kBatchRows = 1'000;
  /// Batches of records that the producer has and that are not durable.
  static constexpr size_t kMaxBatches = 8;
  /// What was given before the end may take so long.
  static constexpr Millis kCloseWait{5'000};

  TopicWriter(Broker& broker, const InternalTopic& topic, Properties client,
              std::shared_ptr<LogAnswers> answers);
  ~TopicWriter() override;

  /// Partition by the murmur2 hash of the key, as Java's producers.
  void append(LogOperation operation, std::string key, std::optional<std::string> value);
  /// Answers what is not durable with an error, and lets its producer send none of it. Later
  /// records go through a new one.
  void abandon() noexcept;
  /// The topic can be written from now on.
  void open();
  /// It cannot: what waits and what comes is answered with `error`.
  void fail(std::exception_ptr error);
  void stop() noexcept;

 private:
  struct Append {
    LogOperation operation;
    std::string key;
    std::optional<std::string> value;
  };
  /// Rows of one batch, and how many of them are not answered.
  struct Sending {
    RecordBatch batch{kBatchRows};
    std::vector<LogOperation> operations;
    size_t sent = 0;
    size_t open = 0;
  };

  void run();
  bool drop_abandoned();
  bool take();
  void make_producer();
  void send_rest();
  void give_up(std::exception_ptr error);
  void serve();
  void close() noexcept;
  std::exception_ptr error_of(const RowError& error) const;
  void on_delivery(std::span<const Delivery> deliveries) override;

  Broker& broker_;
  const InternalTopic& topic_;
  const Properties client_;
  const std::shared_ptr<LogAnswers> answers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Append> waiting_;
  bool abandoned_ = false;    // until the thread has dropped what it holds,
  size_t dropped_ = 0;        // and so many at the front of what waits
  bool stopping_ = false;
  std::chrono::steady_clock::time_point close_by_;  // once stopping
  std::exception_ptr failure_;
  std::unique_ptr<RecordProducer> producer_;  // made and gone on the thread, under the mutex

  // The thread's alone.
  std::map<const RecordBatch*, std::unique_ptr<Sending>> sending_;
  Sending* rest_ = nullptr;  // has rows the producer did not take yet
  bool broken_ = false;      // the producer takes none any more
  std::thread thread_;
};

}  // namespace millrace
