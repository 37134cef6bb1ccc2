#pragma once
// What happens to rows that fail in conversion or transformation (connect-tasks.md §5): retried
// while the error says so, reported, then tolerated or fatal.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string_view>
#include <vector>

#include "millrace/record.h"
#include "runtime/pipeline/error_config.h"
#include "runtime/pipeline/error_reporter.h"
#include "runtime/pipeline/retry_clock.h"

namespace millrace {

/// Delay before attempt `attempt` + 1 (1-based): 300 ms doubling; above `delay_max_ms` a random
/// value below it (errors.retry.delay.max.ms).
int64_t retry_delay_ms(int attempt, int64_t delay_max_ms, std::mt19937_64& random);

/// Owns tolerance and retries of one task. Task thread only.
class ErrorHandler {
 public:
  /// An operation on some rows of a batch; it rejects those it cannot do.
  using Operation = std::function<void(RecordBatch&, const RowSet&)>;

  /// `clock` must outlive this.
  ErrorHandler(ErrorHandlingConfig config, std::stop_token stop,
               RetryClock& clock = RetryClock::system());
  void add_reporter(std::unique_ptr<ErrorReporter> reporter) {
    reporters_.push_back(std::move(reporter));
  }
  bool has_reporters() const noexcept { return !reporters_.empty(); }
  bool tolerates_all() const noexcept { return config_.tolerates_all(); }

  /// Runs `operation` on `rows`, again on those rejected with a retriable error until the retry
  /// time is over or the task stops. Rows still rejected get `stage` and `class_name`. A conversion
  /// that throws is done again row by row, and what throws then is rejected; a transformation that
  /// throws has changed nobody knows which rows, so ConnectException leaves here.
  void run(RecordBatch& batch, const RowSet& rows, Stage stage, std::string_view class_name,
           const Operation& operation);
  /// Reports the rows of `rows` that are rejected. Returns the first of them that must fail the
  /// task: errors are not tolerated, or a stop cut its retries short and it must come again.
  std::optional<uint32_t> settle(const RecordBatch& batch, const RowSet& rows);
  /// Reports one row that failed outside run(), e.g. at the producer, and is tolerated.
  void report(const RecordBatch& batch, uint32_t row) { report(batch, row, batch.error(row)); }
  /// Reports a row a sink task gave up, whatever its state (ErrantRecordReporter). Throws
  /// ConnectException `Tolerance exceeded in error handler` unless errors are tolerated.
  void report_errant(const RecordBatch& batch, uint32_t row, const RowError& error);
  const ErrorCounts& counts() const noexcept { return counts_; }

  /// Throws ConnectException `Tolerance exceeded in error handler`, caused by the row's error. In
  /// the place where Java has stack frames, its message says which record failed where.
  [[noreturn]] static void fail(const RecordBatch& batch, uint32_t row) {
    fail(batch[row], batch.error(row));
  }

 private:
  [[noreturn]] static void fail(const Record& record, const RowError& error);
  void report(const RecordBatch& batch, uint32_t row, const RowError& error);
  void attempt(RecordBatch& batch, const RowSet& rows, Stage stage, std::string_view class_name,
               const Operation& operation);
  void attempt_each(RecordBatch& batch, const RowSet& rows, const Operation& operation);
  void note_failure();
  bool collect_retriable(const RecordBatch& batch, const RowSet& rows);
  bool wait_before_retry(int attempt, RetryClock::Millis started);

  ErrorHandlingConfig config_;
  std::stop_token stop_;
  RetryClock& clock_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<ErrorReporter>> reporters_;
  RowSet retry_rows_;
  ErrorCounts counts_;
};

/// The exception being handled, as the error of a row. Call inside a catch block.
RowError current_row_error();

}  // namespace millrace
