#pragma once
// A task of the sink with a catalog in a folder, and a worker, a log and a consumer group of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "connectors/lakehouse/sink/lakehouse_task.h"
#include "millrace/errors.h"
#include "millrace/json.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {

/// The log and the group outlive tasks.
struct FakeCluster final : RecordLog {
  std::string cluster_id() override { return "c"; }
  std::map<TopicPartition, LogRange> ranges(std::span<const TopicPartition> asked) override {
    std::map<TopicPartition, LogRange> found;
    for (const TopicPartition& one : asked) {
      const auto at = records.find(one);
      if (at == records.end()) continue;
      found[one] = {Offset{0}, Offset{static_cast<int64_t>(at->second.size())}};
    }
    return found;
  }
  void produce(int32_t partition, std::string json) {
    records[{"t", partition}].push_back(std::move(json));
  }

  std::map<TopicPartition, std::vector<std::string>> records;
  OffsetMap group;
};

/// What the worker's loop does with a task (connect-tasks.md §4), step by step.
class FakeWorker final : public SinkTaskContext {
 public:
  FakeWorker(FakeCluster& cluster, Properties config) : cluster_(cluster), config_(std::move(config)) {
    task_->start(config_, *this);
  }
  ~FakeWorker() override { task_->stop(); }

  RecordLog& log() override { return cluster_; }
  void show_metrics(std::vector<TaskMetric> metrics) override { shown = std::move(metrics); }
  const Properties& config() const override { return config_; }
  const ConnectorTaskId& id() const override { return id_; }
  void offset(const TopicPartition& partition, Offset offset) override { wanted_[partition] = offset; }
  void timeout(int64_t) override {}
  std::vector<TopicPartition> assignment() const override {
    std::vector<TopicPartition> all;
    for (const auto& [partition, next] : next_) all.push_back(partition);
    return all;
  }
  void pause(std::span<const TopicPartition> partitions) override {
    paused.insert(partitions.begin(), partitions.end());
  }
  void resume(std::span<const TopicPartition> partitions) override {
    for (const TopicPartition& one : partitions) paused.erase(one);
  }
  void request_commit() override { commit_asked_ = true; }
  OffsetMap group_offsets() override { return cluster_.group; }
  void commit_now(const OffsetMap& offsets) override {
    for (const auto& [partition, offset] : offsets) cluster_.group[partition] = offset;
  }
  std::optional<Offset> known_end(const TopicPartition& partition) const override {
    return Offset{static_cast<int64_t>(cluster_.records.at(partition).size())};
  }
  ErrantRecordReporter* errant_record_reporter() override { return nullptr; }

  void open(const std::vector<TopicPartition>& partitions) {
    for (const TopicPartition& one : partitions) {
      const auto committed = cluster_.group.find(one);
      next_[one] = committed == cluster_.group.end() ? Offset{0} : committed->second;
    }
    task_->open(partitions);
    rewind();
  }
  void close(const std::vector<TopicPartition>& partitions) {
    commit();
    task_->close(partitions);
    for (const TopicPartition& one : partitions) next_.erase(one);
  }
  /// One turn: a commit when it was asked for, and a batch of at most so many records.
  void turn(uint32_t limit = 100) {
    if (std::exchange(commit_asked_, false)) commit();
    rewind();
    RecordBatch batch;
    for (auto& [partition, next] : next_) {
      const auto& records = cluster_.records.at(partition);
      while (!paused.contains(partition) && batch.size() < limit &&
             raw(next) < static_cast<int64_t>(records.size())) {
        Record& record = batch.add();
        record.original_topic = partition.topic;
        record.original_partition = partition.partition;
        record.offset = raw(next);
        record.timestamp = 1'000 + raw(next);
        const std::string_view json = batch.arena().copy(records[static_cast<size_t>(raw(next))]);
        ASSERT_EQ(parse_json(json, batch.arena(), record.value.value), "");
        next = Offset{raw(next) + 1};
      }
    }
    task_->put(batch, {});
    for (uint32_t row = 0; row < batch.size(); ++row) {
      if (batch[row].state == RowState::Rejected) rejected.push_back(batch.error(row).message);
    }
  }
  /// Turns until the log is read and the group is at its end.
  void run_dry() {
    const auto done = [&] {
      for (const auto& [partition, next] : next_) {
        const auto end = known_end(partition);
        if (cluster_.group.contains(partition) && cluster_.group.at(partition) == end) continue;
        return false;
      }
      return true;
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the group does not come to the end";
      turn();
      commit();  // the worker's interval is over
      std::this_thread::yield();
    }
  }
  void commit() {
    for (const auto& [partition, offset] : task_->pre_commit(next_)) {
      cluster_.group[partition] = offset;
      groups.push_back({partition, offset});
    }
  }
  double metric(const std::string& name, const std::string& label = "") const {
    for (const TaskMetric& one : shown) {
      if (one.name == "lakehouse_" + name && (label.empty() || one.labels.at(0).second == label)) {
        return one.value;
      }
    }
    return -1;
  }

  std::set<TopicPartition> paused;
  std::vector<std::string> rejected;
  std::vector<TaskMetric> shown;
  std::vector<std::pair<TopicPartition, Offset>> groups;  // committed, in order

 private:
  void rewind() {
    for (const auto& [partition, offset] : std::exchange(wanted_, {})) {
      if (next_.contains(partition)) next_[partition] = offset;
    }
  }

  FakeCluster& cluster_;
  const Properties config_;
  const ConnectorTaskId id_{"lake", 0};
  std::unique_ptr<SinkTask> task_ = std::make_unique<LakehouseTask>();
  OffsetMap next_;
  OffsetMap wanted_;
  bool commit_asked_ = false;
};

class TaskFixture : public ::testing::Test {
 protected:
  Properties config(Properties more) const {
    Properties all{{"iceberg.catalog.type", "hadoop"},
                   {"iceberg.catalog.warehouse", folder_.path().string()},
                   {"iceberg.tables.auto-create-enabled", "true"},
                   {"iceberg.tables.evolve-schema-enabled", "true"},
                   {"iceberg.control.commit.interval-ms", "1"},
                   {"errors.tolerance", "all"}};
    for (auto& [key, value] : more) all[key] = value;
    return all;
  }
  Properties dynamic(Properties more = {}) const {
    Properties all = config({{"iceberg.tables.dynamic-enabled", "true"},
                             {"iceberg.tables.route-field", "kind"}});
    for (auto& [key, value] : more) all[key] = value;
    return all;
  }
  std::shared_ptr<Catalog> catalog() const {
    return make_catalog("iceberg", {{"type", "hadoop"}, {"warehouse", folder_.path().string()}});
  }
  std::optional<LoadedTable> table(const std::string& name) const {
    return catalog()->load(parse_table_name(name));
  }
  /// Rows, by what the summary of the newest snapshot counts.
  int64_t rows(const std::string& name) const {
    const auto loaded = table(name);
    if (!loaded) return -1;
    const auto head = loaded->metadata.ref("main");
    if (!head) return 0;
    const auto snapshot = loaded->metadata.snapshot(*head);
    const auto total = snapshot->summary.find("total-records");
    return total == snapshot->summary.end() ? 0 : std::stoll(total->second);
  }
  size_t snapshots(const std::string& name) const { return table(name)->metadata.snapshot_ids().size(); }
  std::optional<int64_t> stored(const std::string& name, int32_t partition) const {
    const auto loaded = table(name);
    if (!loaded) return std::nullopt;
    return read_positions(loaded->metadata, "main").positions.next("c", {"t", partition});
  }
  /// Records `{"kind": <kind>, "n": <n>}`, in turn.
  void produce(int32_t partition, std::initializer_list<const char*> kinds) {
    for (const char* kind : kinds) {
      cluster_.produce(partition, std::string(R"({"kind":")") + kind + R"(","n":)" +
                                      std::to_string(number_++) + "}");
    }
  }

  testing_support::TemporaryFolder folder_;
  FakeCluster cluster_;
  int number_ = 0;
};

}  // namespace millrace::lakehouse
