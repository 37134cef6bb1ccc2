#include "runtime/herder/operation_queue.h"

#include <algorithm>

#include "millrace/errors.h"

namespace millrace {

void Operation::fail(std::exception_ptr error) {
  end([&] { fail_(std::move(error)); });
}

void Operation::end(const std::function<void()>& answer) {
  if (!open_) return;
  open_ = false;
  const OperationPtr self = shared_from_this();
  queue_.ended(self);
  answer();
}

void Operation::run(const std::function<void()>& step) {
  if (!open_) return;
  try {
    step();
  } catch (...) {
    fail(std::current_exception());
  }
}

OperationQueue::OperationQueue(Executor& control, Limits limits, Clock now)
    : control_(control), limits_(limits), now_(std::move(now)) {}

OperationQueue::~OperationQueue() {
  for (auto& [name, queue] : queues_) {
    for (const OperationPtr& operation : queue) operation->open_ = false;
  }
  for (const OperationPtr& operation : running_) operation->open_ = false;
}

bool OperationQueue::admit(Operation& operation) {
  if (closed_.empty()) return true;
  operation.open_ = false;
  operation.fail_(std::make_exception_ptr(ConnectException(closed_)));
  return false;
}

void OperationQueue::submit(OperationPtr operation) {
  if (!admit(*operation)) return;
  auto& queue = queues_[operation->name()];
  if (queue.size() > limits_.waiting) {
    operation->open_ = false;
    operation->fail_(std::make_exception_ptr(
        ConnectException(operation->what() + ": " + std::to_string(limits_.waiting) +
                         " operations are waiting for this connector already; try again later")));
    return;
  }
  queue.push_back(operation);
  if (queue.size() == 1) start(operation);
}

void OperationQueue::start(const OperationPtr& operation) {
  operation->began_ = now_();
  running_.push_back(operation);
  control_.post_after(limits_.time, [weak = std::weak_ptr(operation), limit = limits_.time] {
    const OperationPtr late = weak.lock();
    if (!late) return;
    late->fail(std::make_exception_ptr(ConnectException(late->what() + ": no answer within " +
                                                        std::to_string(limit.count()) +
                                                        " ms; it may still take effect")));
  });
  operation->run(std::exchange(operation->body_, nullptr));
}

void OperationQueue::ended(const OperationPtr& operation) {
  std::erase(running_, operation);
  if (!operation->queued_) return;
  // Posted, so that an answer is given before the next operation changes anything.
  control_.post([this, alive = std::weak_ptr(alive_), name = operation->name()] {
    if (alive.expired()) return;
    const auto at = queues_.find(name);
    if (at == queues_.end()) return;
    at->second.pop_front();
    if (at->second.empty()) {
      queues_.erase(at);
    } else {
      start(OperationPtr(at->second.front()));
    }
  });
}

void OperationQueue::close(const std::string& error) {
  closed_ = error;
  std::deque<OperationPtr> open = running_;
  for (auto& [name, queue] : queues_) {
    open.insert(open.end(), queue.begin() + 1, queue.end());
  }
  // The ended ones are skipped by what ended() has posted.
  queues_.clear();
  for (const OperationPtr& operation : open) {
    operation->fail(std::make_exception_ptr(ConnectException(closed_)));
  }
}

const Operation* OperationQueue::oldest() const {
  return running_.empty() ? nullptr : running_.front().get();
}

}  // namespace millrace
