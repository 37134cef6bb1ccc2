#pragma once
// The control thread's side of a topic log: whom to call when another thread has an answer.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/errors.h"
#include "runtime/core/executor.h"
#include "runtime/storage/topic_log.h"

namespace millrace {

/// Names an operation that is not answered yet.
using LogOperation = uint64_t;

/// What became of operations; null: done.
using LogOutcomes = std::vector<std::pair<LogOperation, std::exception_ptr>>;

/// Outlives the log while answers are on their way. Control thread only, but for the functions that
/// post.
class LogAnswers : public std::enable_shared_from_this<LogAnswers> {
 public:
  explicit LogAnswers(Executor& control) : control_(control) {}

  LogOperation add(Callback<Done> done) {
    open_.emplace(++last_, std::move(done));
    return last_;
  }
  void answer(const LogOutcomes& outcomes) {
    for (const auto& [operation, error] : outcomes) {
      const auto done = open_.extract(operation);
      if (!done) continue;
      if (error) done.mapped()(error);
      else done.mapped()(Done{});
    }
  }
  /// Answers what is open with an error, and drops what comes later.
  void end(const std::string& what) {
    LogOutcomes all;
    const auto error = std::make_exception_ptr(ConnectException(what));
    for (const auto& [operation, done] : open_) all.emplace_back(operation, error);
    post(std::move(all));
    ended_ = true;
    consumer_ = nullptr;
  }
  bool ended() const noexcept { return ended_; }
  void set_consumer(TopicLog::Consumer consumer) { consumer_ = std::move(consumer); }
  void consume(const TopicLogRecord& record) {
    if (!ended_) consumer_(record);
  }

  /// Any thread: answer() on the control thread.
  void post(LogOutcomes outcomes) {
    if (outcomes.empty()) return;
    control_.post([self = shared_from_this(), outcomes = std::move(outcomes)] {
      self->answer(outcomes);
    });
  }
  void post(LogOperation operation, std::exception_ptr error) {
    post(LogOutcomes{{operation, std::move(error)}});
  }
  Executor& control() noexcept { return control_; }

 private:
  Executor& control_;
  TopicLog::Consumer consumer_;
  std::map<LogOperation, Callback<Done>> open_;
  LogOperation last_ = 0;
  bool ended_ = false;
};

}  // namespace millrace
