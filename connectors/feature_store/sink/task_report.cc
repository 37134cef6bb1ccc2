// What the task says of records that fail, and of its work.

#include <fmt/format.h>

#include "connectors/feature_store/sink/feature_store_task.h"
#include "millrace/errors.h"

namespace millrace::feature_store {
namespace {

std::string text_of(const Record& record, const FailedRecord& failed) {
  return fmt::format("{}: {} (feature group {}, {}-{}@{})", failure_type_name(failed.failure.type), failed.text,
                     failed.group_id, record.original_topic, record.original_partition, record.offset);
}

std::vector<std::pair<std::string, std::string>> headers_of(const FailedRecord& failed) {
  std::vector<std::pair<std::string, std::string>> headers{{"fs.failure.type", std::string(failure_type_name(failed.failure.type))},
                       {"fs.failure.reason", failed.text}};
  if (failed.group_id != kNoId) headers.emplace_back("fs.feature.group.id", std::to_string(failed.group_id));
  if (failed.ingestion_id != kNoId) {
    headers.emplace_back("fs.online.ingestion.id", std::to_string(failed.ingestion_id));
  }
  return headers;
}

}  // namespace

// A row that was reported stays as it is; one that nobody hears of is rejected, so that it is counted.
void FeatureStoreTask::report(RecordBatch& batch, const FailedRecord& failed) {
  const DataException error(text_of(batch[failed.row], failed));
  if (ErrantRecordReporter* reporter = context_->errant_record_reporter()) {
    reporter->report(batch, failed.row, error, headers_of(failed));
  } else {
    batch.reject(failed.row, {.kind = error.kind(), .message = error.what()});
  }
}

void FeatureStoreTask::fail_at(RecordBatch& batch, const FailedRecord& failed) {
  const std::string text = text_of(batch[failed.row], failed);
  if (ErrantRecordReporter* reporter = context_->errant_record_reporter()) {
    reporter->report(batch, failed.row, DataException(text), headers_of(failed));
  }
  throw DataException(text + "; set errors.tolerance=all, and errors.deadletterqueue.topic.name, to go on "
                             "behind such records");
}

void FeatureStoreTask::show_metrics() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_metrics_) return;
  next_metrics_ = now + kTick;
  unread_->look(*catalog_);
  std::vector<TaskMetric> metrics = metrics_.page(positions_);
  metrics.push_back({"fs_sink_unread_topics", "Topics of feature groups that the connector does not read.",
                     TaskMetric::Kind::Gauge, {}, static_cast<double>(unread_->count())});
  if (runtime_) {
    for (TaskMetric& metric : runtime_->metrics()) metrics.push_back(std::move(metric));
  }
  context_->show_metrics(std::move(metrics));
}

}  // namespace millrace::feature_store
