#pragma once
// The records of one topic log on their way to the producer that it may share with other logs.

#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/storage/internal_topic.h"
#include "runtime/storage/log_answers.h"

namespace millrace {

/// A batch of records that the producer has, or is to take.
struct WriteBatch {
  explicit WriteBatch(uint32_t rows) : batch(rows) {}

  RecordBatch batch;
  std::vector<LogOperation> operations;  // of each row; kAnswered when it has been answered
  std::vector<uint32_t> unsent;          // rows the producer did not take, in order
  size_t open = 0;                       // rows that were not answered

  static constexpr LogOperation kAnswered = 0;
  /// The operation of the row, which is answered now.
  LogOperation close(uint32_t row);
  /// The producer has none of the rows that are open any more.
  void take_back();
};

/// Part of TopicWriter: what comes first is guarded by its mutex, the rest is its thread's.
class WriteQueue {
 public:
  static constexpr size_t kMaxWaiting = 100'000;
  static constexpr uint32_t kBatchRows = 1'000;
  static constexpr size_t kMaxBatches = 8;

  WriteQueue(InternalTopic of, std::shared_ptr<LogAnswers> to, std::optional<Millis> timeout)
      : topic(std::move(of)), answers(std::move(to)), delivery_timeout(timeout) {}

  const InternalTopic topic;
  const std::shared_ptr<LogAnswers> answers;
  const std::optional<Millis> delivery_timeout;

  /// Null when it was taken in, otherwise why not.
  std::exception_ptr push(LogOperation operation, std::string key,
                          std::optional<std::string> value);
  /// What waits, answered with `error`.
  LogOutcomes drop_waiting(const std::exception_ptr& error);
  bool can_send() const noexcept { return is_open && !waiting_.empty(); }
  bool is_open = false;     // the topic can be written
  bool is_stopped = false;  // nothing more comes
  bool abandoned = false;   // until the thread has dropped what it holds
  std::exception_ptr failure;

  /// A batch of what waits, if there is room; it is the last of batches().
  WriteBatch* fill();

  std::deque<std::unique_ptr<WriteBatch>>& batches() noexcept { return batches_; }
  bool has_unsent() const noexcept;
  void erase(const WriteBatch& done);
  LogOutcomes answer_all(const std::exception_ptr& error);
  std::exception_ptr error_of(const RowError& error) const;
  std::exception_ptr given_up() const;
  bool is_limited = false;  // the producer knows delivery_timeout

 private:
  struct Append {
    LogOperation operation;
    std::string key;
    std::optional<std::string> value;
  };
  std::deque<Append> waiting_;
  std::deque<std::unique_ptr<WriteBatch>> batches_;  // the thread's
};

}  // namespace millrace
