#include "runtime/storage/write_queue.h"

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

WireBytes to_wire(const std::optional<std::string>& text, Arena& arena) {
  return text ? WireBytes::of(arena.copy(*text)) : WireBytes{};
}

}  // namespace

LogOperation WriteBatch::close(uint32_t row) {
  const LogOperation operation = std::exchange(operations[row], kAnswered);
  if (operation != kAnswered) --open;
  return operation;
}

void WriteBatch::take_back() {
  unsent.clear();
  for (uint32_t row = 0; row < operations.size(); ++row) {
    if (operations[row] != kAnswered) unsent.push_back(row);
  }
}

std::exception_ptr WriteQueue::push(LogOperation operation, std::string key,
                                    std::optional<std::string> value) {
  if (failure) return failure;
  if (waiting_.size() >= kMaxWaiting) {
    return std::make_exception_ptr(RetriableException(
        "writing to " + topic.label() + ": " + std::to_string(kMaxWaiting) +
        " records wait already; the brokers may be unreachable"));
  }
  waiting_.push_back({operation, std::move(key), std::move(value)});
  return nullptr;
}

LogOutcomes WriteQueue::drop_waiting(const std::exception_ptr& error) {
  LogOutcomes outcomes;
  for (const Append& append : std::exchange(waiting_, {})) {
    outcomes.emplace_back(append.operation, error);
  }
  return outcomes;
}

WriteBatch* WriteQueue::fill() {
  if (!can_send() || has_unsent() || batches_.size() >= kMaxBatches) return nullptr;
  auto next = std::make_unique<WriteBatch>(kBatchRows);
  RecordBatch& batch = next->batch;
  while (!waiting_.empty() && !batch.full()) {
    const Append& append = waiting_.front();
    Record& record = batch.add();
    record.topic = topic.name;
    record.key_wire = WireBytes::of(batch.arena().copy(append.key));
    record.value_wire = to_wire(append.value, batch.arena());
    next->operations.push_back(append.operation);
    waiting_.pop_front();
  }
  next->open = batch.size();
  next->take_back();
  return batches_.emplace_back(std::move(next)).get();
}

bool WriteQueue::has_unsent() const noexcept {
  return std::any_of(batches_.begin(), batches_.end(),
                     [](const auto& one) { return !one->unsent.empty(); });
}

void WriteQueue::erase(const WriteBatch& done) {
  std::erase_if(batches_, [&done](const auto& one) { return one.get() == &done; });
}

LogOutcomes WriteQueue::answer_all(const std::exception_ptr& error) {
  LogOutcomes outcomes;
  for (const auto& one : std::exchange(batches_, {})) {
    for (const LogOperation operation : one->operations) {
      if (operation != WriteBatch::kAnswered) outcomes.emplace_back(operation, error);
    }
  }
  return outcomes;
}

std::exception_ptr WriteQueue::error_of(const RowError& error) const {
  return std::make_exception_ptr(
      Error(error.kind, "writing to " + topic.label() + ": " + error.message));
}

std::exception_ptr WriteQueue::given_up() const {
  return std::make_exception_ptr(
      ConnectException("writing to " + topic.label() +
                       ": given up, since another worker may write these keys by now"));
}

}  // namespace millrace
