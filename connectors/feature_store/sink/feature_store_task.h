#pragma once
// The task of the feature-store sink: batches of records into the online store (feature-store-sink.md §6, §9).

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "connectors/feature_store/sink/batch_collector.h"
#include "connectors/feature_store/sink/notifier.h"
#include "connectors/feature_store/sink/options.h"
#include "connectors/feature_store/sink/retelling.h"
#include "connectors/feature_store/sink/sink_metrics.h"
#include "connectors/feature_store/sink/store_runtime.h"
#include "connectors/feature_store/sink/unread_topics.h"
#include "connectors/support/offset_check.h"
#include "millrace/connector.h"

namespace millrace::feature_store {

/// The store's own offsets say where reading goes on; those of the consumer group follow, for lag tools. After
/// anything that may pass the task begins again at the store's offsets.
class FeatureStoreTask final : public SinkTask {
 public:
  /// The longest time between two looks at metadata and metrics.
  static constexpr std::chrono::milliseconds kTick{500};
  /// For dead letters to be durable before offsets move past their records.
  static constexpr std::chrono::milliseconds kLettersLimit{30'000};

  void start(const Properties& config, SinkTaskContext& context) override;
  void open(std::span<const TopicPartition> partitions) override;
  void put(RecordBatch& batch, std::stop_token stop) override;
  OffsetMap pre_commit(const OffsetMap& current) override;
  void close(std::span<const TopicPartition> partitions) override;
  void stop() noexcept override;

 private:
  void restart();
  void pin(const std::vector<TopicPartition>& unknown, OffsetMap& begin,
           const std::map<TopicPartition, LogRange>& ranges);
  int64_t begin_of(const TopicPartition& partition, int64_t stored, const LogRange& range) const;
  /// Where reading begins for the notifications of what the store has: at its offset, or before it.
  Offset told_from(const TopicPartition& partition, Offset stored, const OffsetMap& group, const LogRange& range);
  void write(RecordBatch& batch, uint32_t end);
  uint32_t tell_again(const RecordBatch& batch, uint32_t begin, uint32_t end);
  uint32_t apply(RecordBatch& batch, uint32_t begin, uint32_t end);
  std::optional<FailedRecord> report_failed(RecordBatch& batch);
  [[noreturn]] void fail_at(RecordBatch& batch, const FailedRecord& failed);
  void report(RecordBatch& batch, const FailedRecord& failed);
  void finish_flush();
  void note_trouble(const Error& error);
  void show_metrics();

  SinkTaskContext* context_ = nullptr;
  SinkOptions options_;
  std::shared_ptr<CatalogSource> catalog_;
  std::shared_ptr<StoreRuntime> runtime_;  // of the embedded store
  std::unique_ptr<OnlineStore> store_;
  std::unique_ptr<SchemaSource> schemas_;
  std::unique_ptr<PlanCache> plans_;
  std::unique_ptr<BatchCollector> collector_;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<UnreadTopics> unread_;
  SinkMetrics metrics_;
  OffsetCheck follows_;
  Retelling retelling_;
  OffsetMap positions_;         // the store's
  OffsetMap flushing_;          // become durable
  OffsetMap durable_;
  std::future<void> flush_;
  std::stop_token stop_;        // of the last put
  std::vector<uint32_t> told_;  // rows of the batch that were reported
  bool must_restart_ = true;
  bool failed_ = false;
  int32_t tries_ = 0;  // that failed, one after the other
  std::chrono::steady_clock::time_point next_metrics_;
};

}  // namespace millrace::feature_store
