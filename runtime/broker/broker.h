#pragma once
// The record log a worker talks to (architecture: "The broker seam"). Everything works on whole
// batches, so a virtual call costs nothing per record. Implementations: kafka/ and embedded/.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/errors.h"
#include "millrace/ids.h"
#include "millrace/properties.h"
#include "millrace/record.h"

namespace millrace {

using Millis = std::chrono::milliseconds;

/// What became of one row handed to a producer.
struct Delivery {
  RecordBatch* batch;
  uint32_t row;
  int32_t partition;
  int64_t offset;         // -1 unless durable
  const RowError* error;  // null: durable; valid during the call
};

/// Receives delivery reports on the thread that calls RecordProducer::poll or send.
class DeliveryListener {
 public:
  virtual ~DeliveryListener() = default;
  virtual void on_delivery(std::span<const Delivery> deliveries) = 0;
};

/// How far a send() came.
struct SendResult {
  size_t accepted = 0;  // rows taken, from the front of the set; their deliveries will be reported
  /// Set when the row after the accepted ones cannot be sent at all (not for a full queue).
  std::optional<RowError> error;
};

/// Writes the wire form of records. Used by one thread, the task's.
class RecordProducer {
 public:
  virtual ~RecordProducer() = default;
  /// Rows of `topic` are reported as failed after so long, in place of `delivery.timeout.ms`. To be
  /// called before the first of them. A log that answers at once need not care.
  virtual void limit_delivery(const std::string& /*topic*/, Millis /*timeout*/) {}
  /// Hands over `rows`, in order. Stops early when the client's queue is full (then poll and call
  /// again with the rest) or at a row that cannot be sent. Topic, key, value, headers, partition
  /// (kNoPartition: murmur2 of the key, as Java) and timestamp are taken from the record and
  /// copied or pinned: the batch must live until all its rows were reported.
  virtual SendResult send(RecordBatch& batch, std::span<const uint32_t> rows) = 0;
  /// Serves delivery reports, waiting up to `timeout` for the first one. Returns how many.
  virtual size_t poll(Millis timeout) = 0;
  /// Wakes a poll() that waits. Any thread, during close() too.
  virtual void wakeup() noexcept = 0;
  /// Rows accepted and not yet reported.
  virtual size_t in_flight() const noexcept = 0;
  /// Waits up to `timeout` for outstanding rows, then drops the rest without reports.
  virtual void close(Millis timeout) noexcept = 0;
  /// Drops what has not been sent yet, and takes and sends nothing from now on: others may do this
  /// producer's work. Any thread, during close() too, whose wait it ends.
  virtual void abandon() noexcept = 0;
};

/// Called inside RecordConsumer::poll and close, on the polling thread (connect-tasks.md §4.3).
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  /// Positions are resolved already: committed offset, else the reset policy.
  virtual void on_assigned(const OffsetMap& positions) = 0;
  virtual void on_revoked(std::span<const TopicPartition> partitions) = 0;
  /// Ownership was lost before it could be given up: nothing may be committed.
  virtual void on_lost(std::span<const TopicPartition> partitions) = 0;
};

/// Thrown by RecordConsumer::poll for errors of single topics; the others are read on. It says what
/// the first of them does.
class TopicErrors final : public Error {
 public:
  using ByTopic = std::map<std::string, Error>;

  TopicErrors(const Error& first, ByTopic all) : Error(first), all_(std::move(all)) {}
  const ByTopic& all() const noexcept { return all_; }

 private:
  ByTopic all_;
};

/// Reads records, as a member of a consumer group or of partitions that are named. Used by one
/// thread but for wakeup().
class RecordConsumer {
 public:
  using CommitCallback = std::function<void(std::optional<RowError>)>;

  virtual ~RecordConsumer() = default;
  virtual void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) = 0;
  /// `pattern` is a Java regular expression that must match whole topic names.
  virtual void subscribe_pattern(const std::string& pattern, RebalanceListener& listener) = 0;
  /// Reads these partitions, from their offsets in `begins` or else from their first record on, in
  /// place of a subscription: nothing joins a group, and nothing may be committed. A later call adds
  /// partitions; those that are read go on undisturbed, and must not be among them.
  virtual void assign(std::span<const TopicPartition> partitions, const OffsetMap& begins = {}) = 0;
  /// Of an assign()ed partition: offset behind the last record that poll() returned, and behind
  /// what is no record at the end (marks of transactions, gaps of compaction). nullopt: nothing
  /// was read yet.
  virtual std::optional<Offset> position(const TopicPartition& partition) const = 0;
  /// Adds at most out.limit() records in wire form (topic, partition and offset also as
  /// original_*). Waits up to `timeout` for the first record; the batch owns the buffers. Serves
  /// rebalances and commit callbacks. Throws KafkaException for errors that do not heal, or
  /// TopicErrors; what `out` holds then was read all the same.
  virtual void poll(RecordBatch& out, Millis timeout) = 0;
  /// Makes a running or the next poll() return at once. Any thread.
  virtual void wakeup() noexcept = 0;
  virtual void seek(const TopicPartition& partition, Offset offset) = 0;
  virtual void pause(std::span<const TopicPartition> partitions) = 0;
  virtual void resume(std::span<const TopicPartition> partitions) = 0;
  /// Offset after the last record of an assigned partition, as the client happens to know it from
  /// its reading; asks nobody. nullopt: not known.
  virtual std::optional<Offset> known_end(const TopicPartition& partition) const = 0;
  virtual void commit_async(const OffsetMap& offsets, CommitCallback done) = 0;
  /// Throws KafkaException or TimeoutException.
  virtual void commit_sync(const OffsetMap& offsets, Millis timeout) = 0;
  /// Leaves the group (calls on_revoked for what is assigned) and frees the client.
  virtual void close(Millis timeout) noexcept = 0;
};

struct NewTopic {
  std::string name;
  int32_t partitions = -1;          // -1: the broker's default
  int16_t replication_factor = -1;  // -1: the broker's default
  Properties config = {};
};

/// Cluster operations. Calls block up to their timeout; thread-safe. They throw TimeoutException,
/// AuthorizationException (ErrorKind::Authorization), RetriableException for what passes by itself,
/// such as a partition without a leader, or KafkaException.
class BrokerAdmin {
 public:
  virtual ~BrokerAdmin() = default;
  /// Partition counts of those of `topics` that exist.
  virtual std::map<std::string, int32_t> describe_topics(std::span<const std::string> topics,
                                                         Millis timeout) = 0;
  /// True when created, false when it existed already. With more replicas than brokers it throws
  /// KafkaException with INVALID_REPLICATION_FACTOR in its text.
  virtual bool create_topic(const NewTopic& topic, Millis timeout) = 0;
  virtual OffsetMap group_offsets(const std::string& group, Millis timeout) = 0;
  /// Throws KafkaException with GROUP_NOT_EMPTY in its text while the group has members.
  virtual void alter_group_offsets(const std::string& group, const OffsetMap& offsets,
                                   Millis timeout) = 0;
  virtual void delete_group_offsets(const std::string& group,
                                    std::span<const TopicPartition> partitions, Millis timeout) = 0;
  /// A missing group is not an error.
  virtual void delete_group(const std::string& group, Millis timeout) = 0;
  /// Settings of `topic` in effect, defaults included; nullopt when it does not exist.
  virtual std::optional<Properties> topic_config(const std::string& topic, Millis timeout) = 0;
  /// Offset after the last record of each partition of `topic`, also of transactions that have not
  /// ended, as Java's admin client says it; none when the topic does not exist.
  virtual OffsetMap end_offsets(const std::string& topic, Millis timeout) = 0;
  /// Offset of the first record that each partition of `topic` still has, or of the next one; none when
  /// the topic does not exist.
  virtual OffsetMap begin_offsets(const std::string& topic, Millis timeout) = 0;
};

/// One log: makes its clients from Java-named client properties (kafka-clients.md §2, §3).
class Broker {
 public:
  virtual ~Broker() = default;
  /// Waits at most `default.api.timeout.ms`; throws KafkaException when the cluster cannot be
  /// reached within it.
  virtual std::string cluster_id() = 0;
  virtual std::unique_ptr<RecordProducer> make_producer(const Properties& config,
                                                        DeliveryListener& listener) = 0;
  virtual std::unique_ptr<RecordConsumer> make_consumer(const Properties& config) = 0;
  virtual std::unique_ptr<BrokerAdmin> make_admin(const Properties& config) = 0;
};

}  // namespace millrace
