#pragma once
// The reading half of BrokerTopicLog: asks the cluster about the topic, has a TopicPoller read it.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "runtime/storage/topic_poller.h"

namespace millrace {

/// Has a thread only while it makes or checks the topic or looks for its end, so that a cluster
/// that is slow to answer for this topic holds up no other. Control thread only; nothing blocks but
/// the destructor.
class TopicReader {
 public:
  static constexpr size_t kMaxBatches = TopicPoller::kMaxBatches;
  static constexpr uint32_t kBatchRows = TopicPoller::kBatchRows;
  /// The thread stays for so long without work.
  static constexpr Millis kLinger{1'000};

  struct Parts {
    std::shared_ptr<BrokerAdmin> admin;
    std::shared_ptr<TopicPoller> poller;
    InternalTopicLimits limits;
    /// Called on the thread once the topic is there, or with why it is not to be used.
    std::function<void(std::exception_ptr)> prepared;
  };
  TopicReader(Parts parts, InternalTopic topic, std::shared_ptr<LogAnswers> answers);
  ~TopicReader();

  /// Makes or checks the topic, then reads; `caught_up` is answered at its end.
  void start(LogOperation caught_up) { read_to_end(caught_up); }
  void read_to_end(LogOperation operation);
  void stop() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  void run(const std::stop_token& stop);
  void open(const std::stop_token& stop);
  void look_up_until_idle(const std::stop_token& stop);
  void look_up_ends(const std::stop_token& stop);
  OffsetMap ends_of_topic();

  Parts parts_;
  const std::shared_ptr<LogReads> reads_;
  bool stopped_ = false;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool running_ = false;

  // The thread's alone.
  int32_t partitions_ = 0;  // 0: not prepared
  Clock::time_point missing_since_;
  bool is_missing_ = false;
  bool is_trying_ = false;           // the last look at the ends failed
  Clock::time_point first_ends_by_;  // until the first look that succeeded
  std::jthread thread_;              // last: ends before the rest goes
};

}  // namespace millrace
