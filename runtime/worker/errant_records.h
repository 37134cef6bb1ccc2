#pragma once
// The errant record reporter of a sink task (connect-tasks.md §4.4). Task thread only.

#include <exception>
#include <string_view>

#include "millrace/errors.h"
#include "runtime/worker/sink_task_runner.h"

namespace millrace {

inline constexpr std::string_view kSinkTaskClass = "org.apache.kafka.connect.sink.SinkTask";

class SinkTaskRunner::Errants final : public ErrantRecordReporter {
 public:
  /// `put_batch` is the runner's pointer to what it consumed; other batches are the task's own.
  Errants(ErrorHandler& errors, Pipeline& pipeline, RecordBatch* const& put_batch)
      : errors_(errors), pipeline_(pipeline), put_batch_(put_batch) {}

  void report(RecordBatch& batch, uint32_t row, const Error& error,
              std::span<const std::pair<std::string, std::string>> more) override {
    try {
      if (&batch != put_batch_) pipeline_.to_wire(batch, row);
      errors_.report_errant(batch, row,
                            {error.kind(), Stage::TaskPut, error.what(), kSinkTaskClass,
                             cause_of(error), {more.begin(), more.end()}});
    } catch (...) {
      if (!failure_) failure_ = std::current_exception();
      throw;
    }
  }
  /// For a task that caught what report() threw.
  void throw_if_failed() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  ErrorHandler& errors_;
  Pipeline& pipeline_;
  RecordBatch* const& put_batch_;
  std::exception_ptr failure_;
};

}  // namespace millrace
