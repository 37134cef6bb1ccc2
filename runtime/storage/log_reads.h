#pragma once
// Calls that wait until what a topic held at their time has been consumed.

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/storage/internal_topic.h"
#include "runtime/storage/log_answers.h"

namespace millrace {

/// Calls come in, the ends of the topic are looked up for all that wait, and they are answered when
/// the reader has come to these. Any thread, none blocks.
class LogReads {
 public:
  /// Calls that may wait for a look-up; above it they are answered with an error at once.
  static constexpr size_t kMaxWaiting = 10'000;

  LogReads(InternalTopic topic, std::shared_ptr<LogAnswers> answers)
      : topic_(std::move(topic)), answers_(std::move(answers)) {}

  const InternalTopic& topic() const noexcept { return topic_; }
  const std::shared_ptr<LogAnswers>& answers() const noexcept { return answers_; }

  /// Answers at once when it cannot wait.
  void ask(LogOperation operation);
  /// Some call has no look-up yet.
  bool is_asked() const;
  /// The next look-up is for all calls so far; false: there are none.
  bool start_look_up();
  void looked_up(OffsetMap ends);
  /// Answers calls whose ends are reached, as `reached` tells. The records up to them were posted
  /// before.
  void answer_reached(const std::function<bool(const OffsetMap& ends)>& reached);
  /// Answers with what went wrong, put in the words of about(), whatever waits for a look-up that
  /// was started or for its ends.
  void fail_open(const std::exception_ptr& error);
  /// The same for all calls, now and later.
  void fail(const std::exception_ptr& error);
  /// `error` with the topic's name around it where it does not tell.
  std::exception_ptr about(const std::exception_ptr& error) const;

 private:
  struct Round {
    OffsetMap ends;
    std::vector<LogOperation> operations;
  };
  void answer(std::vector<LogOperation> operations, const std::exception_ptr& error);

  const InternalTopic topic_;
  const std::shared_ptr<LogAnswers> answers_;
  mutable std::mutex mutex_;
  std::vector<LogOperation> requests_;
  std::vector<LogOperation> asking_;  // their look-up is under way
  std::deque<Round> rounds_;
  std::exception_ptr failure_;
};

}  // namespace millrace
