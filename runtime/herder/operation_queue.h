#pragma once
// Operations on connectors: those on one connector run one after another, each with a limit on how
// long it may take, so that a connector that hangs delays only itself and nobody waits for ever.

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "runtime/core/executor.h"
#include "runtime/core/outcome.h"

namespace millrace {

class OperationQueue;

/// One operation from its start to its answer. Control thread only. Whatever comes after the end
/// (late answers of the worker, time-outs) is ignored.
class Operation : public std::enable_shared_from_this<Operation> {
 public:
  using Fail = std::function<void(std::exception_ptr)>;

  Operation(OperationQueue& queue, std::string name, std::string what)
      : queue_(queue), name_(std::move(name)), what_(std::move(what)) {}

  bool open() const noexcept { return open_; }
  const std::string& name() const noexcept { return name_; }
  /// What it does, e.g. `creating connector orders`.
  const std::string& what() const noexcept { return what_; }
  std::chrono::system_clock::time_point began() const noexcept { return began_; }

  /// Ends it with an error, unless it has ended.
  void fail(std::exception_ptr error);
  /// Ends it and then calls `answer`, unless it has ended.
  void end(const std::function<void()>& answer);
  /// Runs `step` unless it has ended; what it throws ends it.
  void run(const std::function<void()>& step);

  /// Callback of an asynchronous step: goes on with its value; an error ends the operation.
  template <class T>
  Callback<T> then(std::function<void(T&)> next) {
    return always<T>([self = shared_from_this(), next = std::move(next)](Outcome<T>& outcome) {
      next(outcome.value());
    });
  }
  /// As then(), for steps whose errors do not end the operation.
  template <class T>
  Callback<T> always(std::function<void(Outcome<T>&)> next) {
    return [self = shared_from_this(), next = std::move(next)](Outcome<T> outcome) {
      self->run([&] { next(outcome); });
    };
  }

 private:
  friend class OperationQueue;

  OperationQueue& queue_;
  const std::string name_;
  const std::string what_;
  std::chrono::system_clock::time_point began_;
  std::function<void()> body_;
  Fail fail_;
  bool open_ = true;
  bool queued_ = true;
};

using OperationPtr = std::shared_ptr<Operation>;

/// An operation and the callback for its result.
template <class T>
class Running {
 public:
  Running(OperationPtr operation, std::shared_ptr<Callback<T>> done)
      : operation_(std::move(operation)), done_(std::move(done)) {}
  const OperationPtr& operation() const noexcept { return operation_; }
  void finish(T value) const {
    operation_->end([&] { (*done_)(std::move(value)); });
  }

 private:
  OperationPtr operation_;
  std::shared_ptr<Callback<T>> done_;
};

/// Control thread only.
class OperationQueue {
 public:
  struct Limits {
    /// Longest time of one operation; below the 90 s that REST waits, so that it hears the reason.
    std::chrono::milliseconds time{80'000};
    /// Operations that may wait for one connector.
    size_t waiting = 64;
  };
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  OperationQueue(Executor& control, Limits limits, Clock now);
  /// Ends what is open without answers.
  ~OperationQueue();

  /// Runs `body` after the earlier operations on `name`, possibly before this returns. `done` is
  /// called once: with the result, with what a step threw, or when the time is over.
  template <class T>
  void enqueue(const std::string& name, const std::string& what,
               std::function<void(Running<T>)> body, Callback<T> done) {
    submit(make(name, what, std::move(body), std::move(done)));
  }
  /// As enqueue(), but waits for nothing: for reads.
  template <class T>
  void run_now(const std::string& name, const std::string& what,
               std::function<void(Running<T>)> body, Callback<T> done) {
    const OperationPtr operation = make(name, what, std::move(body), std::move(done));
    operation->queued_ = false;
    if (admit(*operation)) start(operation);
  }

  /// Ends everything with `error`; so do later operations at once.
  void close(const std::string& error);
  bool idle(const std::string& name) const { return !queues_.contains(name); }
  /// The operation that has been running longest; null when there is none.
  const Operation* oldest() const;

 private:
  friend class Operation;

  template <class T>
  OperationPtr make(const std::string& name, const std::string& what,
                    std::function<void(Running<T>)> body, Callback<T> done) {
    auto operation = std::make_shared<Operation>(*this, name, what);
    auto callback = std::make_shared<Callback<T>>(std::move(done));
    operation->fail_ = [callback](std::exception_ptr error) { (*callback)(std::move(error)); };
    operation->body_ = [weak = std::weak_ptr(operation), callback, body = std::move(body)] {
      body(Running<T>(weak.lock(), callback));
    };
    return operation;
  }
  bool admit(Operation& operation);
  void submit(OperationPtr operation);
  void start(const OperationPtr& operation);
  void ended(const OperationPtr& operation);

  Executor& control_;
  const Limits limits_;
  const Clock now_;
  std::string closed_;                                      // the reason, once closed
  std::map<std::string, std::deque<OperationPtr>> queues_;  // the front one runs
  std::deque<OperationPtr> running_;                        // in order of their start
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace
