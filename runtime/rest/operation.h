#pragma once
// Waiting for the herder with a limit (connect-rest-api.md §1.3). The operation is never cancelled:
// when it ends after the limit its result is dropped.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/core/executor.h"
#include "runtime/core/outcome.h"
#include "runtime/herder/cluster_herder.h"
#include "runtime/rest/error_answer.h"
#include "runtime/rest/forwarding.h"
#include "runtime/rest/router.h"

namespace millrace::rest {

inline constexpr std::chrono::milliseconds kRequestTimeout{90'000};
inline constexpr std::chrono::milliseconds kHealthTimeout{10'000};
/// How often a waiting health request looks whether the worker has become ready.
inline constexpr std::chrono::milliseconds kHealthPollInterval{100};

/// What a worker in a group has besides.
struct ClusterAccess {
  ClusterHerder& herder;
  PeerClient& peers;
  std::vector<std::string> verification_algorithms = {"HmacSHA256"};  // permitted in signatures
};

/// What the resources work on. All members outlive every request.
struct ResourceContext {
  Herder& herder;
  Executor& executor;
  const ClusterAccess* cluster = nullptr;  // null: there is no other worker
};

/// ` The worker is currently STAGE.`, or empty when the stage is not known.
inline std::string stage_summary(const Herder& herder) {
  const std::string stage = herder.stage();
  return stage.empty() ? "" : " The worker is currently " + stage + ".";
}

/// The answer of a request that waited too long.
inline HttpResponse timeout_answer(const Herder& herder) {
  const std::string summary = stage_summary(herder);
  return error_response(500,
                        summary.empty() ? "Request timed out" : "Request timed out." + summary);
}

/// Answers once: with the first of result, error and time-out. Another worker's answer has the time
/// that the PeerClient gives it.
class PendingAnswer {
 public:
  /// Forwards in a group.
  PendingAnswer(Respond respond, const RouteRequest& request, const ClusterAccess* cluster)
      : respond_(std::move(respond)),
        target_(request.http.target),
        peers_(cluster != nullptr ? &cluster->peers : nullptr) {
    if (peers_ != nullptr) forwardable_.emplace(request);
  }
  bool open() const noexcept { return static_cast<bool>(respond_); }
  void answer(HttpResponse response) {
    if (open()) std::exchange(respond_, nullptr)(std::move(response));
  }
  /// `make` gives the answer or throws.
  template <class Make>
  void answer_with(Make&& make) {
    if (!open()) return;
    try {
      answer(make());
    } catch (const ForwardException& e) {
      if (peers_ == nullptr) return answer(error_answer(std::current_exception(), target_));
      forward(*peers_, *forwardable_, e.url(), std::exchange(respond_, nullptr));
    } catch (...) {
      answer(error_answer(std::current_exception(), target_));
    }
  }

 private:
  Respond respond_;
  std::string target_;
  PeerClient* peers_;
  std::optional<ForwardableRequest> forwardable_;
};

/// Calls `start(Callback<T>)` and answers with `render(T&)`, which may throw.
template <class T, class Start, class Render>
void run_operation(const ResourceContext& context, const RouteRequest& request, Respond respond,
                   Start&& start, Render render) {
  auto pending = std::make_shared<PendingAnswer>(std::move(respond), request, context.cluster);
  try {
    start(Callback<T>([pending, render = std::move(render)](Outcome<T> outcome) {
      pending->answer_with([&] { return render(outcome.value()); });
    }));
  } catch (...) {
    pending->answer_with([]() -> HttpResponse { throw; });
  }
  if (!pending->open()) return;
  context.executor.post_after(kRequestTimeout,
                              [weak = std::weak_ptr(pending), herder = &context.herder] {
                                if (const auto late = weak.lock())
                                  late->answer(timeout_answer(*herder));
                              });
}

}  // namespace millrace::rest
