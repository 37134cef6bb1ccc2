#pragma once
// Stands for the worker around one connector: loads its plugin, gives it contexts and an offset
// store, and drives its tasks as the worker's loops do.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "millrace/errors.h"
#include "millrace/json.h"
#include "runtime/plugins/registry.h"
#include "runtime/storage/memory_offset_store.h"
#include "runtime/worker/offset_reader.h"
#include "tests/conformance/under_test.h"

namespace millrace::conformance {

inline const ConnectorTaskId kTaskId{"conformance", 0};

class TestConnectorContext final : public ConnectorContext {
 public:
  const std::string& connector_name() const override { return kTaskId.connector; }
  void request_task_reconfiguration() override {}
  void raise_error(const std::string& message) override { ADD_FAILURE() << message; }
};

class TestSourceContext final : public SourceTaskContext, private OffsetStorageReader {
 public:
  explicit TestSourceContext(const OffsetStore& store) : reader_(store, kTaskId.connector) {}
  const Properties& config() const override { return task_config; }
  const ConnectorTaskId& id() const override { return kTaskId; }
  OffsetStorageReader& offset_storage_reader() override { return *this; }

  Properties task_config;
  bool store_is_broken = false;

 private:
  Value offset(const Value& partition, Arena& arena) override {
    if (store_is_broken) throw ConnectException("the offset store cannot be read");
    return reader_.offset(partition, arena);
  }
  StoreOffsetReader reader_;
};

class TestSinkContext final : public SinkTaskContext {
 public:
  const Properties& config() const override { return task_config; }
  const ConnectorTaskId& id() const override { return kTaskId; }
  void offset(const TopicPartition&, Offset) override { ADD_FAILURE() << "not expected here"; }
  void timeout(int64_t timeout_ms) override { EXPECT_GE(timeout_ms, 0); }
  std::vector<TopicPartition> assignment() const override { return assigned; }
  void pause(std::span<const TopicPartition>) override {}
  void resume(std::span<const TopicPartition>) override {}
  void request_commit() override {}
  ErrantRecordReporter* errant_record_reporter() override { return nullptr; }

  Properties task_config;
  std::vector<TopicPartition> assigned;
};

/// The plugin class of a connector, loaded from its shared object.
class LoadedConnector {
 public:
  explicit LoadedConnector(const ConnectorUnderTest& system) {
    registry_.load_path(system.plugin());
    for (const auto& [file, why] : registry_.refused()) ADD_FAILURE() << why;
    plugin_ = &require_connector(registry_, system.class_name());
  }
  const PluginClass& plugin() const { return *plugin_; }
  std::unique_ptr<Connector> make() const { return plugin_->connector(); }

 private:
  PluginRegistry registry_;
  const PluginClass* plugin_ = nullptr;
};

/// A started connector and one of its tasks. `C` is SourceConnector or SinkConnector.
template <class C, class Task>
class RunningTask {
 public:
  template <class Context>
  RunningTask(const LoadedConnector& loaded, const Properties& config, Context& context) {
    auto connector = loaded.make();
    connector_.reset(dynamic_cast<C*>(connector.get()));
    if (!connector_) throw std::runtime_error("the connector is of the other kind");
    static_cast<void>(connector.release());
    connector_->start(config, connector_context_);
    context.task_config = connector_->task_configs(1).at(0);
    task_ = connector_->make_task();
    task_->start(context.task_config, context);
  }
  Task* operator->() const { return task_.get(); }

 private:
  TestConnectorContext connector_context_;
  std::unique_ptr<C> connector_;  // outlives its task
  std::unique_ptr<Task> task_;
};
using RunningSource = RunningTask<SourceConnector, SourceTask>;
using RunningSink = RunningTask<SinkConnector, SinkTask>;

/// A polled row, kept beyond its batch.
struct Row {
  std::string text;
  std::string key;     // of the offset store
  std::string offset;  // JSON
};

/// Source side: polls, commits and restarts.
class SourceDriver {
 public:
  SourceDriver(const LoadedConnector& loaded, SourceUnderTest& system)
      : loaded_(loaded), system_(system), context_(store_) {}

  void start() { task_.emplace(loaded_, system_.config(), context_); }
  /// Ends the task as a kill does.
  void kill() { task_.reset(); }
  SourceTask& task() { return *task_->operator->(); }
  TestSourceContext& context() { return context_; }

  /// One poll. Does not wait for rows when `wait` is false.
  std::vector<Row> poll(bool wait = true) {
    std::stop_source stop;
    if (!wait) stop.request_stop();
    batch_.reset();
    task().poll(batch_, stop.get_token());
    EXPECT_LE(batch_.size(), batch_.limit());
    std::vector<Row> rows;
    for (const Record& record : batch_.records()) rows.push_back(row_of(record));
    return rows;
  }
  /// Polls until there are `count` rows; gives up after a few polls with none.
  std::vector<Row> collect(size_t count) {
    std::vector<Row> rows;
    for (int empty = 0; rows.size() < count && empty < kEmptyPolls;) {
      std::vector<Row> more = poll();
      empty = more.empty() ? empty + 1 : 0;
      for (Row& row : more) rows.push_back(std::move(row));
    }
    return rows;
  }
  /// The worker has seen the log acknowledge this row and all before it.
  void commit(const Row& row) {
    store_.set({{row.key, row.offset}}, [](std::exception_ptr error) { EXPECT_FALSE(error); });
  }
  RecordBatch& batch() { return batch_; }

 private:
  static constexpr int kEmptyPolls = 3;

  Row row_of(const Record& record) const {
    EXPECT_EQ(record.state, RowState::Live);
    Row row{system_.text_of(record), offset_key(kTaskId.connector, record.source_partition), {}};
    append_json(row.offset, record.source_offset);
    return row;
  }

  const LoadedConnector& loaded_;
  SourceUnderTest& system_;
  MemoryOffsetStore store_;
  TestSourceContext context_;
  RecordBatch batch_{100};
  std::optional<RunningSource> task_;
};

/// Sink side: a log of partitions, consumed into a task, with redelivery and commits as the worker
/// does them.
class SinkDriver {
 public:
  SinkDriver(const LoadedConnector& loaded, SinkUnderTest& system)
      : loaded_(loaded), system_(system) {}

  void start() { task_.emplace(loaded_, system_.config(), context_); }
  void kill() { task_.reset(); }
  SinkTask& task() { return *task_->operator->(); }

  void open(std::vector<TopicPartition> partitions) {
    for (const TopicPartition& tp : partitions) {
      context_.assigned.push_back(tp);
      position_[tp] = current_[tp] = committed(tp);
    }
    task().open(partitions);
  }
  void close(const std::vector<TopicPartition>& partitions) {
    task().close(partitions);
    for (const TopicPartition& tp : partitions) {
      std::erase(context_.assigned, tp);
      position_.erase(tp);
      current_.erase(tp);
    }
  }
  /// Appends rows to the log of `tp`.
  void produce(const TopicPartition& tp, size_t count) {
    auto& log = logs_[tp];
    for (size_t i = 0; i < count; ++i) {
      log.push_back(tp.to_string() + " row " + std::to_string(log.size()));
    }
  }
  /// Consumes up to `limit` rows of each open partition into the batch.
  void consume(size_t limit = 1000) {
    batch_.reset();
    for (auto& [tp, position] : position_) {
      const auto& log = logs_[tp];
      for (size_t taken = 0; taken < limit && raw(position) < std::ssize(log); ++taken) {
        add_row(tp, position);
        position = Offset{raw(position) + 1};
      }
    }
  }
  /// One put of the batch. False: retriable, the same batch must be put again.
  bool put() {
    try {
      task().put(batch_, {});
    } catch (const Error& error) {
      EXPECT_STRNE(error.what(), "");
      if (!error.retriable()) throw;
      return false;
    }
    for (const auto& [tp, position] : position_) current_[tp] = position;
    return true;
  }
  /// Asks for offsets of `partitions`, checks that nothing they cover can be lost, commits them.
  void commit(const std::vector<TopicPartition>& partitions) {
    OffsetMap asked;
    for (const TopicPartition& tp : partitions) asked[tp] = current_.at(tp);
    const OffsetMap returned = task().pre_commit(asked);
    for (const auto& [tp, offset] : returned) {
      ASSERT_TRUE(asked.contains(tp)) << tp.to_string() << " was not asked for";
      ASSERT_LE(raw(offset), raw(asked.at(tp))) << "an offset that was not put yet";
      committed_[tp] = offset;
    }
    expect_committed_is_durable();
  }
  void commit() { commit(context_.assigned); }
  void expect_committed_is_durable() {
    const std::vector<std::string> kept = system_.durable();
    const std::set<std::string> there(kept.begin(), kept.end());
    for (const auto& [tp, offset] : committed_) {
      for (size_t i = 0; i < static_cast<size_t>(raw(offset)); ++i) {
        ASSERT_TRUE(there.contains(logs_[tp][i])) << logs_[tp][i] << " is committed, but lost";
      }
    }
  }
  Offset committed(const TopicPartition& tp) const {
    const auto at = committed_.find(tp);
    return at == committed_.end() ? Offset{0} : at->second;
  }
  bool all_committed() const {
    for (const auto& [tp, log] : logs_) {
      if (raw(committed(tp)) != std::ssize(log)) return false;
    }
    return true;
  }
  /// All rows of all logs, sorted.
  std::vector<std::string> produced() const {
    std::vector<std::string> rows;
    for (const auto& [tp, log] : logs_) rows.insert(rows.end(), log.begin(), log.end());
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  const std::vector<TopicPartition>& assigned() const { return context_.assigned; }
  /// After kill(): the next task starts from nothing but the commits.
  void forget_assignment() {
    context_.assigned.clear();
    position_.clear();
    current_.clear();
  }
  RecordBatch& batch() { return batch_; }

 private:
  void add_row(const TopicPartition& tp, Offset offset) {
    Record& record = batch_.add();
    record.topic = record.original_topic = batch_.arena().copy(tp.topic);
    record.partition = record.original_partition = tp.partition;
    record.offset = raw(offset);
    record.timestamp_type = TimestampType::Create;
    record.timestamp = 1;
    system_.fill(batch_, record, logs_[tp][static_cast<size_t>(raw(offset))]);
  }

  const LoadedConnector& loaded_;
  SinkUnderTest& system_;
  TestSinkContext context_;
  std::map<TopicPartition, std::vector<std::string>> logs_;
  OffsetMap position_;  // next to consume
  OffsetMap current_;   // next after what put() took
  OffsetMap committed_;
  RecordBatch batch_;
  std::optional<RunningSink> task_;
};

}  // namespace millrace::conformance
