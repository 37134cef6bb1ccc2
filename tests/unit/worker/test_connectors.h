#pragma once
// Connectors that do what a test tells them: throw from any method, hang in stop(), fail put() for
// a while.

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "millrace/connector.h"
#include "millrace/converter.h"
#include "millrace/errors.h"
#include "millrace/plugin.h"
#include "millrace/transformation.h"

namespace millrace {

/// What the connectors of one test do. One test at a time.
struct Script {
  std::string throw_from;                 // "start", "poll", "put", "connector.start", ...
  std::atomic<bool> hang_in_stop = false;
  std::atomic<bool> hang_in_poll = false;  // whatever the stop token says
  std::atomic<bool> release = false;      // ends a hang
  std::atomic<int> put_failures = 0;      // put() throws RetriableException so often
  std::optional<Offset> rewind;          // asked for in place of the next put that does not fail
  std::string reject;                     // put() and poll() reject rows that begin with this
  std::string report;                     // put() and poll() report rows that begin with this
  bool report_copy = false;               // in a batch of the task's own
  std::vector<std::pair<std::string, std::string>> report_headers;  // of what put() reports
  std::string send;                       // put() sends records like those that begin with this
  int64_t await_reported = -1;            // put() waits so long for what it reported
  std::atomic<int> awaited = 0;           // such waits that found all durable
  std::atomic<int> not_awaited = 0;       // those that did not
  Properties resolved;                    // what a sink adds to its configuration
  std::optional<int32_t> batch_rows;      // a sink's answer
  bool catch_report = false;              // put() goes on whatever the reporter throws
  std::optional<bool> has_reporter;       // what start() saw
  std::vector<std::string> topics = {"topic"};  // of source records, in turn
  std::vector<std::string> values;              // of source records; empty: v0, v1, ...
  int64_t partitions = 1;                       // of source records, in turn
  uint32_t poll_rows = RecordBatch::kDefaultLimit;  // most that poll() adds
  std::atomic<bool> fail_pre_commit = false;
  std::atomic<int64_t> pre_commit_ahead = 0;
  std::atomic<int> polls = 0;
  std::atomic<int> batches_done = 0;      // calls of commit_records()
  std::atomic<int> records = 0;           // left for the source to give out
  std::mutex mutex;
  std::vector<std::string> put;
  std::vector<int> put_sizes;
  std::set<std::thread::id> threads;      // that called the task

  static Script& current() { return *slot(); }
  static Script*& slot() {
    static Script* script = nullptr;
    return script;
  }
  void at(const std::string& place) {
    {
      const std::lock_guard lock(mutex);
      if (!place.starts_with("connector.")) threads.insert(std::this_thread::get_id());
    }
    if (throw_from == place) throw ConnectException("thrown from " + place);
    if (throw_from == place + "!") throw 42;  // not even an exception
  }
  static bool matches(std::string_view value, const std::string& head) {
    return !head.empty() && value.starts_with(head);
  }
  void maybe_hang() noexcept {
    while (hang_in_stop && !release) std::this_thread::yield();
  }
};

class ScriptedSourceTask final : public SourceTask {
 public:
  void start(const Properties&, SourceTaskContext& context) override {
    reporter_ = context.errant_record_reporter();
    Script::current().has_reporter = reporter_ != nullptr;
    Script::current().at("start");
  }
  void poll(RecordBatch& out, std::stop_token) override {
    Script& script = Script::current();
    ++script.polls;
    while (script.hang_in_poll && !script.release) std::this_thread::yield();
    script.at("poll");
    while (!out.full() && out.size() < script.poll_rows && script.records > 0) {
      --script.records;
      Record& record = out.add();
      record.topic = script.topics[static_cast<size_t>(next_) % script.topics.size()];
      const auto partition = out.arena().make_array<MapEntry>(1);
      partition[0] = {Value::string("p"), Value::int64(next_ % script.partitions)};
      record.source_partition = Value::map(partition);
      const auto offset = out.arena().make_array<MapEntry>(1);
      offset[0] = {Value::string("o"), Value::int64(next_)};
      record.source_offset = Value::map(offset);
      const auto index = static_cast<size_t>(next_);
      record.value.value = Value::string(out.arena().copy(
          index < script.values.size() ? script.values[index] : "v" + std::to_string(next_)));
      ++next_;
      judge(out, out.size() - 1);
    }
    if (out.empty()) std::this_thread::yield();
  }
  void commit_records(const RecordBatch&) override {
    ++Script::current().batches_done;
    Script::current().at("commit_records");
  }
  void commit() override { Script::current().at("commit"); }
  void stop() noexcept override { Script::current().maybe_hang(); }

 private:
  void judge(RecordBatch& out, uint32_t row) {
    const std::string_view value = out[row].value.value.as_string();
    if (Script::matches(value, Script::current().reject)) out.reject(row, {.message = "unwanted"});
    if (Script::matches(value, Script::current().report)) {
      reporter_->report(out, row, DataException("errant"));
    }
  }

  ErrantRecordReporter* reporter_ = nullptr;
  int64_t next_ = 0;
};

class ScriptedSinkTask final : public SinkTask {
 public:
  void start(const Properties&, SinkTaskContext& context) override {
    context_ = &context;
    Script::current().has_reporter = context.errant_record_reporter() != nullptr;
    Script::current().at("start");
  }
  void open(std::span<const TopicPartition>) override { Script::current().at("open"); }
  void put(RecordBatch& batch, std::stop_token) override {
    Script& script = Script::current();
    script.at("put");
    if (batch.empty()) return;
    for (uint32_t row = 0; row < batch.size(); ++row) {
      if (batch[row].state != RowState::Live) continue;
      const std::string_view value = batch[row].value.value.as_string();
      if (Script::matches(value, script.reject)) batch.reject(row, {.message = "unwanted"});
      if (Script::matches(value, script.report)) report(batch, row);
      if (Script::matches(value, script.send)) send(batch[row]);
    }
    if (script.await_reported >= 0) {
      ++(context_->await_reported(script.await_reported) ? script.awaited : script.not_awaited);
    }
    if (script.put_failures > 0) {
      --script.put_failures;
      context_->timeout(1);
      throw RetriableException("not now");
    }
    if (script.rewind) {
      return context_->offset(context_->assignment().front(), *std::exchange(script.rewind, std::nullopt));
    }
    const std::lock_guard lock(script.mutex);
    script.put_sizes.push_back(static_cast<int>(batch.size()));
    for (const Record& record : batch.records()) {
      if (record.state != RowState::Live) continue;
      const std::string_view value = record.value.value.as_string();
      if (!Script::matches(value, script.report)) script.put.emplace_back(value);
    }
  }
  OffsetMap pre_commit(const OffsetMap& current) override {
    Script& script = Script::current();
    script.at("pre_commit");
    if (script.fail_pre_commit.exchange(false)) throw ConnectException("cannot flush");
    OffsetMap offsets = current;
    for (auto& [tp, offset] : offsets) offset = Offset{raw(offset) + script.pre_commit_ahead};
    return offsets;
  }
  void close(std::span<const TopicPartition>) override { Script::current().at("close"); }
  void stop() noexcept override { Script::current().maybe_hang(); }

 private:
  void send(const Record& record) {
    RecordBatch own;
    Record& copy = own.add();
    copy.topic = "told";
    const std::string text = "about " + std::string(record.value.value.as_string());
    copy.value_wire = WireBytes::of(text);
    own.add().state = RowState::Filtered;  // not sent
    context_->send(own);
  }
  void report(RecordBatch& batch, uint32_t row) {
    const Script& script = Script::current();
    ErrantRecordReporter& reporter = *context_->errant_record_reporter();
    try {
      if (!script.report_copy) {
        return reporter.report(batch, row, DataException("errant"), script.report_headers);
      }
      RecordBatch own;
      Record& copy = own.add();
      copy.topic = "elsewhere";
      copy.value.value = Value::string("made by the task");
      reporter.report(own, 0, DataException("errant"));
    } catch (const ConnectException&) {
      if (!script.catch_report) throw;
    }
  }

  SinkTaskContext* context_ = nullptr;
};

/// Strings as they are; rejects those that begin with `V!`.
class PickyConverter final : public Converter {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition none;
    return none;
  }
  void configure(const Properties&, Side) override {}
  void to_connect_data(RecordBatch& batch, const RowSet& rows, Side side) override {
    each(batch, rows, [side](Record& record) {
      record.side(side).value = Value::string(record.wire(side).text());
      return record.wire(side).text();
    });
  }
  void from_connect_data(RecordBatch& batch, const RowSet& rows, Side side) override {
    each(batch, rows, [side](Record& record) {
      record.wire(side) = WireBytes::of(record.side(side).value.as_string());
      return record.wire(side).text();
    });
  }

 private:
  template <class Convert>
  static void each(RecordBatch& batch, const RowSet& rows, const Convert& convert) {
    for (const uint32_t row : rows) {
      if (convert(batch[row]).starts_with("V!")) batch.reject(row, {.message = "unreadable"});
    }
  }
};

/// Rejects records that begin with `T!`, drops those with `F!`, renames the topic of all.
class PickyTransformation final : public Transformation {
 public:
  static const ConfigDefinition& definition() { return PickyConverter::definition(); }
  void configure(const Properties&) override {}
  void apply(RecordBatch& batch, const RowSet& rows) override {
    for (const uint32_t row : rows) {
      const std::string_view value = batch[row].value.value.as_string();
      batch[row].topic = "renamed";
      if (value.starts_with("T!")) {
        batch.reject(row, {.message = "unfit"});
      } else if (value.starts_with("F!")) {
        batch.filter(row);
      }
    }
  }
};

template <class Base>
class ScriptedConnector : public Base {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition none;
    return none;
  }
  std::string_view version() const noexcept override { return "1"; }
  std::string_view task_class() const noexcept override { return "test.Task"; }
  const ConfigDefinition& config_def() const override { return definition(); }
  void start(const Properties&, ConnectorContext&) override {
    Script::current().at("connector.start");
  }
  std::vector<Properties> task_configs(int32_t) override {
    Script::current().at("connector.task_configs");
    return {Properties{}};
  }
  void stop() override { Script::current().at("connector.stop"); }
};

class ScriptedSource final : public ScriptedConnector<SourceConnector> {
 public:
  std::unique_ptr<SourceTask> make_task() override {
    Script::current().at("make_task");
    return std::make_unique<ScriptedSourceTask>();
  }
};

class ScriptedSink final : public ScriptedConnector<SinkConnector> {
 public:
  Properties resolved(const Properties& config) const override {
    Script::current().at("resolved");
    Properties all = Script::current().resolved;
    for (const auto& [key, value] : config) all[key] = value;
    return all;
  }
  std::optional<int32_t> batch_rows(const Properties&) const override {
    return Script::current().batch_rows;
  }
  std::unique_ptr<SinkTask> make_task() override {
    Script::current().at("make_task");
    return std::make_unique<ScriptedSinkTask>();
  }
};

}  // namespace millrace
