#pragma once
// Who hears of rows that finally failed.

#include <cstdint>

#include "millrace/record.h"

namespace millrace {

/// Counts of task-error-metrics (connect-tasks.md §8).
struct ErrorCounts {
  uint64_t record_failures = 0;  // failed attempts, and once more when they end in failure
  uint64_t record_errors = 0;    // operations finally failed
  uint64_t records_skipped = 0;
  uint64_t retries = 0;
  uint64_t errors_logged = 0;
  uint64_t dead_letter_requests = 0;
  uint64_t dead_letter_failures = 0;
  int64_t last_error_timestamp_ms = 0;  // since the epoch; 0: no error yet
};

/// Receives every row that finally failed, before the tolerance decides. Task thread. `counts` are
/// those of the handler that owns the reporter, and live as long.
class ErrorReporter {
 public:
  virtual ~ErrorReporter() = default;
  virtual void report(const RecordBatch& batch, uint32_t row, const RowError& error,
                      ErrorCounts& counts) = 0;
};

}  // namespace millrace
