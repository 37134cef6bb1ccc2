#include "runtime/pipeline/error_handling.h"

#include <algorithm>

#include "millrace/errors.h"
#include "millrace/json.h"

namespace millrace {
namespace {

using Millis = RetryClock::Millis;

constexpr int64_t kFirstRetryDelayMs = 300;  // RetryWithToleranceOperator.RETRIES_DELAY_MIN_MS
constexpr int kMaxBackoffShift = 20;         // beyond it the delay exceeds any sensible cap

bool is_retriable(const RowError& error) noexcept {
  return error.kind == ErrorKind::Retriable;
}

/// `STAGE(class) of ...`: the record by its place, never by what it holds.
std::string place_text(const Record& record, const RowError& error) {
  std::string text(stage_name(error.stage));
  if (!error.class_name.empty()) text += "(" + std::string(error.class_name) + ")";
  if (!record.original_topic.empty()) {
    return text + " of topic " + std::string(record.original_topic) + " partition " +
           std::to_string(record.original_partition) + " offset " + std::to_string(record.offset);
  }
  if (record.source_partition.is_null()) return text;
  text += " of source partition ";
  append_json(text, record.source_partition);
  text += " offset ";
  append_json(text, record.source_offset);
  return text;
}

}  // namespace

RowError current_row_error() {
  RowError error;
  try {
    throw;
  } catch (const Error& known) {
    error.kind = known.kind();
    error.message = known.what();
    error.cause = cause_of(known);
  } catch (const std::exception& unknown) {
    error.kind = ErrorKind::Internal;
    error.message = unknown.what();
    error.cause = cause_of(unknown);
  } catch (...) {
    error.kind = ErrorKind::Internal;
    error.message = "something that is not an exception was thrown";
  }
  return error;
}

int64_t retry_delay_ms(int attempt, int64_t delay_max_ms, std::mt19937_64& random) {
  const int64_t delay = kFirstRetryDelayMs << std::min(attempt - 1, kMaxBackoffShift);
  if (delay <= delay_max_ms) return delay;
  if (delay_max_ms <= 0) return 0;
  return std::uniform_int_distribution<int64_t>(0, delay_max_ms - 1)(random);
}

ErrorHandler::ErrorHandler(ErrorHandlingConfig config, std::stop_token stop, RetryClock& clock)
    : config_(std::move(config)),
      stop_(std::move(stop)),
      clock_(clock),
      random_(std::random_device{}()) {}

bool ErrorHandler::collect_retriable(const RecordBatch& batch, const RowSet& rows) {
  retry_rows_.clear();
  for (const uint32_t row : rows) {
    if (batch[row].state == RowState::Rejected && is_retriable(batch.error(row))) {
      retry_rows_.push_back(row);
    }
  }
  counts_.record_failures += retry_rows_.size();
  return !retry_rows_.empty();
}

bool ErrorHandler::wait_before_retry(int attempt, Millis started) {
  const Millis now = clock_.now();
  Millis delay(retry_delay_ms(attempt, config_.retry_delay_max_ms, random_));
  if (config_.retry_timeout_ms >= 0) {
    const Millis left = started + Millis(config_.retry_timeout_ms) - now;
    if (left <= Millis(0)) return false;
    delay = std::min(delay, left);
  }
  if (!stop_.stop_requested()) clock_.wait(delay, stop_);
  return !stop_.stop_requested();
}

void ErrorHandler::attempt(RecordBatch& batch, const RowSet& rows, Stage stage,
                           std::string_view class_name, const Operation& operation) {
  try {
    return operation(batch, rows);
  } catch (...) {
    if (stage == Stage::Transformation) {
      note_failure();
      ++counts_.record_errors;
      std::throw_with_nested(ConnectException(
          config_.tolerates_all()
              ? "Unhandled exception in error handler: " + std::string(class_name) +
                    " threw instead of rejecting a row, so errors.tolerance cannot skip that row"
              : "Tolerance exceeded in error handler"));
    }
  }
  attempt_each(batch, rows, operation);
}

void ErrorHandler::attempt_each(RecordBatch& batch, const RowSet& rows,
                                const Operation& operation) {
  RowSet one;
  for (const uint32_t row : rows) {
    if (batch[row].state != RowState::Live) continue;
    one.clear();
    one.push_back(row);
    try {
      operation(batch, one);
    } catch (...) {
      batch.reject(row, current_row_error());
    }
  }
}

void ErrorHandler::run(RecordBatch& batch, const RowSet& rows, Stage stage,
                       std::string_view class_name, const Operation& operation) {
  const Millis started = clock_.now();
  attempt(batch, rows, stage, class_name, operation);
  if (!batch.has_errors()) return;
  for (int count = 1; collect_retriable(batch, rows) && wait_before_retry(count, started);
       ++count) {
    for (const uint32_t row : retry_rows_) batch[row].state = RowState::Live;
    counts_.retries += retry_rows_.size();
    const RowSet again = retry_rows_;
    attempt(batch, again, stage, class_name, operation);
  }
  for (const uint32_t row : rows) {
    if (batch[row].state == RowState::Rejected) batch.locate_error(row, stage, class_name);
  }
}

void ErrorHandler::note_failure() {
  ++counts_.record_failures;
  counts_.last_error_timestamp_ms = clock_.wall_ms();
}

void ErrorHandler::report(const RecordBatch& batch, uint32_t row, const RowError& error) {
  note_failure();
  for (const auto& reporter : reporters_) reporter->report(batch, row, error, counts_);
}

void ErrorHandler::report_errant(const RecordBatch& batch, uint32_t row, const RowError& error) {
  report(batch, row, error);
  if (config_.tolerates_all()) return;
  ++counts_.record_errors;
  fail(batch[row], error);
}

std::optional<uint32_t> ErrorHandler::settle(const RecordBatch& batch, const RowSet& rows) {
  if (!batch.has_errors()) return std::nullopt;
  for (const uint32_t row : rows) {
    if (batch[row].state != RowState::Rejected) continue;
    // Java skips such a row here, and it is lost.
    if (is_retriable(batch.error(row)) && stop_.stop_requested()) return row;
    ++counts_.record_errors;
    report(batch, row);
    if (!config_.tolerates_all()) return row;
    ++counts_.records_skipped;
  }
  return std::nullopt;
}

void ErrorHandler::fail(const Record& record, const RowError& error) {
  try {
    throw_with_cause(error.kind, error.message, error.cause.get());
  } catch (...) {
    std::throw_with_nested(
        ConnectException("Tolerance exceeded in error handler\n\tat " + place_text(record, error)));
  }
}

}  // namespace millrace
