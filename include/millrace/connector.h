#pragma once
// The plugin API: connectors and tasks. Java names carry over mechanically; what differs from Java:
// every call on a task instance, stop() included, is made by that task's own thread, and a task
// works on whole batches.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/config_def.h"
#include "millrace/ids.h"
#include "millrace/properties.h"
#include "millrace/record.h"

namespace millrace {

/// Source offsets as Connect stores them: string-keyed maps of primitives, as JSON objects give
/// them back (integers are int64). Lives as long as the arena it was read into.
class OffsetStorageReader {
 public:
  virtual ~OffsetStorageReader() = default;
  /// Offset last committed for `partition` (a Map value), or null. Reads catch up with the store
  /// first, so this may block; throws ConnectException when the store cannot be read.
  virtual Value offset(const Value& partition, Arena& arena) = 0;
};

/// Hands single bad records to the error handling of the worker. Called by the task's thread.
class ErrantRecordReporter {
 public:
  virtual ~ErrantRecordReporter() = default;
  /// Of a sink: in put() and instead of rejecting the row; the row stays as it is. Its consumed
  /// bytes go to the dead letter queue, or, of a batch that the task made itself, what the
  /// connector's converters make of it. Throws ConnectException when `errors.tolerance` is none;
  /// the task fails after put() even if it catches that. `more` are names and UTF-8 text of headers
  /// that the dead letter gets behind those of the worker; copied.
  ///
  /// Of a source: in poll(), for a row of the batch being filled that holds what could be read of
  /// the record (e.g. its bytes) with its place in the source. The row is rejected. After poll() it
  /// goes to the dead letter queue, the rows before it are sent, and the task fails if
  /// `errors.tolerance` is none; otherwise offsets move past it. Does not throw.
  virtual void report(RecordBatch& batch, uint32_t row, const Error& error,
                      std::span<const std::pair<std::string, std::string>> more = {}) = 0;
};

class SourceTaskContext {
 public:
  virtual ~SourceTaskContext() = default;
  virtual const Properties& config() const = 0;
  virtual const ConnectorTaskId& id() const = 0;
  virtual OffsetStorageReader& offset_storage_reader() = 0;
  /// Null unless a dead letter queue or error logging is configured; from start() on.
  virtual ErrantRecordReporter* errant_record_reporter() { return nullptr; }
};

/// A worker thread drives one instance: start, poll..., stop. Any exception but a retriable one
/// from poll() fails the task (connect-tasks.md §1, §2).
class SourceTask {
 public:
  virtual ~SourceTask() = default;
  virtual void start(const Properties& config, SourceTaskContext& context) = 0;
  /// Adds at most `out.limit()` records. Returns with none when there is nothing to read, but
  /// waits a little first (the worker polls again at once); returns early when `stop` is asked.
  virtual void poll(RecordBatch& out, std::stop_token stop) = 0;
  /// Rows of `acked` whose state is Live are durable in the log; Filtered and Rejected ones were
  /// dropped. Exceptions are logged and ignored.
  virtual void commit_records(const RecordBatch& acked) { static_cast<void>(acked); }
  /// After each successful offset commit. Exceptions are logged and ignored.
  virtual void commit() {}
  virtual void stop() noexcept {}
};

/// Where a partition begins and ends in the log.
struct LogRange {
  Offset begin{};  // of the first record it still has
  Offset end{};    // behind the last one
};

/// What a sink may ask about the log it reads. Calls block, within the limits of the client, and
/// throw RetriableException or TimeoutException for what may pass by itself. Thread-safe.
class RecordLog {
 public:
  virtual ~RecordLog() = default;
  /// Tells offsets of one cluster from those of another.
  virtual std::string cluster_id() = 0;
  /// As of now; partitions that do not exist are left out.
  virtual std::map<TopicPartition, LogRange> ranges(std::span<const TopicPartition> partitions) = 0;
};

/// A number that a task shows beside the worker's own, as `millrace_<name>` with the labels
/// `connector` and `task`.
struct TaskMetric {
  enum class Kind : uint8_t { Counter, Gauge };
  std::string name;  // lower case and underscores, with its unit: `lakehouse_commit_seconds`
  std::string help;
  Kind kind = Kind::Gauge;
  std::vector<std::pair<std::string, std::string>> labels = {};  // further ones
  double value = 0;
};

class SinkTaskContext {
 public:
  virtual ~SinkTaskContext() = default;
  /// Lives as long as the context.
  virtual RecordLog& log();
  /// In place of what was shown before. Throws IllegalArgument for a name that is none.
  virtual void show_metrics(std::vector<TaskMetric> metrics) { static_cast<void>(metrics); }
  virtual const Properties& config() const = 0;
  virtual const ConnectorTaskId& id() const = 0;
  /// Rewinds consumption; takes effect before the next put.
  virtual void offset(const TopicPartition& partition, Offset offset) = 0;
  /// Waits at most this long before the next put (after a RetriableException).
  virtual void timeout(int64_t timeout_ms) = 0;
  virtual std::vector<TopicPartition> assignment() const = 0;
  virtual void pause(std::span<const TopicPartition> partitions) = 0;
  virtual void resume(std::span<const TopicPartition> partitions) = 0;
  virtual void request_commit() = 0;
  /// What the task's consumer group has committed, of whatever partitions. Blocks and throws as
  /// log() does.
  virtual OffsetMap group_offsets();
  /// Commits offsets for the group, and waits for it: for a task whose place must be durable before
  /// it reads. Throws KafkaException or TimeoutException.
  virtual void commit_now(const OffsetMap& offsets);
  /// Offset after the last record of an assigned partition, as the worker happens to know it; asks
  /// nobody. nullopt: not known.
  virtual std::optional<Offset> known_end(const TopicPartition& partition) const;
  /// Null unless a dead letter queue or error logging is configured.
  virtual ErrantRecordReporter* errant_record_reporter() = 0;
  /// Waits until what was reported so far is durable in the dead letter queue, for a task that makes its
  /// own place durable before the worker commits. True at once when there is nothing to wait for;
  /// false: not within `timeout_ms`. Throws ConnectException when a letter failed, now or earlier.
  virtual bool await_reported(int64_t timeout_ms);
  /// Writes the live rows of `batch`, which is the task's own, to their topics: topic, partition,
  /// timestamp and the wire form of key, value and headers, copied. By a producer like that of source
  /// tasks (`producer.override.*`); a limited number of records may wait for acknowledgement, and this
  /// waits beyond it. They are durable before offsets are committed again; one that cannot be written
  /// fails the task. Throws ConnectException when an earlier one could not, or when the task is to stop
  /// while there is no room.
  virtual void send(const RecordBatch& batch);
};

/// A worker thread drives one instance: start, open, put..., pre_commit, close, stop
/// (connect-tasks.md §4).
class SinkTask {
 public:
  virtual ~SinkTask() = default;
  virtual void start(const Properties& config, SinkTaskContext& context) = 0;
  virtual void open(std::span<const TopicPartition> partitions) { static_cast<void>(partitions); }
  /// Live rows are to be written, in order; also called with an empty batch. A RetriableException
  /// brings the same batch again; any other exception fails the task.
  virtual void put(RecordBatch& batch, std::stop_token stop) = 0;
  /// Makes everything put so far durable.
  virtual void flush(const OffsetMap& current) { static_cast<void>(current); }
  /// Offsets that are safe to commit; the default flushes and returns all of `current`.
  virtual OffsetMap pre_commit(const OffsetMap& current) {
    flush(current);
    return current;
  }
  virtual void close(std::span<const TopicPartition> partitions) { static_cast<void>(partitions); }
  virtual void stop() noexcept {}
};

class ConnectorContext {
 public:
  virtual ~ConnectorContext() = default;
  virtual const std::string& connector_name() const = 0;
  /// Asks the worker to call task_configs() again. Any thread.
  virtual void request_task_reconfiguration() = 0;
  /// Fails the connector. Any thread.
  virtual void raise_error(const std::string& message) = 0;
};

enum class ConnectorType : uint8_t { Source, Sink, Unknown };
std::string_view connector_type_name(ConnectorType type) noexcept;  // source, sink, unknown

/// One partition/offset pair of an alter request; `offset` null means reset.
struct PartitionOffset {
  Value partition;
  Value offset;
};

/// Runs on its own thread in the worker: start, task_configs..., stop. validate(), config_def()
/// and alter_offsets() may be called on an instance that was never started.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual ConnectorType type() const noexcept = 0;
  virtual std::string_view version() const noexcept = 0;
  /// Java name of the task class, shown as `task.class` in task configurations.
  virtual std::string_view task_class() const noexcept = 0;
  virtual const ConfigDefinition& config_def() const = 0;
  virtual void start(const Properties& config, ConnectorContext& context) = 0;
  /// At most `tasks_max` configurations, one per task.
  virtual std::vector<Properties> task_configs(int32_t tasks_max) = 0;
  virtual void stop() {}
  /// Checks beyond single keys; adds messages to `errors`.
  virtual void validate(const Properties& config, ConfigErrors& errors) const {
    static_cast<void>(config);
    static_cast<void>(errors);
  }
};

class SourceConnector : public Connector {
 public:
  ConnectorType type() const noexcept final { return ConnectorType::Source; }
  virtual std::unique_ptr<SourceTask> make_task() = 0;
  /// Checks a change of offsets over REST. True: accepted. False: the connector manages its own
  /// offsets besides the worker's. Throws UnsupportedException when it does not support this, or
  /// ConnectException with the reason for a refusal.
  virtual bool alter_offsets(const Properties& config, std::span<const PartitionOffset> offsets);
};

class SinkConnector : public Connector {
 public:
  ConnectorType type() const noexcept final { return ConnectorType::Sink; }
  virtual std::unique_ptr<SinkTask> make_task() = 0;
  /// What the worker reads of `config` for this connector's topics and clients (`topics`,
  /// `topics.regex`, `consumer.override.*`, `admin.override.*`, `producer.override.*`) and as converters
  /// (`key.converter`, `value.converter`, `header.converter` with their settings), for a connector whose
  /// settings have other names or defaults. Connector and task get `config` itself. Called on every worker
  /// that validates the configuration, runs a task or answers for its offsets, on any thread. Throws
  /// ConfigException, which is an error of validation, or fails the task.
  virtual Properties resolved(const Properties& config) const { return config; }
  /// Most records of one put() of a task with the configuration `config`, unless it has
  /// `consumer.override.max.poll.records`. nullopt: what the worker says, or Java's 500.
  virtual std::optional<int32_t> batch_rows(const Properties& config) const {
    static_cast<void>(config);
    return std::nullopt;
  }
  /// As for sources; an empty optional resets that partition.
  virtual bool alter_offsets(const Properties& config,
                             const std::map<TopicPartition, std::optional<Offset>>& offsets);
  /// The same, for a connector that keeps offsets of its own for each cluster. The default calls the
  /// one above.
  virtual bool alter_offsets(const Properties& config,
                             const std::map<TopicPartition, std::optional<Offset>>& offsets,
                             RecordLog& log);
  /// Offsets to show for a connector that keeps them itself, whether it runs or not. nullopt: those
  /// of the consumer group count.
  virtual std::optional<OffsetMap> offsets(const Properties& config, RecordLog& log);
};

}  // namespace millrace
