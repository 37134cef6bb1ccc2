#pragma once
// What happens to rows that fail in conversion or transformation (connect-tasks.md §5): retried
// while the error says so, reported, then tolerated or fatal.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "millrace/ids.h"
#include "millrace/properties.h"
#include "millrace/record.h"

namespace millrace {

/// Settings of one connector, `errors.*`.
struct ErrorHandlingConfig {
  int64_t retry_timeout_ms = 0;         // -1: without end
  int64_t retry_delay_max_ms = 60'000;
  bool tolerate_all = false;
  bool log_enable = false;
  bool log_include_messages = false;

  /// Throws ConfigException.
  static ErrorHandlingConfig parse(const Properties& connector);
};

/// Receives every row that finally failed, before the tolerance decides. Task thread.
class ErrorReporter {
 public:
  virtual ~ErrorReporter() = default;
  virtual void report(const RecordBatch& batch, uint32_t row) = 0;
};

/// Delay before attempt `attempt` + 1 (1-based): 300 ms doubling; above `delay_max_ms` a random
/// value below it (errors.retry.delay.max.ms).
int64_t retry_delay_ms(int attempt, int64_t delay_max_ms, std::mt19937_64& random);

/// Counts of task-error-metrics.
struct ErrorCounts {
  uint64_t record_failures = 0;  // failed attempts
  uint64_t record_errors = 0;    // operations finally failed
  uint64_t records_skipped = 0;
  uint64_t retries = 0;
  uint64_t errors_logged = 0;
};

/// Owns tolerance and retries of one task. Task thread only.
class ErrorHandler {
 public:
  /// An operation on some rows of a batch; it rejects those it cannot do.
  using Operation = std::function<void(RecordBatch&, const RowSet&)>;

  ErrorHandler(ErrorHandlingConfig config, std::stop_token stop);
  void add_reporter(std::unique_ptr<ErrorReporter> reporter) {
    reporters_.push_back(std::move(reporter));
  }
  bool has_reporters() const noexcept { return !reporters_.empty(); }
  bool tolerates_all() const noexcept { return config_.tolerate_all; }

  /// Runs `operation` on `rows`, again on those rejected with a retriable error until the retry
  /// time is over or the task stops. Rows still rejected get `stage` and `class_name`.
  void run(RecordBatch& batch, const RowSet& rows, Stage stage, std::string_view class_name,
           const Operation& operation);
  /// Reports the rows of `rows` that are rejected. Returns the first of them, if errors are not
  /// tolerated.
  std::optional<uint32_t> settle(const RecordBatch& batch, const RowSet& rows);
  /// Reports one row that failed outside run(), e.g. at the producer.
  void report(const RecordBatch& batch, uint32_t row);
  const ErrorCounts& counts() const noexcept { return counts_; }

  /// Throws ConnectException `Tolerance exceeded in error handler`, caused by the row's error.
  [[noreturn]] static void fail(const RecordBatch& batch, uint32_t row);

 private:
  bool collect_retriable(RecordBatch& batch, const RowSet& rows);
  bool wait_before_retry(int attempt, std::chrono::steady_clock::time_point deadline);

  ErrorHandlingConfig config_;
  std::stop_token stop_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<ErrorReporter>> reporters_;
  RowSet retry_rows_;
  ErrorCounts counts_;
};

/// `errors.log.enable`: one log line per failed row.
class LogReporter final : public ErrorReporter {
 public:
  LogReporter(ConnectorTaskId id, bool is_sink, bool include_messages)
      : id_(std::move(id)), is_sink_(is_sink), include_messages_(include_messages) {}
  void report(const RecordBatch& batch, uint32_t row) override;

 private:
  ConnectorTaskId id_;
  bool is_sink_;
  bool include_messages_;
};

}  // namespace millrace
