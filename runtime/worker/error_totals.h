#pragma once
// Counts of error handling, as task-error-metrics shows them.

#include "runtime/metrics/task_metrics.h"
#include "runtime/pipeline/error_reporter.h"

namespace millrace {

inline ErrorTotals error_totals(const ErrorCounts& counts) noexcept {
  return {counts.record_failures, counts.record_errors,        counts.records_skipped,
          counts.retries,         counts.errors_logged,        counts.dead_letter_requests,
          counts.dead_letter_failures, static_cast<uint64_t>(counts.last_error_timestamp_ms)};
}

}  // namespace millrace
