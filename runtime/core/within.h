#pragma once
// A limit on how long an answer may take.

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "millrace/errors.h"
#include "runtime/core/executor.h"
#include "runtime/core/outcome.h"

namespace millrace {

/// A callback for an operation that answers `done` once: with the operation's outcome, or after
/// `limit` with Exception(what). Later answers are dropped. Control thread only.
template <class T, class Exception = ConnectException>
Callback<T> within(Executor& control, std::chrono::milliseconds limit, const std::string& what,
                   Callback<T> done) {
  auto once = std::make_shared<Callback<T>>(std::move(done));
  control.post_after(limit, [once, what] {
    if (!*once) return;
    const auto callback = std::exchange(*once, nullptr);
    callback(std::make_exception_ptr(Exception(what)));
  });
  return [once](Outcome<T> outcome) {
    if (!*once) return;
    const auto callback = std::exchange(*once, nullptr);
    callback(std::move(outcome));
  };
}

}  // namespace millrace
