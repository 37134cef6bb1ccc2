#include "connectors/feature_store/sink/feature_store_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "connectors/feature_store/sink/open_target.h"
#include "millrace/clock.h"
#include "millrace/errors.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kLogger = "millrace.feature_store.FeatureStoreTask";

int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

void FeatureStoreTask::start(const Properties& config, SinkTaskContext& context) {
  context_ = &context;
  options_ = SinkOptions::parse(config);
  catalog_ = std::make_shared<CatalogSource>(options_.catalog);
  Target target = open_target(options_, context.log().cluster_id(), catalog_);
  runtime_ = std::move(target.runtime);
  store_ = std::move(target.store);
  schemas_ = std::make_unique<SchemaSource>(options_.schemas,
                                            [this](int64_t id) { return store_->schema(id); });
  plans_ = std::make_unique<PlanCache>(*catalog_, *schemas_, *store_);
  unread_ = std::make_unique<UnreadTopics>(TopicSelection(config));
  unread_->look(*catalog_);
  collector_ = std::make_unique<BatchCollector>(*plans_, options_.collector);
  if (!options_.notification_topic.empty()) {
    notifier_ = std::make_unique<Notifier>(context, options_.notification_topic);
  }
}

void FeatureStoreTask::open(std::span<const TopicPartition>) { must_restart_ = true; }

void FeatureStoreTask::put(RecordBatch& batch, std::stop_token stop) {
  stop_ = std::move(stop);
  context_->timeout(kTick.count());
  const bool restarts = std::exchange(must_restart_, true);  // should an exception come
  try {
    if (restarts) {
      restart();
    } else {
      const uint32_t end = follows_.rows_that_follow(batch, context_->log());
      write(batch, end);
      if (end < batch.size()) return context_->timeout(0);  // restart() decides what it means
    }
  } catch (const FencedException& error) {
    log(LogLevel::Warn, kLogger, describe(error) + "; reading goes on where the store is");
    return context_->timeout(0);
  } catch (const Error& error) {
    failed_ = !error.retriable();
    if (failed_) throw;
    return note_trouble(error);
  }
  must_restart_ = false;
  if (restarts) return context_->timeout(0);
  if (batch.size() > 0) tries_ = 0;  // that reading begins again says nothing of the records that failed
  show_metrics();
}

// The rows are read again; when that has been tried often enough, the task fails and says why.
void FeatureStoreTask::note_trouble(const Error& error) {
  if (++tries_ > options_.max_retries) {
    failed_ = true;
    throw ConnectException(fmt::format("applying records failed {} times, more than max.retries={}: {}",
                                       tries_, options_.max_retries, describe(error)));
  }
  log(LogLevel::Warn, kLogger,
      fmt::format("Applying records failed (try {} of {}); they are read again: {}", tries_,
                  options_.max_retries + 1, describe(error)));
  context_->timeout(options_.retry_backoff.count());
}

void FeatureStoreTask::write(RecordBatch& batch, uint32_t end) {
  plans_->refresh();
  told_.clear();
  for (uint32_t begin = 0; begin < end;) {
    const uint32_t most = retelling_.end_of_run(batch, begin, std::min(end, begin + options_.batch_size));
    if (retelling_.has(batch[begin])) {
      begin = tell_again(batch, begin, most);
    } else {
      begin = apply(batch, begin, most);
    }
    retelling_.passed(collector_->next());
  }
}

// The store has these rows already, and their failures are reported. Gives where it ended.
uint32_t FeatureStoreTask::tell_again(const RecordBatch& batch, uint32_t begin, uint32_t end) {
  end = collector_->collect(batch, begin, end, now_us());
  notifier_->tell(collector_->changes(), *catalog_->current());
  return end;
}

// Gives where it ended.
uint32_t FeatureStoreTask::apply(RecordBatch& batch, uint32_t begin, uint32_t end) {
  const auto started = std::chrono::steady_clock::now();
  end = collector_->collect(batch, begin, end, now_us());
  while (true) {
    if (const auto fatal = report_failed(batch)) {
      // The rows before it are stored first, so that the store stops exactly there.
      while (begin < fatal->row) begin = apply(batch, begin, fatal->row);
      fail_at(batch, *fatal);
    }
    ApplyBatch step{collector_->changes(), collector_->counted(), collector_->next(), {}};
    for (const auto& [partition, offset] : step.next) {
      if (const auto at = positions_.find(partition); at != positions_.end()) step.expected.insert(*at);
    }
    if (store_->apply(step)) break;
    collector_->collect_without_failed(batch);
  }
  for (const auto& [partition, offset] : collector_->next()) positions_[partition] = offset;
  metrics_.applied(*collector_, started, wall_clock_ms());
  if (notifier_) notifier_->tell(collector_->changes(), *catalog_->current());
  return end;
}

// The first failure, when nobody tolerates any: it ends the task.
std::optional<FailedRecord> FeatureStoreTask::report_failed(RecordBatch& batch) {
  const std::vector<FailedRecord>& failed = collector_->failed();
  if (failed.empty()) return std::nullopt;
  if (!options_.tolerates_errors) {
    return *std::min_element(failed.begin(), failed.end(),
                             [](const auto& a, const auto& b) { return a.row < b.row; });
  }
  bool any = false;
  for (const FailedRecord& one : failed) {
    if (std::find(told_.begin(), told_.end(), one.row) != told_.end()) continue;
    told_.push_back(one.row);
    report(batch, one);
    any = true;
  }
  if (any && !context_->await_reported(kLettersLimit.count())) {
    throw RetriableException("waiting for dead letters to be durable: no answer in 30 s");
  }
  return std::nullopt;
}

// A disk that takes its time must not hold up rows: while they come, what was durable the last time is committed.
OffsetMap FeatureStoreTask::pre_commit(const OffsetMap&) {
  if (must_restart_) return {};
  const bool ends = stop_.stop_requested();
  const bool is_quiet = positions_ == flushing_;
  if (flush_.valid() && (ends || is_quiet || flush_.wait_for(std::chrono::seconds(0)) == std::future_status::ready)) {
    finish_flush();
  }
  if (!flush_.valid() && positions_ != durable_) {
    flushing_ = positions_;
    flush_ = store_->flush_soon();
    if (ends) finish_flush();
  }
  return retelling_.of_done(durable_);
}

void FeatureStoreTask::finish_flush() {
  flush_.get();
  durable_ = flushing_;
}

void FeatureStoreTask::close(std::span<const TopicPartition> partitions) {
  for (const TopicPartition& partition : partitions) {
    for (OffsetMap* offsets : {&positions_, &flushing_, &durable_}) offsets->erase(partition);
    follows_.forget(partition);
    retelling_.forget(partition);
  }
}

// Lookups go on when the task has failed.
void FeatureStoreTask::stop() noexcept {
  try {
    if (failed_ && runtime_) StoreRuntime::keep(runtime_);
  } catch (const std::exception& error) {
    log(LogLevel::Error, kLogger, std::string("Keeping lookups running failed: ") + error.what());
  }
  flush_ = {};  // waits
  notifier_.reset();
  collector_.reset();
  plans_.reset();
  schemas_.reset();
  store_.reset();
  runtime_.reset();
}

}  // namespace millrace::feature_store
