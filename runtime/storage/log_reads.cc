#include "runtime/storage/log_reads.h"

#include <utility>

namespace millrace {
namespace {

void append(std::vector<LogOperation>& to, std::vector<LogOperation> from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void LogReads::ask(LogOperation operation) {
  std::exception_ptr refusal;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) {
      refusal = failure_;
    } else if (requests_.size() >= kMaxWaiting) {
      refusal = std::make_exception_ptr(RetriableException(
          "reading " + topic_.label() + " to its end: " + std::to_string(kMaxWaiting) +
          " calls wait already; the brokers may be unreachable"));
    } else {
      requests_.push_back(operation);
    }
  }
  if (refusal) answers_->post(operation, refusal);
}

bool LogReads::is_asked() const {
  const std::lock_guard lock(mutex_);
  return !requests_.empty();
}

bool LogReads::start_look_up() {
  const std::lock_guard lock(mutex_);
  append(asking_, std::exchange(requests_, {}));
  return !asking_.empty();
}

void LogReads::looked_up(OffsetMap ends) {
  const std::lock_guard lock(mutex_);
  if (!asking_.empty()) rounds_.push_back({std::move(ends), std::exchange(asking_, {})});
}

void LogReads::answer_reached(const std::function<bool(const OffsetMap&)>& reached) {
  std::vector<LogOperation> done;
  {
    const std::lock_guard lock(mutex_);
    while (!rounds_.empty() && reached(rounds_.front().ends)) {
      append(done, std::move(rounds_.front().operations));
      rounds_.pop_front();
    }
  }
  answer(std::move(done), nullptr);
}

void LogReads::fail_open(const std::exception_ptr& error) {
  std::vector<LogOperation> open;
  {
    const std::lock_guard lock(mutex_);
    open = std::exchange(asking_, {});
    for (Round& round : std::exchange(rounds_, {})) append(open, std::move(round.operations));
  }
  answer(std::move(open), about(error));
}

void LogReads::fail(const std::exception_ptr& error) {
  {
    const std::lock_guard lock(mutex_);
    failure_ = about(error);
    append(asking_, std::exchange(requests_, {}));
  }
  fail_open(error);
}

std::exception_ptr LogReads::about(const std::exception_ptr& error) const {
  try {
    std::rethrow_exception(error);
  } catch (const ConfigException&) {
    return std::current_exception();
  } catch (const ConnectException&) {
    return std::current_exception();
  } catch (...) {
    try {
      std::throw_with_nested(ConnectException("Error while using " + topic_.label() +
                                              ": check the permissions on it and the worker's "
                                              "connection to the brokers"));
    } catch (...) {
      return std::current_exception();
    }
  }
}

void LogReads::answer(std::vector<LogOperation> operations, const std::exception_ptr& error) {
  LogOutcomes outcomes;
  for (const LogOperation operation : operations) outcomes.emplace_back(operation, error);
  answers_->post(std::move(outcomes));
}

}  // namespace millrace
