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
  Context(const TaskSpec& spec, WorkerServices& services, SinkTaskMetrics& metrics)
      : spec_(spec),
        metrics_(metrics),
        log_(services.broker, connector_admin_config(services.worker_config, spec.id.connector,
                                                     spec.connector_config)) {}

  RecordLog& log() override { return log_; }
  void show_metrics(std::vector<TaskMetric> metrics) override { metrics_.show(std::move(metrics)); }

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
  ErrantRecordReporter* errant_record_reporter() override { return reporter_; }

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
  const TaskSpec& spec_;
  SinkTaskMetrics& metrics_;
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
