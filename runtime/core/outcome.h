#pragma once
// Result of an asynchronous control-plane operation: a value or the exception that ended it.

#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

namespace millrace {

/// Stands for "nothing" in Outcome<Done>.
struct Done {};

template <class T>
class Outcome {
 public:
  Outcome(T value) : state_(std::move(value)) {}                   // NOLINT: implicit by design
  Outcome(std::exception_ptr error) : state_(std::move(error)) {}  // NOLINT: implicit by design
  bool ok() const noexcept { return state_.index() == 0; }
  /// The value; rethrows the error.
  T& value() {
    if (!ok()) std::rethrow_exception(std::get<1>(state_));
    return std::get<0>(state_);
  }
  /// Null when ok().
  std::exception_ptr error() const noexcept { return ok() ? nullptr : std::get<1>(state_); }

 private:
  std::variant<T, std::exception_ptr> state_;
};

/// Called exactly once, on the control thread.
template <class T>
using Callback = std::function<void(Outcome<T>)>;

}  // namespace millrace
