#pragma once
// The one consumer of several topic logs, on a thread of its own (kafka-clients.md §7).

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/core/executor.h"
#include "runtime/storage/log_reads.h"

namespace millrace {

/// Reads the topics of its logs from their first records on. The thread and its client come with
/// the first topic, and go with the last log or with this. All functions but add() and the
/// destructor: any thread, none blocks.
class TopicPoller {
 public:
  /// Batches of records on their way to the control thread; the poller waits beyond them.
  static constexpr size_t kMaxBatches = 8;
  static constexpr uint32_t kBatchRows = 2'000;

  /// `control` is where all these logs are consumed; it and `broker` outlive this. `client`: the
  /// consumer's settings, complete, in Java's names.
  TopicPoller(Executor& control, Broker& broker, Properties client);
  ~TopicPoller();

  /// One more log will need this, until leave(). Not when all that did have left.
  void enroll();
  /// Reads the topic, which has so many partitions; no other log here has the same one. Returns
  /// when the consumer has it, throws what it said of it, or that `stop` was asked.
  void add(const std::shared_ptr<LogReads>& log, int32_t partitions, const std::stop_token& stop);
  /// Ends were looked up.
  void wakeup() noexcept;
  /// Nothing of the log is consumed from now on.
  void leave(const std::shared_ptr<LogReads>& log) noexcept;

 private:
  struct Topic {
    std::shared_ptr<LogReads> log;
    std::vector<TopicPartition> partitions;
  };
  struct Joining {
    Topic topic;
    bool is_done = false;
    std::exception_ptr error = {};
  };
  /// How many batches the control thread has not consumed.
  struct Credit {
    std::mutex mutex;
    std::condition_variable_any changed;
    size_t used = 0;
  };

  void run(const std::stop_token& stop);
  bool wait_for_topics(const std::stop_token& stop);
  void take_changes();
  void take(Topic topic);
  void give_up(const LogReads& log);
  void poll(const std::stop_token& stop);
  void deliver(const std::stop_token& stop);
  void fail(const std::exception_ptr& error, const std::stop_token& stop);
  void answer_reached();
  bool reached(const OffsetMap& ends) const;
  void close();

  Executor& control_;
  Broker& broker_;
  const Properties client_;
  const std::shared_ptr<Credit> credit_ = std::make_shared<Credit>();
  std::stop_source end_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  size_t enrolled_ = 0;
  std::vector<std::shared_ptr<Joining>> joining_;
  std::vector<std::shared_ptr<LogReads>> leaving_;
  std::unique_ptr<RecordConsumer> consumer_;  // made and gone on the thread, under the mutex

  // The thread's alone.
  std::map<std::string, Topic, std::less<>> topics_;
  RecordBatch batch_{kBatchRows};
  std::jthread thread_;  // last: ends before the rest goes
};

}  // namespace millrace
