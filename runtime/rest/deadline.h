#pragma once
// Herder operations behind a request: one answer, at the latest after 90 s
// (connect-rest-api.md §1.3).

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "runtime/core/executor.h"
#include "runtime/core/outcome.h"
#include "runtime/herder/herder.h"
#include "runtime/rest/router.h"

namespace millrace::rest {

inline constexpr std::chrono::milliseconds kRequestTimeout{90'000};

/// A callback that answers with `write(value)`, with the error, or with a time-out.
template <class T, class Write>
Callback<T> answer_with(Executor& control, const Herder& herder, Respond done, Write write) {
  auto once = std::make_shared<Respond>(std::move(done));
  control.post_after(kRequestTimeout, [once, &herder] {
    if (!*once) return;
    const std::string stage = herder.stage();
    const auto respond = std::exchange(*once, nullptr);
    respond(error_response(500, "Request timed out" +
                                    (stage.empty() ? "" : ". The worker is currently " + stage)));
  });
  return [once, write = std::move(write)](Outcome<T> outcome) {
    if (!*once) return;
    const auto respond = std::exchange(*once, nullptr);
    if (outcome.ok()) {
      respond(write(outcome.value()));
    } else {
      respond(error_response(outcome.error()));
    }
  };
}

}  // namespace millrace::rest
