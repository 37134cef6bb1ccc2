#pragma once
// The one producer of several topic logs, on a thread of its own (kafka-clients.md §7).

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/storage/write_queue.h"

namespace millrace {

/// Sends the records of each log in the order in which they were given. The thread comes with the
/// first record, and goes when all logs have stopped. All functions: any thread, none blocks but
/// the destructor.
class TopicWriter final : private DeliveryListener {
 public:
  /// Records of a log that may wait for the producer; above it append() answers with an error.
  static constexpr size_t kMaxWaiting = WriteQueue::kMaxWaiting;
  /// Batches of records of a log that the producer has and that are not durable.
  static constexpr size_t kMaxBatches = WriteQueue::kMaxBatches;
  /// What was given before the end may take so long.
  static constexpr Millis kCloseWait{5'000};

  /// `broker` outlives this. `client`: settings of the producer, complete, in Java's names.
  TopicWriter(Broker& broker, Properties client);
  ~TopicWriter() override;

  using Queue = std::shared_ptr<WriteQueue>;

  /// A log's part. Its records fail after `delivery_timeout`, where that is set, in place of
  /// `delivery.timeout.ms`. Not when all other logs have stopped.
  Queue enroll(InternalTopic topic, std::shared_ptr<LogAnswers> answers,
               std::optional<Millis> delivery_timeout);
  /// Partition by the murmur2 hash of the key, as Java's producers.
  void append(const Queue& queue, LogOperation operation, std::string key,
              std::optional<std::string> value);
  /// Answers what is not durable with an error, and lets its producer send none of it. Later
  /// records go through a new one, as does what that producer had of other logs: some of it may
  /// become durable twice.
  void abandon(const Queue& queue) noexcept;
  /// The topic can be written from now on.
  void open(const Queue& queue);
  /// It cannot: what waits and what comes is answered with `error`.
  void fail(const Queue& queue, const std::exception_ptr& error);
  void stop(const Queue& queue) noexcept;

 private:
  /// Answers for several logs.
  class Answers {
   public:
    void add(WriteQueue& queue, LogOperation operation, std::exception_ptr error);
    ~Answers();  // posts them

   private:
    std::map<WriteQueue*, LogOutcomes> outcomes_;
  };
  struct Place {
    WriteQueue* queue;
    WriteBatch* batch;
  };

  void run();
  void wake();
  bool take();
  bool drop_abandoned();
  void make_producer();
  void send_unsent();
  bool send(WriteQueue& queue, WriteBatch& batch, Answers& answers);
  void give_up(const std::exception_ptr& error);
  void serve();
  void close() noexcept;
  bool has_unsent() const noexcept;
  void finish(WriteQueue& queue, WriteBatch& batch);
  void on_delivery(std::span<const Delivery> deliveries) override;

  Broker& broker_;
  const Properties client_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Queue> queues_;
  bool abandoned_ = false;  // some queue is
  bool stopping_ = false;
  std::chrono::steady_clock::time_point close_by_;  // once stopping
  std::unique_ptr<RecordProducer> producer_;  // made and gone on the thread, under the mutex

  // The thread's alone.
  std::vector<Queue> serving_;  // as queues_
  std::map<const RecordBatch*, Place> places_;
  bool is_dropping_ = false;
  bool broken_ = false;  // the producer takes none any more
  std::thread thread_;
};

}  // namespace millrace
