#pragma once
// What a sink task may ask of its worker; requests are taken up between two puts. Task thread only.

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "runtime/broker/client_layers.h"
#include "runtime/worker/broker_record_log.h"
#include "runtime/worker/sink_task_runner.h"

namespace millrace {

class SinkTaskRunner::Context final : public SinkTaskContext {
 public:
  explicit Context(SinkTaskRunner& runner)
      : runner_(runner),
        spec_(runner.spec_),
        log_(runner.services_.broker,
             connector_admin_config(runner.services_.worker_config, spec_.id.connector,
                                    spec_.connector_config)) {}

  RecordLog& log() override { return log_; }
  void show_metrics(std::vector<TaskMetric> metrics) override { runner_.metrics_->show(std::move(metrics)); }

  const Properties& config() const override { return spec_.task_config; }
  const ConnectorTaskId& id() const override { return spec_.id; }
  void offset(const TopicPartition& partition, Offset offset) override {
    offsets_.insert_or_assign(partition, offset);
  }
  void timeout(int64_t timeout_ms) override { timeout_ = Millis{timeout_ms}; }
  std::vector<TopicPartition> assignment() const override { return assignment_; }
  void pause(std::span<const TopicPartition> partitions) override {
    paused_.insert(partitions.begin(), partitions.end());
    pauses_changed_ = true;
  }
  void resume(std::span<const TopicPartition> partitions) override {
    for (const TopicPartition& partition : partitions) paused_.erase(partition);
    pauses_changed_ = true;
  }
  void request_commit() override { commit_requested_ = true; }
  OffsetMap group_offsets() override {
    return log_.group_offsets(sink_group_id(runner_.services_.worker_config, spec_.id.connector,
                                            spec_.connector_config));
  }
  void commit_now(const OffsetMap& offsets) override {
    runner_.consumer_->commit_sync(offsets, runner_.services_.limits.offset_flush_timeout);
  }
  std::optional<Offset> known_end(const TopicPartition& partition) const override {
    return runner_.consumer_->known_end(partition);
  }
  ErrantRecordReporter* errant_record_reporter() override { return reporter_; }
  bool await_reported(int64_t timeout_ms) override {
    DeadLetterQueue* letters = runner_.dead_letters_;
    return letters == nullptr || letters->outbox().await(Millis{timeout_ms});
  }
  void send(const RecordBatch& batch) override { runner_.send(batch); }

  void set_errant_record_reporter(ErrantRecordReporter* reporter) { reporter_ = reporter; }

  OffsetMap take_offsets() { return std::exchange(offsets_, {}); }
  std::optional<Millis> take_timeout() { return std::exchange(timeout_, std::nullopt); }
  bool take_commit_request() { return std::exchange(commit_requested_, false); }
  bool take_pauses_changed() { return std::exchange(pauses_changed_, false); }
  bool is_paused(const TopicPartition& partition) const { return paused_.contains(partition); }
  void set_assignment(std::vector<TopicPartition> assignment) {
    assignment_ = std::move(assignment);
    // Pauses of partitions that went away are forgotten.
    std::erase_if(paused_, [this](const TopicPartition& p) {
      return std::find(assignment_.begin(), assignment_.end(), p) == assignment_.end();
    });
  }

 private:
  SinkTaskRunner& runner_;
  const TaskSpec& spec_;
  BrokerRecordLog log_;
  std::vector<TopicPartition> assignment_;
  std::set<TopicPartition> paused_;
  OffsetMap offsets_;
  std::optional<Millis> timeout_;
  ErrantRecordReporter* reporter_ = nullptr;
  bool commit_requested_ = false;
  bool pauses_changed_ = false;
};

}  // namespace millrace
