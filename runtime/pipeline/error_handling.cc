#include "runtime/pipeline/error_handling.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "millrace/config_def.h"
#include "millrace/errors.h"
#include "runtime/metrics/log.h"

namespace millrace {
namespace {

constexpr int64_t kFirstRetryDelayMs = 300;  // RetryWithToleranceOperator.RETRIES_DELAY_MIN_MS
constexpr int kMaxBackoffShift = 20;         // beyond it the delay exceeds any sensible cap

const ConfigDef<ErrorHandlingConfig>& definition() {
  static const auto def = ConfigDef<ErrorHandlingConfig>{}
      .optional(&ErrorHandlingConfig::retry_timeout_ms, {.name = "errors.retry.timeout"})
      .optional(&ErrorHandlingConfig::retry_delay_max_ms, {.name = "errors.retry.delay.max.ms"})
      .optional(&ErrorHandlingConfig::log_enable, {.name = "errors.log.enable"})
      .optional(&ErrorHandlingConfig::log_include_messages,
                {.name = "errors.log.include.messages"});
  return def;
}

bool is_retriable(const RowError& error) noexcept { return error.kind == ErrorKind::Retriable; }

}  // namespace

ErrorHandlingConfig ErrorHandlingConfig::parse(const Properties& connector) {
  ErrorHandlingConfig config = definition().parse(connector);
  const std::string* tolerance = find(connector, "errors.tolerance");
  config.tolerate_all = tolerance != nullptr && *tolerance == "all";
  return config;
}

int64_t retry_delay_ms(int attempt, int64_t delay_max_ms, std::mt19937_64& random) {
  const int64_t delay = kFirstRetryDelayMs << std::min(attempt - 1, kMaxBackoffShift);
  if (delay <= delay_max_ms) return delay;
  if (delay_max_ms <= 0) return 0;
  return std::uniform_int_distribution<int64_t>(0, delay_max_ms - 1)(random);
}

ErrorHandler::ErrorHandler(ErrorHandlingConfig config, std::stop_token stop)
    : config_(config), stop_(std::move(stop)), random_(std::random_device{}()) {}

bool ErrorHandler::collect_retriable(RecordBatch& batch, const RowSet& rows) {
  retry_rows_.clear();
  if (!batch.has_errors()) return false;
  for (const uint32_t row : rows) {
    if (batch[row].state == RowState::Rejected && is_retriable(batch.error(row))) {
      retry_rows_.push_back(row);
    }
  }
  counts_.record_failures += retry_rows_.size();
  return !retry_rows_.empty();
}

bool ErrorHandler::wait_before_retry(int attempt, std::chrono::steady_clock::time_point deadline) {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  const bool endless = config_.retry_timeout_ms < 0;
  if ((!endless && now >= deadline) || stop_.stop_requested()) return false;
  auto until =
      now + std::chrono::milliseconds(retry_delay_ms(attempt, config_.retry_delay_max_ms, random_));
  if (!endless) until = std::min(until, deadline);
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop_, until, [] { return false; });
  return !stop_.stop_requested();
}

void ErrorHandler::run(RecordBatch& batch, const RowSet& rows, Stage stage,
                       std::string_view class_name, const Operation& operation) {
  operation(batch, rows);
  if (!batch.has_errors()) return;
  const auto deadline = std::chrono::steady_clock::now() +
                        std::chrono::milliseconds(std::max<int64_t>(config_.retry_timeout_ms, 0));
  for (int attempt = 1; collect_retriable(batch, rows) && wait_before_retry(attempt, deadline);
       ++attempt) {
    for (const uint32_t row : retry_rows_) batch[row].state = RowState::Live;
    counts_.retries += retry_rows_.size();
    const RowSet again = retry_rows_;
    operation(batch, again);
  }
  for (const uint32_t row : rows) {
    if (batch[row].state == RowState::Rejected) batch.locate_error(row, stage, class_name);
  }
}

void ErrorHandler::report(const RecordBatch& batch, uint32_t row) {
  ++counts_.record_errors;
  if (!is_retriable(batch.error(row))) ++counts_.record_failures;
  for (const auto& reporter : reporters_) reporter->report(batch, row);
}

std::optional<uint32_t> ErrorHandler::settle(const RecordBatch& batch, const RowSet& rows) {
  if (!batch.has_errors()) return std::nullopt;
  for (const uint32_t row : rows) {
    if (batch[row].state != RowState::Rejected) continue;
    report(batch, row);
    if (!config_.tolerate_all) return row;
    ++counts_.records_skipped;
  }
  return std::nullopt;
}

void ErrorHandler::fail(const RecordBatch& batch, uint32_t row) {
  const RowError& error = batch.error(row);
  try {
    throw Error(error.kind, error.message);
  } catch (...) {
    std::throw_with_nested(ConnectException("Tolerance exceeded in error handler"));
  }
}

void LogReporter::report(const RecordBatch& batch, uint32_t row) {
  static auto& logger =
      logging::get("org.apache.kafka.connect.runtime.errors.LogReporter");
  const RowError& error = batch.error(row);
  const Record& record = batch[row];
  std::string place;
  if (include_messages_ && is_sink_) {
    place = fmt::format(
        ", where consumed record is {{topic='{}', partition={}, offset={}, timestamp={}, "
        "timestampType={}}}",
        record.original_topic, record.original_partition, record.offset, record.timestamp,
        record.timestamp_type == TimestampType::LogAppend ? "LogAppendTime" : "CreateTime");
  } else if (include_messages_) {
    place = fmt::format(", where source record is = {{topic='{}', row={}}}", record.topic, row);
  }
  logger.error("Error encountered in task {}. Executing stage '{}' with class '{}'{}. {}: {}",
               id_.to_string(), stage_name(error.stage), error.class_name, place,
               java_class_name(error.kind), error.message);
}

}  // namespace millrace
